// Requests as fast as a server answers them, by wrk (Debian's): one client thread, so many
// connections, each with one request at a time.
#pragma once

#include <filesystem>
#include <string>

#include "base/context.h"
#include "base/result.h"
#include "base/subprocess.h"
#include "testing/temporary_directory.h"

namespace aipress::bench {

struct HttpLoad {
    std::string url;  // with a path
    unsigned connections = 1;
    unsigned seconds = 3;
    std::filesystem::path script = {};  // in Lua: other requests than GET of the URL
};

// Requests a second. Errors: Internal when one failed, in any way; NotFound without wrk.
[[nodiscard]] Result<double> measure_requests(Context const& context, HttpLoad const& load);

// Of wrk's report. Errors: Internal when it tells of failures, or of no rate.
[[nodiscard]] Result<double> requests_per_second(std::string_view report);

// nginx that serves the files of a folder: what static bytes cost. Not thread safe.
class StaticServer {
public:
    // Errors: NotFound when it is not installed.
    [[nodiscard]] static Result<StaticServer> start(Context const& context,
                                                    std::filesystem::path const& parent);
    // Of the file, whose text this is from now on.
    [[nodiscard]] Result<std::string> publish(std::string const& name, std::string const& text);

private:
    StaticServer(testing::TemporaryDirectory folder, Process process, std::uint16_t port)
        : folder_(std::move(folder)), process_(std::move(process)), port_(port) {}

    testing::TemporaryDirectory folder_;
    Process process_;
    std::uint16_t port_;
};

}  // namespace aipress::bench
