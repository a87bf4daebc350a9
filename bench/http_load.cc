#include "bench/http_load.h"

#include <charconv>
#include <fmt/format.h>
#include <fstream>
#include <unistd.h>

#include "base/free_port.h"
#include "bench/sandbox_stage.h"
#include "testing/http_client.h"

namespace aipress::bench {
namespace {

constexpr milliseconds kPollInterval{5};
constexpr milliseconds kStartTime{15'000};

// As the rehearsal's and the sandbox's own: nothing of this machine's configuration.
std::string configuration(std::filesystem::path const& folder, std::uint16_t port) {
    auto const base = folder.string();
    auto text = fmt::format(
        "daemon off;\nworker_processes auto;\n{}pid {}/nginx.pid;\nerror_log {}/nginx.log warn;\n"
        "events {{ worker_connections 1024; }}\nhttp {{\naccess_log off;\n"
        "keepalive_requests 100000000;\nopen_file_cache max=100;\n",
        ::geteuid() == 0 ? "user root;\n" : "", base, base);
    for (auto const* kind : {"client_body", "fastcgi", "proxy", "uwsgi", "scgi"}) {
        text += fmt::format("{}_temp_path {}/temp-{};\n", kind, base, kind);
    }
    return text + fmt::format(
                      "server {{\nlisten 127.0.0.1:{};\nroot {}/files;\n"
                      "default_type application/json;\n}}\n}}\n",
                      port, base);
}

}  // namespace

Result<double> requests_per_second(std::string_view report) {
    for (auto const* const failure : {"Non-2xx or 3xx responses", "Socket errors"}) {
        if (report.find(failure) != report.npos) {
            return Error(ErrorCode::Internal, fmt::format("requests failed:\n{}", report));
        }
    }
    constexpr std::string_view kRate = "Requests/sec:";
    auto const found = report.find(kRate);
    double rate = 0;
    if (found != report.npos) {
        auto number = report.substr(found + kRate.size());
        number.remove_prefix(std::min(number.find_first_not_of(' '), number.size()));
        std::from_chars(number.data(), number.data() + number.size(), rate);
    }
    if (rate > 0) return rate;
    return Error(ErrorCode::Internal, fmt::format("wrk tells no rate:\n{}", report));
}

Result<double> measure_requests(Context const& context, HttpLoad const& load) {
    std::vector<std::string> arguments{"wrk",
                                       "-t1",
                                       fmt::format("-c{}", load.connections),
                                       fmt::format("-d{}s", load.seconds),
                                       "--timeout",
                                       "30s",
                                       "-H",
                                       fmt::format("Authorization: {}", kToken)};
    if (!load.script.empty()) arguments.insert(arguments.end(), {"-s", load.script.string()});
    arguments.push_back(load.url);
    auto const result = run_tool(context, std::move(arguments));
    if (!result.ok() && result.error().code() == ErrorCode::NotFound) {
        return Error(ErrorCode::NotFound, "wrk is not installed; run tools/setup bench");
    }
    if (!result.ok()) return result.error();
    return requests_per_second(result.value().standard_output);
}

Result<StaticServer> StaticServer::start(Context const& context,
                                         std::filesystem::path const& parent) {
    auto folder = TRY(testing::TemporaryDirectory::make(parent));
    std::filesystem::create_directory(folder / "files");
    auto const port = TRY(free_port());
    auto const file = folder / "nginx.conf";
    std::ofstream(file) << configuration(folder.path(), port);
    ProcessOptions options;
    options.arguments = {"/usr/sbin/nginx", "-e", (folder / "nginx.log").string(), "-c",
                         file.string()};
    auto process = TRY(Process::start(options));
    testing::HttpClient client;
    auto const starting = context.within(kStartTime);
    while (client.send({.url = fmt::format("http://127.0.0.1:{}/", port)}).status == 0) {
        if (process.poll() || !starting.sleep(kPollInterval)) {
            return Error(ErrorCode::Internal, "nginx does not start");
        }
    }
    return StaticServer(std::move(folder), std::move(process), port);
}

Result<std::string> StaticServer::publish(std::string const& name, std::string const& text) {
    std::ofstream file(folder_ / "files" / name);
    file << text;
    file.close();
    if (!file) return Error(ErrorCode::Unavailable, fmt::format("cannot write '{}'", name));
    return fmt::format("http://127.0.0.1:{}/{}", port_, name);
}

}  // namespace aipress::bench
