#include "testing/aipress_process.h"

#include <boost/json/parse.hpp>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sstream>

#include "json/fields.h"

namespace aipress::testing {

namespace {

ProcessOptions command(Arguments const& arguments, Environment const& environment) {
    ProcessOptions options{.arguments = {aipress_binary()}, .environment = environment};
    options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
    return options;
}

std::string read_all(std::filesystem::path const& file) {
    std::ifstream stream(file, std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
}

}  // namespace

std::string aipress_binary() {
    if (char const* named = std::getenv("AIPRESS_BINARY")) return named;
    std::error_code ignored;
    return std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / "aipress";
}

Result<boost::json::object> CommandResult::json() const {
    auto parsed = json::parse_object(output);
    if (!parsed.ok())
        return Error(parsed.error().code(), parsed.error().message() + ": " + describe());
    return parsed;
}

std::string CommandResult::describe() const {
    return fmt::format("{}\n--- output\n{}\n--- error\n{}", status.describe(), output, error);
}

Result<CommandResult> run_aipress(Context const& context, Arguments const& arguments,
                                  Environment const& environment) {
    ProcessResult result = TRY(run_process(context, command(arguments, environment)));
    return CommandResult{.status = result.status,
                         .output = std::move(result.standard_output),
                         .error = std::move(result.standard_error)};
}

Result<AipressProcess> AipressProcess::start(Arguments const& arguments,
                                             Environment const& environment) {
    auto folder = TRY(TemporaryDirectory::make());
    ProcessOptions options = command(arguments, environment);
    options.output_file = folder / "output";
    options.error_file = folder / "error";
    Process process = TRY(Process::start(options));
    return AipressProcess(std::move(folder), std::move(process));
}

Result<CommandResult> AipressProcess::wait(Context const& context) {
    ExitStatus const status = TRY(process_.wait(context));
    return CommandResult{.status = status, .output = output(), .error = error()};
}

std::string AipressProcess::output() const {
    return read_all(folder_ / "output");
}

std::string AipressProcess::error() const {
    return read_all(folder_ / "error");
}

}  // namespace aipress::testing
