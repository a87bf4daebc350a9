#include "bench/store_scenario.h"

#include <atomic>
#include <fcntl.h>
#include <fmt/format.h>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <unistd.h>

#include "base/file_descriptor.h"
#include "bench/say.h"
#include "store/lease.h"
#include "store/store.h"
#include "testing/postgres_server.h"
#include "testing/sql_engine.h"
#include "testing/temporary_directory.h"

namespace aipress::bench {
namespace {

constexpr int kShards = 100;
constexpr milliseconds kLeaseTime{3'600'000};

// A store of its own on one engine.
struct Stage {
    std::optional<testing::TemporaryDirectory> folder = {};
    std::optional<testing::PostgresServer> server = {};
    std::unique_ptr<testing::SqlEngine> engine = {};
    std::unique_ptr<store::Store> store = {};
};

Result<std::unique_ptr<Stage>> set_up(Context const& context, Options const& options,
                                      sql::Engine engine) {
    auto stage = std::make_unique<Stage>();
    std::string url;
    sql::DatabaseOptions database_options;
    if (engine == sql::Engine::Sqlite) {
        stage->folder = TRY(testing::TemporaryDirectory::make(options.directory));
        url = "sqlite:" + (*stage->folder / "store.db").string();
    } else if (engine == sql::Engine::Postgres) {
        stage->server = TRY(testing::PostgresServer::start(testing::Durability::Machine));
        url = TRY(stage->server->make_database());
    } else {
        stage->engine = TRY(testing::SqlEngine::start(engine));
        url = TRY(stage->engine->make_database());
        database_options = stage->engine->options();
    }
    stage->store = TRY(store::Store::open(context, url, database_options));
    std::vector<store::Shard> shards;
    for (int i = 1; i <= kShards; ++i) {
        shards.push_back({.id = fleet::shard_name(static_cast<unsigned>(i)),
                          .number = i,
                          .cap_slots = 1'000'000,
                          .cap_weight = 1'000'000'000});
    }
    TRY(stage->store->database().transact(context, [&](sql::Transaction& transaction) {
        return store::Table<store::Shard>(transaction).insert_all(shards);
    }));
    return stage;
}

// One writer's next transaction: `writer` and `number` are nobody else's.
using Write = std::function<Result<void>(unsigned writer, unsigned number)>;

Result<double> writes_a_second(Context const& context, unsigned writers, unsigned seconds,
                               Write const& write) {
    std::atomic<std::uint64_t> done = 0;
    std::mutex mutex;
    std::optional<Error> failure;
    auto const began = context.clock().now();
    auto const until = Deadline::after(context.clock(), milliseconds(seconds * 1'000));
    {
        std::vector<std::jthread> threads;
        for (unsigned writer = 0; writer < writers; ++writer) {
            threads.emplace_back([&, writer] {
                for (unsigned number = 0; !until.passed(context.clock()); ++number) {
                    auto written = write(writer, number);
                    if (written.ok()) {
                        ++done;
                        continue;
                    }
                    std::lock_guard const lock(mutex);
                    failure = written.release_error();
                    return;
                }
            });
        }
    }
    if (failure) return std::move(*failure);
    return 1000.0 * static_cast<double>(done) /
           static_cast<double>(elapsed_ms(began, context.clock().now()).count());
}

Result<double> journal(Context const& context, store::Store& store, unsigned writers,
                       unsigned seconds, std::string const& round) {
    std::vector<store::Lease> leases;
    for (unsigned i = 0; i < writers; ++i) {
        leases.push_back(TRY(store.database().transact(context, [&](sql::Transaction& transaction) {
            return store::claim_lease(transaction, fmt::format("migration/{}-{}", round, i),
                                      "bench", kLeaseTime);
        })));
    }
    return writes_a_second(
        context, writers, seconds, [&](unsigned writer, unsigned number) -> Result<void> {
            return store.database().transact(
                context, [&](sql::Transaction& transaction) -> Result<void> {
                    TRY(store::fence(transaction, leases[writer]));
                    return store::Table<store::Step>(transaction)
                        .insert({.migration = fmt::format("{}-{}", round, writer),
                                 .sequence = number,
                                 .at = store::now(transaction),
                                 .action = "provision/database",
                                 .event = "done"});
                });
        });
}

Result<double> placement(Context const& context, store::Store& store, unsigned writers,
                         unsigned seconds, std::string const& round) {
    return writes_a_second(
        context, writers, seconds, [&](unsigned writer, unsigned number) -> Result<void> {
            auto const tenant = fmt::format("tenant-{}-{}-{}", round, writer, number);
            auto const shard = fleet::shard_name((writer * 7919 + number) % kShards + 1);
            store::Change const change{
                .operation = "place-" + tenant, .kind = "tenants.place", .target = tenant};
            TRY(store.change(context, change,
                             [&](sql::Transaction& transaction) -> Result<store::Changed> {
                                 store::Table<store::Shard> shards(transaction);
                                 auto found = TRY(shards.get(shard));
                                 ++found.used;
                                 TRY(shards.update(found));
                                 TRY(store::Table<store::Tenant>(transaction)
                                         .insert({.id = tenant, .shard = shard}));
                                 return store::Changed{.answer = {{"shard", shard}}};
                             }));
            return {};
        });
}

// What a commit cannot do without, one after the other: 4 KiB appended to a file and synced.
Result<double> syncs_a_second(Context const& context, Options const& options) {
    auto const folder = TRY(testing::TemporaryDirectory::make(options.directory));
    auto const name = (folder / "log").string();
    FileDescriptor const file(
        ::open(name.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    std::string const page(4096, 'x');
    return writes_a_second(context, 1, options.seconds, [&](unsigned, unsigned) -> Result<void> {
        bool const is_done =
            ::write(file.get(), page.data(), page.size()) == 4096 && ::fdatasync(file.get()) == 0;
        if (is_done) return {};
        return Error(ErrorCode::Unavailable, name + " cannot be written");
    });
}

Result<void> measure_engine(Context const& context, Options const& options, sql::Engine engine,
                            std::vector<Figure>& figures) {
    auto const stage = TRY(set_up(context, options, engine));
    auto const part = std::string(to_string(engine));
    for (auto const writers : {1u, options.workers}) {
        std::vector<double> entries;
        std::vector<double> placements;
        for (unsigned repetition = 0; repetition < options.repeat; ++repetition) {
            auto const round = fmt::format("{}-{}", writers, repetition);
            say(fmt::format("{}: {} writers, repetition {}", part, writers, repetition + 1));
            entries.push_back(
                TRY(journal(context, *stage->store, writers, options.seconds, round)));
            placements.push_back(
                TRY(placement(context, *stage->store, writers, options.seconds, round)));
        }
        figures.push_back(median_figure(part, fmt::format("journal, {} writers", writers),
                                        std::move(entries), "entries/s"));
        figures.push_back(median_figure(part, fmt::format("placement, {} writers", writers),
                                        std::move(placements), "tenants/s"));
    }
    return {};
}

}  // namespace

Result<void> measure_store(Context const& context, Options const& options,
                           std::vector<Figure>& figures) {
    std::vector<double> syncs;
    for (unsigned repetition = 0; repetition < options.repeat; ++repetition) {
        syncs.push_back(TRY(syncs_a_second(context, options)));
    }
    figures.push_back(median_figure("disk", "4 KiB appended and synced", syncs, "1/s"));
    for (auto const engine : {sql::Engine::Sqlite, sql::Engine::Postgres, sql::Engine::Spanner}) {
        if (!options.wants(std::string(to_string(engine)))) continue;
        auto const measured = measure_engine(context, options, engine, figures);
        if (measured.ok()) continue;
        if (measured.error().code() != ErrorCode::NotFound) return measured;
        say("left out: " + measured.error().message());
    }
    return {};
}

}  // namespace aipress::bench
