#include "bench/wordpress_data.h"

#include <gtest/gtest.h>
#include <numeric>

#include "mysql/connection.h"

namespace aipress::bench {
namespace {

using testing::DatabaseServer;

Context ten_minutes() {
    static SystemClock clock;
    return {clock, Deadline::after(clock, milliseconds(600'000)), {}};
}

std::string checksum_of_all(DatabaseServer const& server, std::string const& database) {
    auto connection = server.connect_root(database);
    std::string all;
    for (auto const& [table, rows] : table_sizes(1)) {
        all +=
            connection.query(ten_minutes(), "CHECKSUM TABLE " + table)->text(0, "Checksum") + " ";
    }
    return all;
}

TEST(WordpressDataTest, the_seed_decides_every_row_and_the_size_holds) {
    auto started = DatabaseServer::start({});
    if (!started.ok() && started.error().code() == ErrorCode::NotFound) {
        GTEST_SKIP() << started.error().message();
    }
    ASSERT_TRUE(started.ok()) << started.error().message();
    auto const server = started.release();
    constexpr std::uint64_t kSize = 2'000'000;
    for (auto const& [name, seed] :
         {std::pair("one", 7), std::pair("same", 7), std::pair("other", 8)}) {
        auto const made =
            make_tenant(ten_minutes(), server, name, kSize, static_cast<unsigned>(seed));
        ASSERT_TRUE(made.ok()) << made.error().message();
    }
    EXPECT_EQ(checksum_of_all(server, "one"), checksum_of_all(server, "same"));
    EXPECT_NE(checksum_of_all(server, "one"), checksum_of_all(server, "other"));

    auto const sizes = table_sizes(kSize);
    auto const wanted = std::accumulate(sizes.begin(), sizes.end(), std::uint64_t{0},
                                        [](auto sum, auto const& size) { return sum + size.rows; });
    EXPECT_EQ(count_rows(ten_minutes(), server, "one").value(), wanted);
    auto const bytes = std::stod(server.scalar(
        "SELECT SUM(LENGTH(post_content)+LENGTH(post_title)+LENGTH(post_excerpt)+LENGTH(guid)) "
        "FROM one.wp_posts"));
    EXPECT_NEAR(bytes, 0.55 * kSize, 0.1 * kSize);
}

}  // namespace
}  // namespace aipress::bench
