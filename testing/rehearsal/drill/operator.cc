#include "testing/rehearsal/drill/operator.h"

#include <fmt/format.h>
#include <sstream>

#include "json/fields.h"
#include "testing/rehearsal/child.h"
#include "testing/rehearsal/drill/names.h"

namespace aipress::drill {
namespace {

constexpr milliseconds kSetUpTime{180'000};
constexpr milliseconds kTakeDownTime{60'000};
constexpr milliseconds kLook{50};
constexpr std::size_t kLastWords = 5;

std::string last_line(std::string const& text) {
    return rehearsal::last_lines(text, 1);
}

}  // namespace

ProcessOptions Operator::command(Words const& arguments) const {
    ProcessOptions process{.arguments = {options_.aipress.string()}, .environment = environment_};
    process.arguments.insert(process.arguments.end(), arguments.begin(), arguments.end());
    return process;
}

Result<Operator::Answer> Operator::ask(Context const& context, Words const& arguments) const {
    auto full = arguments;
    full.insert(full.end(), {"--format", "json"});
    auto const result = TRY(run_process(context, command(full)));
    auto object = json::parse_object(last_line(result.standard_output));
    if (!object.ok()) {
        return Error(ErrorCode::Aborted,
                     fmt::format("aipress {} {}: {}: {}", arguments.at(0),
                                 arguments.size() > 1 ? arguments[1] : "", result.status.describe(),
                                 rehearsal::last_lines(result.standard_error, kLastWords)));
    }
    return Answer{result.status, std::move(object.value())};
}

Result<Process> Operator::start(Words const& arguments, std::string const& log) const {
    auto process = command(arguments);
    process.output_file = logs() / (log + ".out");
    process.error_file = logs() / (log + ".err");
    return Process::start(process);
}

std::string Operator::variable(std::string_view name) const {
    for (auto const& [one, value] : environment_)
        if (one == name) return value;
    return "";
}

Result<boost::json::object> Operator::wait_for_sandbox(Context const& context) {
    while (!sandbox_->poll() && context.sleep(kLook)) {
        auto status = ask(context, {"sandbox", "status", "--data", data().string()});
        if (status.ok() && status->status.success()) return std::move(status.value().json);
    }
    return Error(
        ErrorCode::Aborted,
        "aipress sandbox up: " +
            rehearsal::last_lines(rehearsal::read_text(logs() / "sandbox.err"), kLastWords));
}

Result<void> Operator::set_up(Context const& whole) {
    auto const context = whole.within(kSetUpTime);
    std::filesystem::create_directories(logs());
    auto const where = data().string();
    // A child of ours, so that it does not outlive us, whatever happens.
    sandbox_.emplace(TRY(start({"sandbox", "up", "--data", where, "--port", "0"}, "sandbox")));
    auto const up = TRY(wait_for_sandbox(context));
    ports_.apis = static_cast<std::uint16_t>(TRY(json::get_integer(up, "port")));
    ports_.sites = static_cast<std::uint16_t>(TRY(json::get_integer(up, "web_port")));
    TRY(ask(context, {"sandbox", "seed-poc", "--data", where, "--tenants",
                      std::to_string(options_.tenants), "--seed", std::to_string(options_.seed)}));
    TRY(ask(context, {"sandbox", "seed-shard", "--data", where, "--shard", kShard}));

    auto const settings =
        TRY(run_process(context, command({"sandbox", "env", "--data", where, "--for", "aipress"})));
    std::istringstream lines(settings.standard_output);
    constexpr std::string_view kExport = "export ";
    for (std::string line; std::getline(lines, line);) {
        auto const equals = line.find('=');
        if (!line.starts_with(kExport) || equals == std::string::npos) continue;
        environment_.emplace_back(line.substr(kExport.size(), equals - kExport.size()),
                                  line.substr(equals + 1));
    }
    if (variable("AIPRESS_SITES_ADDRESS").empty() || variable("AIPRESS_DNS_ADDRESS").empty())
        return Error(ErrorCode::Aborted, "the sandbox does not say where sites and DNS are");
    return {};
}

Result<void> Operator::take_down(Context const& whole) {
    if (!sandbox_) return {};
    auto const context = whole.within(kTakeDownTime);
    auto const result =
        TRY(run_process(context, command({"sandbox", "down", "--data", data().string()})));
    if (!result.status.success())
        return Error(ErrorCode::Aborted, "aipress sandbox down: " + result.standard_error);
    TRY(sandbox_->wait(context));
    sandbox_.reset();
    return {};
}

Operator::~Operator() {
    SystemClock clock;
    auto const done = take_down(Context(clock, Deadline::never(), {}));
    if (!done.ok()) fmt::print(stderr, "{}\n", done.error().message());
}

}  // namespace aipress::drill
