// Placements a second on the store's engines, for growing fleets:
//
//     placement_bench [--tenants 1000,10000,50000] [--threads 1,8] [--count 2000]
//
// Each fleet is imported (timed too) at nine tenths of its slots; then --count tenants more are
// placed, one transaction each, by so many threads at once. Durable: SQLite with synchronous=FULL,
// PostgreSQL with fsync. Cloud Spanner's emulator runs one transaction at a time and says nothing
// of its speed: it is left out.
#include <atomic>
#include <charconv>
#include <cstdio>
#include <fmt/format.h>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/sha256.h"
#include "placement/import.h"
#include "placement/placer.h"
#include "testing/postgres_server.h"
#include "testing/temporary_directory.h"

namespace aipress {
namespace {

struct Options {
    std::vector<unsigned> tenants{1'000, 10'000, 50'000};
    std::vector<unsigned> threads{1, 8};
    unsigned count = 2'000;
};

Result<std::vector<unsigned>> numbers(std::string_view text) {
    std::vector<unsigned> all;
    while (!text.empty()) {
        auto const item = text.substr(0, text.find(','));
        unsigned number = 0;
        auto const* const end = item.data() + item.size();
        auto const [read_to, failure] = std::from_chars(item.data(), end, number);
        if (failure != std::errc() || read_to != end || number == 0) {
            return Error(ErrorCode::InvalidArgument, fmt::format("'{}' is no number", item));
        }
        all.push_back(number);
        text.remove_prefix(std::min(text.size(), item.size() + 1));
    }
    return all;
}

Result<Options> read_options(int argc, char** argv) {
    Options options;
    for (int i = 1; i + 1 < argc; i += 2) {
        std::string_view const name = argv[i];
        auto const value = TRY(numbers(argv[i + 1]));
        if (name == "--tenants") options.tenants = value;
        if (name == "--threads") options.threads = value;
        if (name == "--count" && !value.empty()) options.count = value.front();
    }
    return options;
}

// Seconds that `work` takes.
template <typename Work>
Result<double> timed(SystemClock const& clock, Work const& work) {
    auto const begun = clock.now();
    TRY(work());
    return std::chrono::duration<double>(clock.now() - begun).count();
}

Result<void> import_fleet(Context const& context, store::Store& store, unsigned tenants) {
    std::string text = "shard\n";
    for (unsigned number = 1; number <= tenants / 45 + 1; ++number) {
        text += fleet::shard_name(number) + "\n";
    }
    auto const shards = placement::read_shard_file(text);
    TRY(placement::import_shards(context, store, shards.rows, {.operation = "shards"}));
    text = "tenant\n";
    for (unsigned number = 0; number < tenants; ++number)
        text += fmt::format("tenant-{}\n", number);
    auto const file = placement::read_tenant_file(text);
    auto const report =
        TRY(placement::import_tenants(context, store, file.rows, {.operation = "tenants"}));
    if (!report.faults.empty()) {
        return Error(ErrorCode::FailedPrecondition, report.faults.front().text);
    }
    return {};
}

Result<void> place_many(Context const& context, store::Store& store, std::string const& name,
                        unsigned count, unsigned threads) {
    placement::Placer placer(store);
    std::atomic<unsigned> next = 0;
    std::atomic<unsigned> failed = 0;
    {
        std::vector<std::jthread> workers;
        for (unsigned i = 0; i < threads; ++i) {
            workers.emplace_back([&] {
                for (unsigned number = next++; number < count; number = next++) {
                    auto const tenant = fmt::format("{}-{}", name, number);
                    auto const placed = placer.place(
                        context,
                        {.site = {.tenant = tenant}, .operation = sha256_hex("place " + tenant)});
                    if (!placed.ok()) ++failed;
                }
            });
        }
    }
    if (failed == 0) return {};
    return Error(ErrorCode::ResourceExhausted, fmt::format("{} were not placed", failed.load()));
}

Result<void> run_engine(Context const& context, SystemClock const& clock, Options const& options,
                        std::string_view engine, std::string const& url, unsigned tenants) {
    auto const store = TRY(store::Store::open(context, url));
    auto const imported = TRY(timed(clock, [&] { return import_fleet(context, *store, tenants); }));
    fmt::print("{:10} {:>8} tenants  import {:6.2f} s ", engine, tenants, imported);
    // The last tenth of the slots is what there is to place into, but the spare.
    auto const each = std::min<unsigned>(
        options.count, tenants / 20 / static_cast<unsigned>(options.threads.size()));
    for (auto const threads : options.threads) {
        auto const name = fmt::format("with{}", threads);
        auto const took =
            TRY(timed(clock, [&] { return place_many(context, *store, name, each, threads); }));
        fmt::print("  {} threads {:6.0f}/s", threads, each / took);
    }
    fmt::print("\n");
    std::fflush(stdout);
    return {};
}

Result<void> run(Options const& options) {
    SystemClock clock;
    Context const context(clock, Deadline::never(), {});
    auto const folder = TRY(testing::TemporaryDirectory::make());
    auto postgres = testing::PostgresServer::start(testing::Durability::Machine);
    for (auto const tenants : options.tenants) {
        auto const file = folder / fmt::format("{}.db", tenants);
        TRY(run_engine(context, clock, options, "sqlite", "sqlite:" + file.string(), tenants));
    }
    if (!postgres.ok()) fmt::print("postgres: {}\n", postgres.error().message());
    for (auto const tenants : options.tenants) {
        if (!postgres.ok()) break;
        auto const url = TRY(postgres.value().make_database());
        TRY(run_engine(context, clock, options, "postgres", url, tenants));
    }
    return {};
}

}  // namespace
}  // namespace aipress

int main(int argc, char** argv) {
    auto const options = aipress::read_options(argc, argv);
    auto const done =
        options.ok() ? aipress::run(options.value()) : aipress::Result<void>(options.error());
    if (done.ok()) return 0;
    fmt::print(stderr, "error: {}\n", done.error().message());
    return 1;
}
