// Metadata of objects: one, and a list of fifty, against nginx sending the same bytes from a file.
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "bench/http_load.h"
#include "bench/sandbox_stage.h"

namespace aipress::bench {
namespace {

constexpr unsigned kObjects = 50;

Result<void> measure_both(Context const& context, SandboxStage& stage, std::string const& name,
                          std::string const& path, std::string const& peer) {
    for (auto const connections : stage.options().connections) {
        std::vector<double> ours;
        std::vector<double> others;
        for (unsigned i = 0; i < stage.options().repeat; ++i) {
            HttpLoad load{.url = stage.url() + path,
                          .connections = connections,
                          .seconds = stage.options().seconds};
            ours.push_back(TRY(measure_requests(context, load)));
            load.url = peer;
            others.push_back(TRY(measure_requests(context, load)));
        }
        auto const what = fmt::format("{}, {} connections", name, connections);
        stage.add(median_figure("objects", what, ours, "req/s"));
        stage.add(median_figure("objects", what + ", nginx", others, "req/s"));
        stage.add_ratio("objects", what + ", aipress : nginx", ours, others);
    }
    return {};
}

}  // namespace

Result<void> run_objects(Context const& context, SandboxStage& stage) {
    TRY(stage.make_bucket("bench-objects"));
    for (unsigned i = 0; i < kObjects; ++i) {
        TRY(stage.call(
            "POST",
            fmt::format("/upload/storage/v1/b/bench-objects/o?uploadType=media&name=o{}", i), "x"));
    }
    auto peer = TRY(StaticServer::start(context, stage.options().directory));
    for (auto const& [name, path] : {std::pair("get", "/storage/v1/b/bench-objects/o/o7"),
                                     std::pair("list of 50", "/storage/v1/b/bench-objects/o")}) {
        auto const answer = TRY(stage.call("GET", path));
        auto const url = TRY(peer.publish(fmt::format("file{}", stage.figures().size()),
                                          boost::json::serialize(answer) + "\n"));
        TRY(measure_both(context, stage, name, path, url));
    }
    return {};
}

}  // namespace aipress::bench
