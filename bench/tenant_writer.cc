#include "bench/tenant_writer.h"

#include <fmt/format.h>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "mysql/connection.h"

namespace aipress::bench {
namespace {

constexpr milliseconds kStatementTimeout{30'000};
constexpr milliseconds kLoginPause{20};
constexpr std::uint64_t kBurstSessions = 2;

// Each changes exactly one row.
std::string next_statement(std::mt19937_64& random, std::uint64_t posts) {
    auto const post = 1 + random() % posts;
    switch (random() % 4) {
        case 0:
            return fmt::format(
                "INSERT INTO wp_comments (comment_post_ID,comment_author,comment_author_email,"
                "comment_date,comment_content) VALUES ({},'visitor','v@mail.example',NOW(),"
                "'A comment of a visitor, number {}')",
                post, random());
        case 1:
            return fmt::format(
                "UPDATE wp_posts SET post_modified=NOW(), post_title='changed {}', "
                "comment_count=comment_count+1 WHERE ID={}",
                random(), post);
        case 2:
            return fmt::format("UPDATE wp_postmeta SET meta_value='changed {}' WHERE meta_id={}",
                               random(), post);
        default:
            return fmt::format(
                "INSERT INTO wp_postmeta (post_id,meta_key,meta_value) VALUES ({},'_edit','{}')",
                post, random());
    }
}

Result<void> change_meta_rows(Context const& context, mysql::Endpoint const& endpoint,
                              std::uint64_t first, std::uint64_t last,
                              std::uint64_t rows_per_transaction) {
    auto connection = TRY(mysql::Connection::open(context, endpoint));
    for (auto id = first; id < last; id += rows_per_transaction) {
        auto const end = std::min(id + rows_per_transaction, last);
        auto const changed = TRY(connection.execute(
            context, fmt::format("UPDATE wp_postmeta SET meta_value=CONCAT('burst ',UUID()) "
                                 "WHERE meta_id>={} AND meta_id<{}",
                                 id, end)));
        if (changed.affected_rows != end - id) {
            return Error(ErrorCode::Internal, fmt::format("changed {} of {} rows from {}",
                                                          changed.affected_rows, end - id, id));
        }
    }
    return {};
}

}  // namespace

TenantWriter::TenantWriter(mysql::Endpoint endpoint, std::uint64_t rows_per_second,
                           std::uint64_t seed, std::uint64_t posts)
    : endpoint_(std::move(endpoint)),
      rows_per_second_(rows_per_second),
      seed_(seed),
      posts_(posts),
      thread_([this](std::stop_token const& stop) { run(stop); }) {}

TenantWriter::~TenantWriter() = default;

void TenantWriter::run(std::stop_token const& stop) {
    SystemClock clock;
    std::mt19937_64 random(seed_);
    std::optional<mysql::Connection> connection;
    auto next_due = clock.now();
    while (!stop.stop_requested()) {
        auto const context = Context(clock, Deadline::after(clock, kStatementTimeout), stop);
        if (!connection) {
            auto opened = mysql::Connection::open(context, endpoint_);
            if (!opened.ok()) {
                ++failures_;
                clock.sleep_for(kLoginPause, stop);
                next_due = clock.now();
                continue;
            }
            connection = opened.release();
        }
        if (rows_per_second_ != kUnlimitedRate) {
            next_due += std::chrono::microseconds(1'000'000 / rows_per_second_);
            // Sleeps are a millisecond at least; what is overdue is written at once.
            auto const ahead = elapsed_ms(clock.now(), next_due);
            if (ahead.count() > 0 && !clock.sleep_for(ahead, stop)) return;
        }
        if (connection->execute(context, next_statement(random, posts_)).ok()) {
            ++rows_changed_;
        } else {
            ++failures_;
            connection.reset();
        }
    }
}

double measure_rate(Context const& context, TenantWriter const& writer, milliseconds duration) {
    auto const began = context.clock().now();
    auto const before = writer.rows_changed();
    context.sleep(duration);
    auto const rows = writer.rows_changed() - before;
    auto const milliseconds_passed = elapsed_ms(began, context.clock().now()).count();
    return static_cast<double>(rows) * 1000.0 / static_cast<double>(milliseconds_passed);
}

Result<Burst> write_burst(Context const& context, mysql::Endpoint const& endpoint,
                          std::uint64_t rows, std::uint64_t rows_per_transaction) {
    auto const began = context.clock().now();
    std::vector<Result<void>> results(kBurstSessions);
    {
        std::vector<std::jthread> sessions;
        for (std::uint64_t i = 0; i < kBurstSessions; ++i) {
            sessions.emplace_back([&, i] {
                results[i] =
                    change_meta_rows(context, endpoint, 1 + rows * i / kBurstSessions,
                                     1 + rows * (i + 1) / kBurstSessions, rows_per_transaction);
            });
        }
    }
    for (auto& result : results) TRY(std::move(result));
    auto const passed = elapsed_ms(began, context.clock().now());
    return Burst{rows, static_cast<double>(passed.count()) / 1000.0};
}

}  // namespace aipress::bench
