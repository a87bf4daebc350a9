// A large object: uploaded, copied by rewrite, and downloaded, against cp and an fsync of the same
// file on the same disk; the upload against cp, md5sum and an fsync too, as an object is not stored
// without its MD5, which is slower than most disks.
#include <fmt/format.h>
#include <fstream>
#include <optional>
#include <random>
#include <tuple>

#include "bench/sandbox_stage.h"

namespace aipress::bench {
namespace {

namespace fs = std::filesystem;

// "At disk speed": half of cp's, as the bytes pass through two processes and three checksums.
constexpr double kGoalRatio = 2.0;

Result<void> make_file(fs::path const& path, std::uint64_t size, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::string piece(1u << 20, '\0');
    std::ofstream file(path, std::ios::binary);
    for (std::uint64_t written = 0; written < size; written += piece.size()) {
        for (std::size_t i = 0; i < piece.size(); i += 4'096) {
            auto const number = random();
            piece.replace(i, sizeof number, reinterpret_cast<char const*>(&number), sizeof number);
        }
        auto const count = std::min<std::uint64_t>(piece.size(), size - written);
        file.write(piece.data(), static_cast<std::streamsize>(count));
    }
    file.close();
    if (!file) {
        return Error(ErrorCode::Unavailable, fmt::format("cannot write '{}'", path.string()));
    }
    return {};
}

// Every measurement begins with nothing left to write back.
template <typename Work>
Result<double> seconds_of(Context const& context, Work work) {
    ::sync();
    auto const began = context.clock().now();
    TRY(work());
    return seconds_since(context, began);
}

struct Samples {
    std::vector<double> copies, hashed_copies, uploads, rewrites, downloads;
};

Result<void> measure_once(Context const& context, SandboxStage& stage, fs::path const& file,
                          Samples& samples) {
    auto const copy = stage.scratch("copy").string();
    std::string const objects = "/storage/v1/b/bench-large/o";
    auto const curl = [&](std::vector<std::string> more) {
        std::vector<std::string> arguments{
            "curl",   "--silent", "--show-error",
            "--fail", "-H",       fmt::format("Authorization: {}", kToken)};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return run_tool(context, std::move(arguments));
    };
    samples.copies.push_back(TRY(seconds_of(context, [&]() -> Result<void> {
        TRY(run_tool(context, {"cp", file.string(), copy}));
        TRY(run_tool(context, {"sync", copy}));
        return {};
    })));
    fs::remove(copy);
    samples.hashed_copies.push_back(TRY(seconds_of(context, [&]() -> Result<void> {
        TRY(run_tool(context, {"cp", file.string(), copy}));
        TRY(run_tool(context, {"md5sum", copy}));
        TRY(run_tool(context, {"sync", copy}));
        return {};
    })));
    fs::remove(copy);
    samples.uploads.push_back(TRY(seconds_of(context, [&] {
        return curl({"-X", "POST", "-T", file.string(),
                     stage.url() + "/upload" + objects + "?uploadType=media&name=large"});
    })));
    samples.rewrites.push_back(TRY(seconds_of(context, [&] {
        return stage.call("POST", objects + "/large/rewriteTo/b/bench-large/o/again");
    })));
    samples.downloads.push_back(TRY(seconds_of(context, [&]() -> Result<void> {
        TRY(curl({"-o", copy, stage.url() + objects + "/again?alt=media"}));
        TRY(run_tool(context, {"sync", copy}));
        return {};
    })));
    TRY(run_tool(context, {"cmp", file.string(), copy}).in_context("what came back differs"));
    fs::remove(copy);
    return {};
}

void add_ratio(SandboxStage& stage, std::string const& name, std::vector<double> const& taken,
               std::vector<double> const& peers, std::optional<double> goal) {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < taken.size(); ++i) ratios.push_back(taken[i] / peers[i]);
    auto figure = median_figure("large", name, ratios, "x");
    figure.goal = goal;
    stage.add(std::move(figure));
}

}  // namespace

Result<void> run_large(Context const& context, SandboxStage& stage) {
    TRY(stage.make_bucket("bench-large"));
    auto const file = stage.scratch("large");
    TRY(make_file(file, stage.options().size_bytes, stage.options().seed));
    Samples samples;
    for (unsigned i = 0; i < stage.options().repeat; ++i) {
        TRY(measure_once(context, stage, file, samples));
    }
    stage.add(median_figure("large", "cp and fsync", samples.copies, "s"));
    stage.add(median_figure("large", "cp, md5sum and fsync", samples.hashed_copies, "s"));
    std::optional<double> const goal = kGoalRatio;
    // An upload's answer has its MD5, which cp does not take: cp alone is no goal for it.
    std::optional<double> const none;
    for (auto const& [name, taken, wanted] :
         {std::tuple("upload", samples.uploads, none),
          std::tuple("rewrite", samples.rewrites, goal),
          std::tuple("download and fsync", samples.downloads, goal)}) {
        stage.add(median_figure("large", name, taken, "s"));
        add_ratio(stage, fmt::format("{} : cp", name), taken, samples.copies, wanted);
    }
    add_ratio(stage, "upload : cp and md5sum", samples.uploads, samples.hashed_copies, 1.0);
    fs::remove(file);
    return {};
}

}  // namespace aipress::bench
