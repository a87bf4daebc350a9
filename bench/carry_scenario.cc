// A tenant's files from bucket to bucket by objects::carry(), against gsutil on the same sandbox.
#include "bench/carry_scenario.h"

#include <fmt/format.h>
#include <optional>

#include "base/workers.h"
#include "bench/say.h"
#include "objects/carry.h"
#include "objects/compare.h"
#include "sandbox/client_settings.h"

namespace aipress::bench {
namespace {

constexpr unsigned kWriters = 16;
constexpr std::size_t kLargeBytes = 8u << 20;
constexpr milliseconds kToolTime{600'000};

struct Load {
    std::string name;
    unsigned files = 0;
    std::size_t bytes = 0;  // of each
};

// Our client on the stage's sandbox.
struct OurClient {
    OurClient(Context const& context, std::string const& url)
        : quotas(context.clock()),
          connection(network, *tokens, quotas, {.endpoints = {{"", url}}}),
          storage(connection) {}

    gcp::HttpTransport network;
    std::unique_ptr<gcp::TokenSource> const tokens = gcp::make_fixed_token("ya29.bench");
    gcp::QuotaBroker quotas;
    gcp::Connection const connection;
    gcp::Storage const storage;
};

Result<void> fill(Context const& context, OurClient const& client, std::string const& bucket,
                  Load const& load) {
    Workers<unsigned, gcp::Outcome<gcp::Done>> workers(
        kWriters, [&](unsigned, unsigned& number) -> gcp::Outcome<gcp::Done> {
            std::string bytes(load.bytes, 'x');
            auto const mark = fmt::format("{}", number);
            bytes.replace(0, std::min(mark.size(), bytes.size()), mark);
            gcp::NewObject const made{
                .bucket = bucket,
                .name = fmt::format("2026/{:02}/picture-{}.jpg", number % 12 + 1, number),
                .content_type = "image/jpeg"};
            TRY(client.storage.insert_object(context, made, bytes));
            return gcp::Done();
        });
    for (unsigned i = 0; i < load.files && workers.add(i); ++i) {
    }
    if (auto failure = workers.finish()) return failure->release_error();
    return {};
}

Result<std::optional<double>> seconds_of_tool(Context const& context, SandboxStage& stage,
                                              std::vector<std::string> const& arguments) {
    auto const running = TRY(sandbox::find_running(stage.data()));
    if (!running) return Error(ErrorCode::Internal, "the sandbox has ended");
    ProcessOptions options{.arguments = arguments};
    options.environment = TRY(sandbox::client_settings(
        sandbox::Client::Gsutil, sandbox::ClientMode::Overrides, stage.data(), *running));
    auto const began = context.clock().now();
    auto const result = run_process(context.within(kToolTime), options);
    if (!result.ok() && result.error().code() == ErrorCode::NotFound) {
        return std::optional<double>();
    }
    if (!result.ok()) return Error(result.error());
    if (!result.value().status.success()) {
        return Error(ErrorCode::Internal,
                     fmt::format("{}: {}: {}", arguments[0], result.value().status.describe(),
                                 result.value().standard_error));
    }
    return std::optional(seconds_since(context, began));
}

Result<void> check_copy(Context const& context, OurClient const& client,
                        objects::FolderPair const& folders, Load const& load) {
    auto const compared = TRY(objects::compare(context, client.storage, folders));
    if (compared.is_equal() && compared.objects == load.files) return {};
    return Error(ErrorCode::Internal, fmt::format("{} of {} files differ in {}", compared.different,
                                                  load.files, folders.to.url()));
}

struct Samples {
    std::vector<double> ours, again, gsutil, gsutil_again;
};

// Once with each tool, into a bucket of its own.
Result<void> measure_once(Context const& context, SandboxStage& stage, OurClient const& client,
                          Load const& load, unsigned round, Samples& samples) {
    objects::Folder const from{.bucket = fmt::format("bench-{}", load.name)};
    auto const bucket = fmt::format("bench-{}-to-{}", load.name, round);
    TRY(stage.make_bucket(bucket));
    auto const carried = [&](std::string const& prefix) -> Result<double> {
        auto const began = context.clock().now();
        TRY(objects::carry(context, client.storage, {from, {bucket, prefix}}, {}, {}));
        return seconds_since(context, began);
    };
    samples.ours.push_back(TRY(carried("ours/")));
    samples.again.push_back(TRY(carried("ours/")));
    TRY(check_copy(context, client, {from, {bucket, "ours/"}}, load));
    std::vector<std::string> const rsync{
        "gsutil", "-q", "-m", "rsync", "-r", from.url(), fmt::format("gs://{}/gsutil/", bucket)};
    for (auto* const taken : {&samples.gsutil, &samples.gsutil_again}) {
        auto const seconds = TRY(seconds_of_tool(context, stage, rsync));
        if (!seconds) return {};
        taken->push_back(*seconds);
    }
    TRY(check_copy(context, client, {from, {bucket, "gsutil/"}}, load));
    return {};
}

void report(SandboxStage& stage, Load const& load, Samples const& samples) {
    auto const add = [&](std::string const& tool, std::vector<double> const& seconds) {
        if (seconds.empty()) {
            say(fmt::format("carry: {} is not installed: skipped", tool));
            return;
        }
        std::vector<double> objects;
        std::vector<double> megabytes;
        for (auto const one : seconds) {
            objects.push_back(load.files / one);
            megabytes.push_back(static_cast<double>(load.files * load.bytes) / 1e6 / one);
        }
        auto const what = fmt::format("{} {}", load.files, load.name);
        stage.add(median_figure("carry", fmt::format("{}, {}", what, tool), objects, "objects/s"));
        stage.add(median_figure("carry", fmt::format("{}, {}", what, tool), megabytes, "MB/s"));
        if (&seconds == &samples.ours) return;
        stage.add_ratio("carry", fmt::format("{}, aipress : {}", what, tool), seconds,
                        samples.ours);
    };
    add("aipress", samples.ours);
    add("gsutil -m rsync", samples.gsutil);
    stage.add(median_figure("carry", fmt::format("{}, nothing to do, aipress", load.name),
                            samples.again, "s"));
    if (samples.gsutil_again.empty()) return;
    stage.add(median_figure("carry", fmt::format("{}, nothing to do, gsutil", load.name),
                            samples.gsutil_again, "s"));
}

}  // namespace

Result<void> run_carry(Context const& context, SandboxStage& stage) {
    OurClient const client(context, stage.url());
    auto const& options = stage.options();
    std::vector<Load> const loads{{.name = "small", .files = options.files, .bytes = 2'000},
                                  {.name = "large",
                                   .files = static_cast<unsigned>(std::max<std::uint64_t>(
                                       options.size_bytes / kLargeBytes, 1)),
                                   .bytes = kLargeBytes}};
    for (auto const& load : loads) {
        auto const bucket = fmt::format("bench-{}", load.name);
        TRY(stage.make_bucket(bucket));
        TRY(fill(context, client, bucket, load));
        Samples samples;
        for (unsigned round = 0; round < options.repeat; ++round) {
            TRY(measure_once(context, stage, client, load, round, samples));
        }
        report(stage, load, samples);
    }
    return {};
}

}  // namespace aipress::bench
