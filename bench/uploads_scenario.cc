// Small objects a second, each on disk before it is acknowledged, against the least that a store of
// files can do on the same disk: write, fsync, rename, fsync of the folder.
#include <atomic>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <thread>

#include "base/file_descriptor.h"
#include "bench/http_load.h"
#include "bench/sandbox_stage.h"

namespace aipress::bench {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBytes = 1'024;

// A name is never used twice, neither in one run of wrk nor in two.
Result<fs::path> write_script(SandboxStage const& stage, unsigned run) {
    auto path = stage.scratch(fmt::format("upload-{}.lua", run));
    std::ofstream file(path);
    file << fmt::format(
        "wrk.method = \"POST\"\n"
        "wrk.body = string.rep(\"x\", {})\n"
        "wrk.headers[\"Content-Type\"] = \"application/octet-stream\"\n"
        "local count = 0\n"
        "function request()\n"
        "  count = count + 1\n"
        "  return wrk.format(nil, \"/upload/storage/v1/b/bench-uploads/o?uploadType=media"
        "&name=r{}-\" .. count)\n"
        "end\n",
        kBytes, run);
    file.close();
    if (!file) {
        return Error(ErrorCode::Unavailable, fmt::format("cannot write '{}'", path.string()));
    }
    return path;
}

bool write_durably(fs::path const& folder, int folder_descriptor, std::string const& name) {
    static std::string const bytes(kBytes, 'x');
    auto const path = folder / name;
    auto const draft = fs::path(path).concat(".new");
    FileDescriptor const file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    return file.valid() &&
           ::write(file.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(kBytes) &&
           ::fdatasync(file.get()) == 0 && ::rename(draft.c_str(), path.c_str()) == 0 &&
           ::fsync(folder_descriptor) == 0;
}

// Files a second, by so many threads.
Result<double> measure_files(Context const& context, fs::path const& folder, unsigned threads,
                             unsigned seconds) {
    fs::create_directory(folder);
    FileDescriptor const descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    std::atomic<std::uint64_t> written = 0;
    std::atomic<bool> failed = false;
    auto const began = context.clock().now();
    auto const until = context.within(seconds * milliseconds(1'000));
    {
        std::vector<std::jthread> writers;
        for (unsigned thread = 0; thread < threads; ++thread) {
            writers.emplace_back([&, thread] {
                for (unsigned i = 0; !until.expired() && !failed; ++i) {
                    if (write_durably(folder, descriptor.get(), fmt::format("{}-{}", thread, i))) {
                        ++written;
                    } else {
                        failed = true;
                    }
                }
            });
        }
    }
    if (failed) {
        return Error(ErrorCode::Unavailable, fmt::format("cannot write in '{}'", folder.string()));
    }
    return static_cast<double>(written) / seconds_since(context, began);
}

}  // namespace

Result<void> run_uploads(Context const& context, SandboxStage& stage) {
    TRY(stage.make_bucket("bench-uploads"));
    unsigned run = 0;
    for (auto const connections : stage.options().connections) {
        std::vector<double> ours;
        std::vector<double> others;
        for (unsigned i = 0; i < stage.options().repeat; ++i) {
            auto const script = TRY(write_script(stage, ++run));
            ours.push_back(TRY(measure_requests(context, {.url = stage.url() + "/",
                                                          .connections = connections,
                                                          .seconds = stage.options().seconds,
                                                          .script = script})));
            others.push_back(TRY(measure_files(context, stage.scratch(fmt::format("files-{}", run)),
                                               connections, stage.options().seconds)));
        }
        auto const what = fmt::format("1 KiB, {} connections", connections);
        stage.add(median_figure("uploads", what, ours, "obj/s"));
        stage.add(median_figure("uploads", fmt::format("files with fsync, {} threads", connections),
                                others, "files/s"));
        stage.add_ratio("uploads", what + ", aipress : files", ours, others);
    }
    return {};
}

}  // namespace aipress::bench
