#include "bench/mover_process.h"

#include <csignal>
#include <fmt/format.h>
#include <fstream>
#include <sstream>
#include <utility>

#include "json/fields.h"

namespace aipress::bench {
namespace {

constexpr milliseconds kPollInterval{20};
// A status is a process of its own: asked too often it would be a load itself.
constexpr milliseconds kStatusInterval{100};
constexpr milliseconds kCommandTimeout{20'000};

std::string contents(std::filesystem::path const& file) {
    std::ifstream stream(file);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
}

}  // namespace

std::int64_t number(boost::json::object const& report, std::string_view field) {
    auto const value = json::get_integer(report, field);
    return value.ok() ? value.value() : 0;
}

std::string text(boost::json::object const& report, std::string_view field) {
    auto const value = json::get_string(report, field);
    return value.ok() ? value.value() : "";
}

MoverProcess::MoverProcess(std::filesystem::path aipress, testing::TemporaryDirectory folder,
                           Process process, SteadyTime began)
    : aipress_(std::move(aipress)),
      folder_(std::move(folder)),
      process_(std::move(process)),
      began_(began) {}

Result<MoverProcess> MoverProcess::start(Context const& context,
                                         std::filesystem::path const& aipress,
                                         testing::DatabaseServer const& source,
                                         testing::DatabaseServer const& target,
                                         std::string const& database,
                                         std::vector<std::string> options) {
    auto folder = TRY(testing::TemporaryDirectory::make());
    ProcessOptions process;
    process.arguments = {aipress.string(),
                         "database",
                         "move",
                         "--source",
                         source.root_url(database),
                         "--target",
                         target.root_url(database),
                         "--journal",
                         (folder / "journal").string(),
                         "--format",
                         "json"};
    for (auto& option : options) process.arguments.push_back(std::move(option));
    process.output_file = folder / "output";
    process.error_file = folder / "error";
    auto const began = context.clock().now();
    auto started = TRY(Process::start(process));
    return MoverProcess(aipress, std::move(folder), std::move(started), began);
}

void MoverProcess::sample_memory() {
    std::ifstream status(fmt::format("/proc/{}/status", process_.pid()));
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmHWM:")) {
            auto const kilobytes = std::stoull(line.substr(6));
            peak_memory_bytes_ = std::max<std::uint64_t>(peak_memory_bytes_, kilobytes * 1024);
        }
    }
}

Error MoverProcess::failure(ExitStatus const& status) const {
    auto const said = contents(folder_ / "error");
    auto const tail = said.size() > 2'000 ? said.substr(said.size() - 2'000) : said;
    return {ErrorCode::Internal, fmt::format("aipress database move: {}: {}{}", status.describe(),
                                             tail, contents(folder_ / "output"))};
}

Result<MoveOutcome> MoverProcess::wait(Context const& context) {
    while (true) {
        sample_memory();
        if (auto const status = process_.poll()) {
            auto const wall = elapsed_ms(began_, context.clock().now());
            if (!status->success()) return failure(*status);
            auto report = TRY(json::parse_object(contents(folder_ / "output")));
            return MoveOutcome{std::move(report), static_cast<double>(wall.count()) / 1000.0,
                               peak_memory_bytes_};
        }
        if (!context.sleep(kPollInterval)) {
            return Error(ErrorCode::DeadlineExceeded, "aipress database move does not end");
        }
    }
}

Result<boost::json::object> MoverProcess::command(Context const& context, std::string const& verb) {
    ProcessOptions options;
    options.arguments = {
        aipress_.string(), "database", verb, "--journal", (folder_ / "journal").string(),
        "--format",        "json"};
    auto const result = TRY(run_process(context.within(kCommandTimeout), options));
    if (!result.status.success()) {
        return Error(ErrorCode::Unavailable,
                     fmt::format("aipress database {}: {}: {}", verb, result.status.describe(),
                                 result.standard_error.substr(0, 1'000)));
    }
    return json::parse_object(result.standard_output);
}

Result<boost::json::object> MoverProcess::wait_until(
    Context const& context, std::function<bool(boost::json::object const&)> const& holds) {
    while (true) {
        sample_memory();
        if (auto const status = process_.poll()) return failure(*status);
        auto report = command(context, "status");
        if (report.ok() && holds(*report)) return report;
        if (!context.sleep(kStatusInterval)) {
            return Error(ErrorCode::DeadlineExceeded,
                         "the move does not get there; last: " +
                             (report.ok() ? text(*report, "state") : report.error().message()));
        }
    }
}

void MoverProcess::suspend() {
    process_.send_signal(SIGSTOP);
}

void MoverProcess::resume() {
    process_.send_signal(SIGCONT);
}

}  // namespace aipress::bench
