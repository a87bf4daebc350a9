// The filter, whatever pieces the dump comes in; and gzip through it.
#include "backup/redirect.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <zlib.h>

#include "testing/status_matchers.h"

namespace aipress::backup {
namespace {

using testing::HasCode;
using testing::must;

constexpr std::string_view kKept =
    "-- MySQL dump\n"
    "INSERT INTO `wp_posts` VALUES (1,'\\nUSE `wordpress`;\\nCREATE DATABASE x');\n"
    "/*!50001 CREATE VIEW `v` AS SELECT 1 */;\n";
constexpr std::string_view kEnd = "-- Dump completed on 2026-01-02\n";

std::string dump_of(std::string_view database) {
    return fmt::format(
        "CREATE DATABASE /*!32312 IF NOT EXISTS*/ `{0}` /*!40100 DEFAULT CHARACTER SET utf8mb4 "
        "*/;\n\nUSE `{0}`;\n{1}USE `{0}`;\n{2}",
        database, kKept, kEnd);
}

std::string expected() {
    return fmt::format("\n{}{}", kKept, kEnd);
}

Result<std::string> filter(std::string const& database, std::string_view dump, std::size_t piece) {
    DatabaseNameFilter filter(database);
    std::string out;
    for (std::size_t at = 0; at < dump.size(); at += piece) {
        TRY(filter.add(dump.substr(at, piece), out));
    }
    TRY(filter.finish(out));
    return out;
}

std::string gzip(std::string_view text) {
    z_stream stream{};
    deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    std::string input(text);
    std::string out(deflateBound(&stream, text.size()) + 64, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(input.data());
    stream.avail_in = static_cast<uInt>(input.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

std::string gunzip(std::string compressed) {
    z_stream stream{};
    inflateInit2(&stream, 15 + 16);
    std::string out(32u << 20, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(compressed.data());
    stream.avail_in = static_cast<uInt>(compressed.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
    out.resize(stream.total_out);
    inflateEnd(&stream);
    return out;
}

Result<std::string> rewrite(std::string_view compressed, std::size_t piece) {
    DumpRewriter rewriter("wordpress");
    std::string out;
    for (std::size_t at = 0; at < compressed.size(); at += piece) {
        TRY(rewriter.add(compressed.substr(at, piece), out));
    }
    TRY(rewriter.finish(out));
    return out;
}

TEST(RedirectTest, OnlyTheDatabasesNameIsLeftOut) {
    for (auto const piece : {1u, 2u, 7u, 64u, 100'000u}) {
        EXPECT_EQ(must(filter("wordpress", dump_of("wordpress"), piece)), expected());
        EXPECT_EQ(must(filter("a`b", dump_of("a``b"), piece)), expected());
    }
    std::string const long_line = "INSERT INTO t VALUES ('" + std::string(100'000, 'x') + "');";
    EXPECT_EQ(must(filter("wordpress", long_line, 1'000)), long_line);
}

TEST(RedirectTest, ADumpOfAnotherDatabaseIsRefused) {
    EXPECT_THAT(filter("site", dump_of("wordpress"), 100), HasCode(ErrorCode::FailedPrecondition));
    EXPECT_THAT(filter("wordpress", "USE `mysql`;\n", 100), HasCode(ErrorCode::FailedPrecondition));
    // The last line too, which has no end.
    EXPECT_THAT(filter("wordpress", "x\nUSE `mysql`;", 100),
                HasCode(ErrorCode::FailedPrecondition));
    EXPECT_THAT(filter("wordpress", "CREATE DATABASE `wordpress2` ;\n", 100),
                HasCode(ErrorCode::FailedPrecondition));
}

TEST(RedirectTest, GzipGoesThroughInPieces) {
    auto const dump = dump_of("wordpress");
    auto const compressed = gzip(dump);
    for (auto const piece : {1u, 13u, 100'000u}) {
        EXPECT_EQ(gunzip(must(rewrite(compressed, piece))), expected()) << piece;
    }
    // More than a buffer holds, and very compressible.
    auto const large = std::string("-- ") + std::string(20u << 20, 'x') + "\n" + dump;
    EXPECT_EQ(gunzip(must(rewrite(gzip(large), 1'000))).size(),
              large.size() - dump.size() + expected().size());
    // Two gzips are one file.
    auto const half = dump.size() / 2;
    auto const two = gzip(dump.substr(0, half)) + gzip(dump.substr(half));
    EXPECT_EQ(gunzip(must(rewrite(two, 5))), expected());
}

TEST(RedirectTest, ADumpThatBreaksOffIsNone) {
    auto const compressed = gzip(dump_of("wordpress"));
    auto const shorter = compressed.substr(0, compressed.size() - 9);
    EXPECT_THAT(rewrite(shorter, 10), HasCode(ErrorCode::DataLoss));
    EXPECT_THAT(rewrite(gzip("USE `wordpress`;\n"), 10), HasCode(ErrorCode::DataLoss));
    EXPECT_THAT(rewrite("no gzip at all", 5), HasCode(ErrorCode::DataLoss));
    EXPECT_THAT(rewrite("", 5), HasCode(ErrorCode::DataLoss));
}

}  // namespace
}  // namespace aipress::backup
