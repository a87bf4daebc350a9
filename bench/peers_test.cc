#include "bench/peers.h"

#include <gtest/gtest.h>
#include <optional>
#include <string>

#include "bench/tenant_writer.h"
#include "bench/wordpress_data.h"
#include "mysql/connection.h"

namespace aipress::bench {
namespace {

using testing::DatabaseServer;

constexpr std::uint64_t kSize = 3'000'000;

Context ten_minutes() {
    static SystemClock clock;
    return {clock, Deadline::after(clock, milliseconds(600'000)), {}};
}

class PeersTest : public ::testing::Test {
protected:
    void SetUp() override {
        auto source = DatabaseServer::start({.server_id = 1});
        if (!source.ok() && source.error().code() == ErrorCode::NotFound) {
            GTEST_SKIP() << source.error().message();
        }
        ASSERT_TRUE(source.ok()) << source.error().message();
        source_.emplace(source.release());
        auto const made = make_tenant(ten_minutes(), *source_, "blog", kSize, 1);
        ASSERT_TRUE(made.ok()) << made.error().message();
    }

    mysql::Endpoint root() const { return source_->root("blog"); }

    std::optional<DatabaseServer> source_;
};

TEST_F(PeersTest, both_move_every_row) {
    auto started = DatabaseServer::start({.server_id = 2});
    ASSERT_TRUE(started.ok()) << started.error().message();
    auto const target = started.release();
    auto const rows = count_rows(ten_minutes(), *source_, "blog").value();

    auto const dump = move_with_dump(ten_minutes(), *source_, target, "blog");
    ASSERT_TRUE(dump.ok()) << dump.error().message();
    EXPECT_EQ(count_rows(ten_minutes(), target, "blog").value(), rows);

    auto const again = move_with_dump(ten_minutes(), *source_, target, "blog");
    EXPECT_FALSE(again.ok()) << "the target is not empty";

    // Its one error is that a program is missing.
    if (auto const installed = check_peers_installed(ten_minutes()); !installed.ok()) {
        GTEST_SKIP() << installed.error().message();
    }
    target.execute("DROP DATABASE blog");
    auto const loaded = move_with_mydumper(ten_minutes(), *source_, target, "blog", 2, {});
    ASSERT_TRUE(loaded.ok()) << loaded.error().message();
    EXPECT_EQ(count_rows(ten_minutes(), target, "blog").value(), rows);
}

TEST_F(PeersTest, the_writer_keeps_its_rate_and_counts_what_was_confirmed) {
    double rate = 0;
    std::uint64_t confirmed = 0;
    auto const comments = std::stoull(source_->scalar("SELECT COUNT(*) FROM blog.wp_comments"));
    auto const metas = std::stoull(source_->scalar("SELECT COUNT(*) FROM blog.wp_postmeta"));
    {
        TenantWriter const writer(root(), 50, 7, table_sizes(kSize)[0].rows);
        rate = measure_rate(ten_minutes(), writer, milliseconds(2'000));
        confirmed = writer.rows_changed();
        EXPECT_EQ(writer.failures(), 0U);
    }
    EXPECT_GT(rate, 20.0);
    EXPECT_LT(rate, 60.0) << "faster than it was told";
    auto const inserted = std::stoull(source_->scalar("SELECT COUNT(*) FROM blog.wp_comments")) +
                          std::stoull(source_->scalar("SELECT COUNT(*) FROM blog.wp_postmeta")) -
                          comments - metas;
    EXPECT_GT(inserted, confirmed / 4) << "half of the statements insert";
    EXPECT_LT(inserted, confirmed * 3 / 4 + 5);
}

TEST_F(PeersTest, a_burst_changes_each_row_once) {
    auto const burst = write_burst(ten_minutes(), root(), 1'000, 30);
    ASSERT_TRUE(burst.ok()) << burst.error().message();
    EXPECT_EQ(
        source_->scalar("SELECT COUNT(*) FROM blog.wp_postmeta WHERE meta_value LIKE 'burst %'"),
        "1000");
    EXPECT_FALSE(write_burst(ten_minutes(), root(), 100'000'000, 50'000'000).ok())
        << "more rows than there are";
}

}  // namespace
}  // namespace aipress::bench
