#include "sandbox/run/serving.h"

#include <fmt/format.h>
#include <fstream>
#include <map>
#include <utility>

#include "base/free_port.h"
#include "base/log.h"
#include "sandbox/limits.h"
#include "sandbox/run/wordpress_files.h"
#include "sandbox/service.h"

namespace aipress::sandbox::run {
namespace {

namespace fs = std::filesystem;

constexpr milliseconds kApplyTime{30'000};
constexpr milliseconds kWatchInterval{500};

fs::path port_file(fs::path const& folder) {
    return folder / "port";
}

std::uint16_t remembered_port(fs::path const& folder) {
    std::uint16_t port = 0;
    std::ifstream(port_file(folder)) >> port;
    return port;
}

// What a process calls itself; see proc(5).
std::string title_of(fs::path const& process) {
    std::ifstream file(process / "cmdline");
    std::string title;
    std::getline(file, title, '\0');
    return title.substr(0, title.find_last_not_of(' ') + 1);
}

}  // namespace

fs::path serving_folder(fs::path const& data) {
    return data / "run";
}

Serving::Serving(Store const& store, fs::path folder, milliseconds idle_time)
    : store_(store), folder_(std::move(folder)), idle_time_(idle_time) {}

Serving::~Serving() {
    stop();
}

// The one of the last time; 0: there was none.
std::uint16_t Serving::choose_port() {
    auto const remembered = remembered_port(folder_);
    if (remembered != 0) return remembered;
    auto const found = free_port();
    if (found.ok()) return found.value();
    std::lock_guard const lock(mutex_);
    problem_ = found.error().message();
    return 0;
}

void Serving::start(std::uint16_t storage_port, std::function<void()> moved) {
    moved_ = std::move(moved);
    std::error_code failure;
    fs::create_directories(folder_, failure);
    auto programs = find_web_programs();
    if (!programs.ok()) {
        fs::remove(port_file(folder_), failure);
        std::lock_guard const lock(mutex_);
        problem_ = programs.error().message();
        return;
    }
    auto const port = choose_port();
    if (port == 0) return;
    {
        std::lock_guard const proof(applying_);
        server_ = std::make_unique<WebServer>(programs.release(),
                                              ServerPaths{.folder = fs::absolute(folder_),
                                                          .web_port = port,
                                                          .storage_port = storage_port,
                                                          .idle_time = idle_time_});
        apply(proof);
    }
    watcher_ = std::jthread([this](std::stop_token const& stop) { watch(stop); });
}

void Serving::refresh() {
    std::uint64_t mine = 0;
    {
        std::lock_guard const lock(mutex_);
        mine = ++asked_;
    }
    std::lock_guard const proof(applying_);
    if (server_ && applied_ < mine) apply(proof);
}

void Serving::apply(std::lock_guard<std::mutex> const& /*proof*/) {
    std::uint64_t asked = 0;
    {
        std::lock_guard const lock(mutex_);
        asked = asked_;
    }
    std::string problem;
    auto plan =
        read<SitePlan>(store_, [](Transaction& transaction) { return read_plan(transaction); });
    if (!plan.ok()) {
        problem = plan.release_error().message;
    } else {
        Context const context(clock_, Deadline::after(clock_, kApplyTime), {});
        auto const served = server_->apply(context, plan.release());
        if (!served.ok()) problem = served.error().message();
    }
    applied_ = asked;
    if (!problem.empty()) log::error("Cloud Run: the sites are not served: {}", problem);
    auto const written =
        write_file(port_file(folder_), fmt::format("{}\n", server_->port()), Access::Everybody);
    if (!written.ok()) log::error("Cloud Run: {}", written.error().message());
    std::uint16_t before = 0;
    {
        std::lock_guard const lock(mutex_);
        problem_ = problem.empty() ? "" : "The web server does not start: " + problem;
        before = std::exchange(port_, server_->port());
    }
    if (before != server_->port()) moved_();
}

// What has died is started again.
void Serving::watch(std::stop_token const& stop) {
    while (!stop.stop_requested()) {
        {
            std::unique_lock lock(mutex_);
            changed_.wait_for(lock, stop, kWatchInterval, [] { return false; });
        }
        std::lock_guard const proof(applying_);
        if (stop.stop_requested() || !server_ || !server_->has_died()) continue;
        log::warning("Cloud Run: a program that serves the sites has died; it is started again");
        apply(proof);
    }
}

void Serving::stop() {
    watcher_.request_stop();
    if (watcher_.joinable()) watcher_.join();
    std::lock_guard const proof(applying_);
    server_.reset();
}

std::string Serving::problem() const {
    std::lock_guard const lock(mutex_);
    return problem_;
}

std::uint16_t Serving::port() const {
    std::lock_guard const lock(mutex_);
    return port_;
}

void Serving::begin_request_log() {
    std::lock_guard const proof(applying_);
    rename_request_log(folder_);
    if (server_) server_->reopen_logs();
}

std::vector<ServedRevision> Serving::revisions() {
    std::lock_guard const proof(applying_);
    std::vector<ServedRevision> found;
    if (!server_) return found;
    for (auto const& pool : server_->pools()) {
        found.push_back({.pool = pool.id,
                         .service = pool.service,
                         .revision = pool.revision,
                         .error_log = error_log(folder_, pool.id)});
    }
    return found;
}

std::vector<Instance> Serving::instances() {
    std::lock_guard const proof(applying_);
    std::vector<Instance> found;
    if (!server_) return found;
    std::map<std::string, Pool const*> pools;
    for (auto const& pool : server_->pools()) pools["php-fpm: pool " + pool.id] = &pool;
    fs::path const processes = "/proc";
    for (auto const pid : server_->php_pids()) {
        auto const master = std::to_string(pid);
        std::ifstream children(processes / master / "task" / master / "children");
        for (std::string child; children >> child;) {
            auto const pool = pools.find(title_of(processes / child));
            if (pool == pools.end()) continue;
            auto& instance = found.emplace_back();
            instance = {.service = pool->second->service,
                        .revision = pool->second->revision,
                        .pid = std::stoi(child)};
            std::ifstream(processes / child / "schedstat") >> instance.worked_ns;
        }
    }
    return found;
}

}  // namespace aipress::sandbox::run
