#include "base/forking.h"

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <fmt/format.h>
#include <future>
#include <linux/close_range.h>
#include <mutex>
#include <thread>
#include <unistd.h>
#include <vector>

namespace aipress {
namespace {

using Task = std::packaged_task<Result<pid_t>()>;

struct LastingThread {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<Task> waiting;

    [[noreturn]] void serve() {
        while (true) {
            std::unique_lock lock(mutex);
            changed.wait(lock, [&] { return !waiting.empty(); });
            auto next = std::move(waiting.front());
            waiting.erase(waiting.begin());
            lock.unlock();
            next();
        }
    }
};

// Never freed: the thread outlives static destructors.
LastingThread& lasting_thread() {
    static LastingThread* const shared = [] {
        auto* created = new LastingThread;
        std::thread([created] { created->serve(); }).detach();
        return created;
    }();
    return *shared;
}

}  // namespace

Error system_error(ErrorCode code, int number, std::string_view what) {
    return Error(code, fmt::format("{}: {}", what, std::strerror(number)))
        .with_native_code(static_cast<unsigned>(number));
}

Result<pid_t> fork_on_lasting_thread(std::function<void()> const& child) {
    Task task([&]() -> Result<pid_t> {
        pid_t const pid = ::fork();
        if (pid == 0) {
            // Libraries open files without O_CLOEXEC (Asio its accepted sockets): a program that
            // kept one would keep a connection up that this process has closed.
            (void)::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
            child();
            ::_exit(127);
        }
        if (pid < 0) return system_error(ErrorCode::Unavailable, errno, "fork");
        return pid;
    });
    auto result = task.get_future();
    auto& thread = lasting_thread();
    {
        std::lock_guard const lock(thread.mutex);
        thread.waiting.push_back(std::move(task));
    }
    thread.changed.notify_one();
    return result.get();
}

}  // namespace aipress
