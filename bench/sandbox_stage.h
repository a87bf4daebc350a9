// What every scenario of the sandbox works on: `aipress sandbox up` on a folder of the disk that is
// measured, and the figures so far.
#pragma once

#include <boost/json/value.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "base/subprocess.h"
#include "bench/options.h"
#include "bench/results.h"
#include "testing/http_client.h"
#include "testing/temporary_directory.h"

namespace aipress::bench {

inline constexpr char const* kToken = "Bearer ya29.bench";

// Not thread safe.
class SandboxStage {
public:
    [[nodiscard]] static Result<std::unique_ptr<SandboxStage>> set_up(Context const& context,
                                                                      Options options);

    [[nodiscard]] Options const& options() const { return options_; }
    [[nodiscard]] std::string const& url() const { return url_; }  // "http://127.0.0.1:43210"
    [[nodiscard]] std::filesystem::path data() const { return folder_ / "data"; }
    // On the same disk; gone with this.
    [[nodiscard]] std::filesystem::path scratch(std::string_view name) const {
        return folder_ / name;
    }
    [[nodiscard]] pid_t pid() const { return process_.pid(); }

    // The answer to JSON. Errors: Internal when it is not 2xx.
    [[nodiscard]] Result<boost::json::value> call(std::string const& verb, std::string const& path,
                                                  std::string body = "");
    Result<void> make_bucket(std::string const& name);

    void add(Figure figure);
    // How many times as fast as `other` it is, sample by sample.
    void add_ratio(std::string const& part, std::string const& name,
                   std::vector<double> const& ours, std::vector<double> const& others);
    [[nodiscard]] std::vector<Figure> const& figures() const { return figures_; }

private:
    SandboxStage(Options options, testing::TemporaryDirectory folder, Process process,
                 std::string url)
        : options_(std::move(options)),
          folder_(std::move(folder)),
          process_(std::move(process)),
          url_(std::move(url)) {}

    Options options_;
    testing::TemporaryDirectory folder_;
    Process process_;
    std::string url_;
    testing::HttpClient client_;
    std::vector<Figure> figures_;
};

// The scenarios: each adds its figures.
Result<void> run_objects(Context const& context, SandboxStage& stage);
Result<void> run_uploads(Context const& context, SandboxStage& stage);
Result<void> run_large(Context const& context, SandboxStage& stage);
Result<void> run_instances(Context const& context, SandboxStage& stage);
Result<void> run_fleet(Context const& context, SandboxStage& stage);
Result<void> run_poc(Context const& context, SandboxStage& stage);

// Errors: Internal, with what it printed, when it does not end well.
Result<ProcessResult> run_tool(Context const& context, std::vector<std::string> arguments);
[[nodiscard]] double seconds_since(Context const& context, SteadyTime began);

}  // namespace aipress::bench
