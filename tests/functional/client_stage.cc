#include "client_stage.h"

#include <algorithm>
#include <fstream>
#include <gmock/gmock.h>
#include <sstream>

#include "base/subprocess.h"
#include "sandbox/request_journal.h"
#include "sandbox/sandbox.h"
#include "testing/must.h"

namespace aipress::functional {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::must;

constexpr milliseconds kClientTime{120'000};

}  // namespace

bool is_installed(char const* program) {
    for (auto const* const folder : {"/usr/bin", "/usr/sbin", "/usr/local/bin"}) {
        std::error_code ignored;
        if (fs::exists(fs::path(folder) / program, ignored)) return true;
    }
    return false;
}

ClientOutput ClientStage::run(std::vector<std::string> arguments,
                              testing::Environment const& environment) {
    SystemClock clock;
    ProcessOptions options;
    options.arguments = std::move(arguments);
    options.environment = environment;
    options.working_directory = folder_.path();
    Context const context(clock, Deadline::after(clock, kClientTime), std::stop_token());
    auto const result = must(run_process(context, options));
    return {result.status.success() ? 0 : std::max(result.status.code, 1),
            result.standard_output + result.standard_error};
}

std::string ClientStage::gcloud(std::string const& words) {
    auto const output = gcloud_output(words);
    EXPECT_EQ(output.code, 0) << "gcloud " << words << ": " << output.text;
    return output.text;
}

ClientOutput ClientStage::gcloud_output(std::string const& words) {
    std::vector<std::string> arguments{"gcloud"};
    std::istringstream stream(words);
    for (std::string word; stream >> word;) arguments.push_back(word);
    auto environment = sandbox_.environment(sandbox::Client::Gcloud, mode_);
    for (auto const& [name, value] : more_) {
        std::erase_if(environment, [&](auto const& entry) { return entry.first == name; });
        environment.emplace_back(name, value);
    }
    return run(std::move(arguments), environment);
}

void ClientStage::set_gcloud(std::string const& name, std::string const& value) {
    more_.emplace_back(name, value);
}

std::string ClientStage::write(std::string const& name, std::string const& text) {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
}

std::string ClientStage::read(std::string const& name) const {
    std::ostringstream text;
    text << std::ifstream(folder_ / name).rdbuf();
    return text.str();
}

void ClientStage::expect_all_served() const {
    for (auto const& entry : must(sandbox::read_requests(sandbox::journal_file(sandbox_.data())))) {
        auto const* const error = entry.if_contains("error");
        if (error == nullptr) continue;
        EXPECT_THAT(std::string(error->as_string()),
                    ::testing::Not(::testing::AnyOf(HasSubstr("does not serve"),
                                                    HasSubstr("Method not found"))))
            << entry.at("path");
    }
}

}  // namespace aipress::functional
