#include "bench/sandbox_stage.h"

#include <fmt/format.h>
#include <fstream>
#include <utility>

#include "bench/say.h"
#include "json/fields.h"

namespace aipress::bench {
namespace {

constexpr milliseconds kPollInterval{5};
constexpr milliseconds kStartTime{60'000};

std::string first_line(std::filesystem::path const& file) {
    std::ifstream stream(file);
    std::string line;
    // Whole, or not at all.
    return std::getline(stream, line) && !stream.eof() ? line : "";
}

}  // namespace

double seconds_since(Context const& context, SteadyTime began) {
    return std::chrono::duration<double>(context.clock().now() - began).count();
}

Result<ProcessResult> run_tool(Context const& context, std::vector<std::string> arguments) {
    ProcessOptions options;
    options.arguments = std::move(arguments);
    auto result = TRY(run_process(context, options));
    if (!result.status.success()) {
        return Error(ErrorCode::Internal,
                     fmt::format("{}: {}: {}{}", options.arguments[0], result.status.describe(),
                                 result.standard_output, result.standard_error));
    }
    return result;
}

Result<std::unique_ptr<SandboxStage>> SandboxStage::set_up(Context const& context,
                                                           Options options) {
    auto folder = TRY(testing::TemporaryDirectory::make(options.directory));
    ProcessOptions up;
    up.arguments = {options.aipress.string(),
                    "sandbox",
                    "up",
                    "--data",
                    (folder / "data"),
                    "--port",
                    "0",
                    "--format",
                    "json"};
    up.output_file = folder / "output";
    up.error_file = folder / "error";
    auto process = TRY(Process::start(up));
    auto const starting = context.within(kStartTime);
    while (first_line(up.output_file).empty()) {
        if (process.poll() || !starting.sleep(kPollInterval)) {
            return Error(ErrorCode::Internal,
                         "aipress sandbox up does not start: " + first_line(up.error_file));
        }
    }
    auto const said = TRY(json::parse_object(first_line(up.output_file)));
    auto url = fmt::format("http://127.0.0.1:{}", TRY(json::get_integer(said, "port")));
    return std::unique_ptr<SandboxStage>(new SandboxStage(std::move(options), std::move(folder),
                                                          std::move(process), std::move(url)));
}

Result<boost::json::value> SandboxStage::call(std::string const& verb, std::string const& path,
                                              std::string body) {
    auto answer = client_.send(
        {.verb = verb,
         .url = url_ + path,
         .body = std::move(body),
         .headers = {{"Authorization", kToken}, {"Content-Type", "application/json"}}});
    if (answer.status / 100 == 2) return std::move(answer.body);
    return Error(ErrorCode::Internal, fmt::format("{} {}: {} {}{}", verb, path, answer.status,
                                                  answer.error, answer.text));
}

Result<void> SandboxStage::make_bucket(std::string const& name) {
    TRY(call("POST", "/storage/v1/b?project=sandbox-project",
             fmt::format(R"({{"name": "{}"}})", name)));
    return {};
}

void SandboxStage::add(Figure figure) {
    say(fmt::format("{}: {} = {:.2f} {}", figure.part, figure.name, figure.value, figure.unit));
    figures_.push_back(std::move(figure));
}

void SandboxStage::add_ratio(std::string const& part, std::string const& name,
                             std::vector<double> const& ours, std::vector<double> const& others) {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < ours.size(); ++i) ratios.push_back(ours[i] / others[i]);
    add(median_figure(part, name, std::move(ratios), "x"));
}

}  // namespace aipress::bench
