#include "testing/sandbox_process.h"

#include <boost/json/parse.hpp>
#include <csignal>
#include <fmt/format.h>
#include <stdexcept>

#include "testing/must.h"
#include "testing/served_methods.h"
#include "testing/test_context.h"

namespace aipress::testing {

SandboxProcess::SandboxProcess(Arguments more)
    : folder_(must(TemporaryDirectory::make())), more_(std::move(more)) {
    start();
}

SandboxProcess::~SandboxProcess() {
    record_served_methods(data());
}

void SandboxProcess::start(Environment const& environment) {
    Arguments arguments{"sandbox", "up", "--data",   data().string(),
                        "--port",  "0",  "--format", "json"};
    arguments.insert(arguments.end(), more_.begin(), more_.end());
    process_ =
        std::make_unique<AipressProcess>(must(AipressProcess::start(arguments, environment)));
    auto const context = test_context();
    while (process_->output().find('\n') == std::string::npos) {
        if (!process_->running() || !context.sleep(milliseconds(2))) {
            throw std::runtime_error("sandbox up: " + process_->error());
        }
    }
    auto const said = boost::json::parse(process_->output());
    port_ = said.at("port").to_number<std::uint16_t>();
}

void SandboxProcess::restart(Arguments more) {
    stop();
    more_ = std::move(more);
    start();
}

int SandboxProcess::stop() {
    process_->send_signal(SIGTERM);
    return must(process_->wait(test_context())).status.code;
}

std::string SandboxProcess::url() const {
    return fmt::format("http://127.0.0.1:{}", port_);
}

sandbox::RunningSandbox SandboxProcess::announcement() const {
    return must(sandbox::find_running(data())).value();
}

Environment SandboxProcess::environment(sandbox::Client client, sandbox::ClientMode mode) const {
    return must(sandbox::client_settings(client, mode, data(), {.port = port_}));
}

}  // namespace aipress::testing
