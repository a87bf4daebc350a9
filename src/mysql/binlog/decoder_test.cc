#include "mysql/binlog/decoder.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <random>
#include <zstd.h>

#include "testing/binlog_events.h"

namespace aipress::mysql::binlog {
namespace {

using testing::BodyBuilder;
using testing::Bytes;
using testing::Checksums;
using testing::make_event;
using testing::make_format_description;
using Kind = ColumnValue::Kind;

constexpr std::uint8_t kInt = 3;
constexpr std::uint8_t kVarChar = 15;
constexpr std::uint8_t kJson = 245;
constexpr std::uint8_t kTableMap = 19;
constexpr unsigned kStatementEnd = 1;

TableInterest everything(std::string_view, std::string_view) {
    return {true, {}};
}

// Table id 42, shop.t (id INT, name VARCHAR(20), more JSON).
Bytes table_map_body(std::uint64_t id = 42) {
    return testing::make_table_map_body(id, "shop", "t",
                                        {{kInt}, {kVarChar, {20, 0}}, {kJson, {4}}});
}

class DecoderTest : public ::testing::Test {
protected:
    void begin(Checksums checksums, std::string_view version = "10.11.6-MariaDB-log") {
        checksums_ = checksums;
        ASSERT_TRUE(decoder_.decode(make_format_description(version, checksums)).ok());
    }

    Result<std::vector<Event>> decode(std::uint8_t type, Bytes const& body,
                                      std::uint16_t flags = 0) {
        return decoder_.decode(make_event({.type = type, .flags = flags}, body, checksums_));
    }

    template <typename Body>
    Body body_of(std::uint8_t type, Bytes const& body) {
        auto const events = decode(type, body);
        if (!events.ok() || events.value().size() != 1 ||
            !std::holds_alternative<Body>(events.value()[0].body)) {
            ADD_FAILURE() << (events.ok() ? "another event" : events.error().message());
            return {};
        }
        return std::get<Body>(events.value()[0].body);
    }

    ErrorCode error_of(std::uint8_t type, Bytes const& body) {
        auto const events = decode(type, body);
        EXPECT_FALSE(events.ok());
        return events.ok() ? ErrorCode::Unknown : events.error().code();
    }

    Decoder decoder_{everything};
    Checksums checksums_ = Checksums::Crc32;
};

BodyBuilder rows_head(unsigned flags = kStatementEnd, std::uint64_t id = 42) {
    BodyBuilder body;
    body.number(id, 6).number(flags, 2);
    return body;
}

Bytes query_body(std::string_view schema, Bytes const& text) {
    BodyBuilder body;
    body.number(5, 4).number(0, 4).number(schema.size(), 1).number(0, 2).number(3, 2);
    return body.bytes({1, 2, 3}).text(schema).number(0, 1).bytes(text).body();
}

Bytes query_body(std::string_view text) {
    return query_body("shop", BodyBuilder().text(text).body());
}

TEST_F(DecoderTest, HeaderFieldsAreGiven) {
    begin(Checksums::Crc32);
    auto const events = decode(16, BodyBuilder().number(99, 8).body());
    ASSERT_TRUE(events.ok());
    EXPECT_EQ(events.value().at(0).timestamp, 1'600'000'000U);
    EXPECT_EQ(events.value().at(0).server_id, 7U);
    EXPECT_EQ(events.value().at(0).end_offset, 1000U);
    EXPECT_TRUE(std::holds_alternative<Commit>(events.value().at(0).body));
}

TEST_F(DecoderTest, AWrongChecksumIsDataLoss) {
    begin(Checksums::Crc32);
    Bytes event = make_event({.type = 16}, BodyBuilder().number(99, 8).body(), Checksums::Crc32);
    for (std::size_t i = 0; i < event.size(); ++i) {
        Bytes damaged = event;
        damaged[i] ^= std::byte{0x10};
        auto const events = decoder_.decode(damaged);
        ASSERT_FALSE(events.ok()) << i;
        EXPECT_EQ(events.error().code(), ErrorCode::DataLoss) << i;
    }
    EXPECT_TRUE(decoder_.decode(event).ok());
}

TEST_F(DecoderTest, ChecksumsOffAreNotExpected) {
    begin(Checksums::Off);
    EXPECT_EQ(body_of<Query>(2, query_body("DROP TABLE x")).text, "DROP TABLE x");
}

TEST_F(DecoderTest, AServerFromBeforeChecksumsHasNone) {
    BodyBuilder body;
    body.number(4, 2).text("5.5.62").number(0, 44).number(0, 4).number(19, 1);
    for (int type = 1; type <= 27; ++type) body.number(8, 1);
    ASSERT_TRUE(decoder_.decode(make_event({.type = 15}, body.body(), Checksums::Off)).ok());
    checksums_ = Checksums::Off;
    EXPECT_EQ(body_of<Query>(2, query_body("DROP TABLE x")).text, "DROP TABLE x");
}

TEST_F(DecoderTest, TheFirstRotateMayOrMayNotHaveAChecksum) {
    Bytes const body = BodyBuilder().number(777, 8).text("bin.000003").body();
    for (Checksums const checksums : {Checksums::Off, Checksums::Crc32}) {
        checksums_ = checksums;
        auto const rotate = body_of<Rotate>(4, body);
        EXPECT_EQ(rotate.file, "bin.000003");
        EXPECT_EQ(rotate.offset, 777U);
    }
}

TEST_F(DecoderTest, NothingElseComesBeforeTheFormatDescription) {
    EXPECT_EQ(error_of(2, query_body("COMMIT")), ErrorCode::DataLoss);
}

TEST_F(DecoderTest, CommitAndRollbackEndATransactionOtherTextsAreQueries) {
    begin(Checksums::Crc32);
    for (auto const* text : {"COMMIT", "commit", "ROLLBACK"}) body_of<Commit>(2, query_body(text));
    for (auto const* text : {"BEGIN", "ROLLBACK TO `sp`", "COMMIT AND CHAIN", "XA COMMIT 'x'"}) {
        EXPECT_EQ(body_of<Query>(2, query_body(text)).text, text);
    }
    EXPECT_EQ(body_of<Query>(2, query_body("BEGIN")).schema, "shop");
}

TEST_F(DecoderTest, MariaDbCompressedQueries) {
    begin(Checksums::Crc32);
    Bytes const text = BodyBuilder().text("CREATE TABLE t (id INT)").body();
    EXPECT_EQ(body_of<Query>(165, query_body("shop", testing::mariadb_compressed(text))).text,
              "CREATE TABLE t (id INT)");
    EXPECT_EQ(error_of(165, query_body("shop", text)), ErrorCode::DataLoss);
}

TEST_F(DecoderTest, XaPrepareUnlessItCommitsInOnePhase) {
    begin(Checksums::Crc32);
    body_of<XaPrepare>(38, BodyBuilder().bytes({0, 1, 0, 0, 0}).body());
    body_of<Commit>(38, BodyBuilder().bytes({1, 1, 0, 0, 0}).body());
}

TEST_F(DecoderTest, EventsThatChangeNothingAreIgnored) {
    begin(Checksums::Crc32);
    for (unsigned const type :
         {3U, 5U, 13U, 14U, 28U, 29U, 33U, 34U, 35U, 36U, 37U, 42U, 160U, 161U, 162U, 163U}) {
        auto const ignored = body_of<Ignored>(static_cast<std::uint8_t>(type), Bytes(3));
        EXPECT_EQ(ignored.type, type);
    }
    body_of<Heartbeat>(27, BodyBuilder().text("bin.000001").body());
    body_of<Heartbeat>(41, Bytes(4));
}

TEST_F(DecoderTest, EventsThatMayHideAChangeAreUnimplemented) {
    begin(Checksums::Crc32);
    for (unsigned const type : {0U, 1U, 6U, 7U, 8U, 9U, 10U, 11U, 12U, 17U, 18U, 20U, 21U, 22U, 26U,
                                43U, 159U, 172U, 255U}) {
        EXPECT_EQ(error_of(static_cast<std::uint8_t>(type), Bytes(8)), ErrorCode::Unimplemented)
            << type;
    }
}

TEST_F(DecoderTest, AnUnknownEventMayBeMarkedAsIgnorable) {
    begin(Checksums::Crc32);
    auto const events = decode(99, Bytes(8), 0x80);
    ASSERT_TRUE(events.ok());
    EXPECT_EQ(std::get<Ignored>(events.value().at(0).body).type, 99);
}

TEST_F(DecoderTest, InsertsWithNulls) {
    begin(Checksums::Crc32);
    body_of<Ignored>(kTableMap, table_map_body());
    EXPECT_TRUE(decoder_.in_statement());
    auto const body = rows_head().number(3, 1).bytes({0x07});
    Bytes const image = BodyBuilder(body)
                            .bytes({0x04})
                            .number(5, 4)
                            .bytes({2, 'h', 'i'})
                            .bytes({0x06})
                            .number(6, 4)
                            .body();
    auto const rows = body_of<Rows>(23, image);
    EXPECT_FALSE(decoder_.in_statement());
    EXPECT_EQ(rows.kind, RowsKind::Insert);
    EXPECT_TRUE(rows.ends_statement);
    EXPECT_EQ(rows.table->schema, "shop");
    EXPECT_EQ(rows.table->table, "t");
    ASSERT_EQ(rows.changes.size(), 2U);
    EXPECT_FALSE(rows.changes[0].before.has_value());
    EXPECT_EQ(rows.changes[0].after->at(0).integer, 5U);
    EXPECT_EQ(rows.changes[0].after->at(1).bytes, "hi");
    EXPECT_EQ(rows.changes[0].after->at(2).kind, Kind::Null);
    EXPECT_EQ(rows.changes[1].after->at(1).kind, Kind::Null);
}

// MINIMAL: the key before, the changed column after. The bitmaps of NULLs count present columns.
TEST_F(DecoderTest, PartialImagesOfAnUpdateInVersion2) {
    begin(Checksums::Crc32, "8.0.28");
    body_of<Ignored>(kTableMap, table_map_body());
    Bytes const body = rows_head()
                           .number(5, 2)
                           .bytes({9, 9, 9})
                           .number(3, 1)
                           .bytes({0x01, 0x02})
                           .bytes({0x00})
                           .number(5, 4)
                           .bytes({0x00, 2, 'h', 'i'})
                           .body();
    auto const rows = body_of<Rows>(31, body);
    ASSERT_EQ(rows.changes.size(), 1U);
    EXPECT_EQ(rows.changes[0].before->at(0).integer, 5U);
    EXPECT_EQ(rows.changes[0].before->at(1).kind, Kind::Absent);
    EXPECT_EQ(rows.changes[0].after->at(0).kind, Kind::Absent);
    EXPECT_EQ(rows.changes[0].after->at(1).bytes, "hi");
    EXPECT_EQ(rows.changes[0].after->at(2).kind, Kind::Absent);
}

TEST_F(DecoderTest, APartOfADocumentIsNotItsValue) {
    begin(Checksums::Crc32, "8.0.28");
    for (unsigned const options : {0U, 1U}) {
        body_of<Ignored>(kTableMap, table_map_body());
        BodyBuilder body = rows_head().number(2, 2).number(3, 1).bytes({0x01, 0x05});
        body.bytes({0x00}).number(5, 4).number(options, 1);
        if (options == 1) body.bytes({0x01});  // one JSON column, in parts
        body.bytes({0x00}).number(6, 4).number(3, 4).bytes({7, 8, 9});
        auto const rows = body_of<Rows>(39, body.body());
        ASSERT_EQ(rows.changes.size(), 1U);
        EXPECT_EQ(rows.changes[0].after->at(0).integer, 6U);
        EXPECT_EQ(rows.changes[0].after->at(2).kind, options == 1 ? Kind::Absent : Kind::Bytes);
    }
}

TEST_F(DecoderTest, MariaDbCompressedRows) {
    begin(Checksums::Crc32);
    Bytes const row = BodyBuilder().bytes({0x06}).number(5, 4).body();
    for (unsigned const type : {166U, 168U, 169U, 171U}) {
        body_of<Ignored>(kTableMap, table_map_body());
        BodyBuilder body = rows_head();
        if (type >= 169) body.number(2, 2);
        body.number(3, 1).bytes({0x07}).bytes(testing::mariadb_compressed(row));
        auto const rows = body_of<Rows>(static_cast<std::uint8_t>(type), body.body());
        ASSERT_EQ(rows.changes.size(), 1U);
        auto const& change = rows.changes[0];
        EXPECT_EQ((change.after ? *change.after : *change.before).at(0).integer, 5U);
    }
}

TEST_F(DecoderTest, ARowWithoutColumnsIsStillARow) {
    begin(Checksums::Crc32);
    body_of<Ignored>(kTableMap, table_map_body());
    Bytes const body = rows_head(0).number(3, 1).bytes({0x00}).body();
    auto const rows = body_of<Rows>(23, body);
    ASSERT_EQ(rows.changes.size(), 1U);
    EXPECT_EQ(rows.changes[0].after->at(0).kind, Kind::Absent);
    EXPECT_EQ(error_of(23, BodyBuilder(rows_head()).number(3, 1).bytes({0x00, 0x01}).body()),
              ErrorCode::DataLoss);
}

TEST_F(DecoderTest, OnlyWantedColumnsAndTablesAreGiven) {
    Decoder chooser([](std::string_view schema, std::string_view table) {
        return TableInterest{schema == "shop" && table == "t", {true}};
    });
    ASSERT_TRUE(chooser.decode(make_format_description("8.0.28", Checksums::Off)).ok());
    auto const feed = [&](std::uint8_t type, Bytes const& body) {
        auto events = chooser.decode(make_event({.type = type}, body, Checksums::Off));
        EXPECT_TRUE(events.ok());
        return events.release().at(0).body;
    };
    // A column type that nobody knows is no obstacle in a table that nobody wants.
    feed(kTableMap, testing::make_table_map_body(43, "shop", "other", {{200}}));
    feed(kTableMap, table_map_body());
    Bytes const image = BodyBuilder(rows_head(0))
                            .number(3, 1)
                            .bytes({0x03, 0x00})
                            .number(5, 4)
                            .bytes({2, 'h', 'i'})
                            .body();
    auto const rows = std::get<Rows>(feed(23, image));
    EXPECT_EQ(rows.changes.at(0).after->at(0).integer, 5U);
    EXPECT_EQ(rows.changes.at(0).after->at(1).kind, Kind::Absent);
    EXPECT_TRUE(std::holds_alternative<Ignored>(feed(23, rows_head(0, 43).body())));
}

TEST_F(DecoderTest, RowsNeedTheTableMapOfTheirStatement) {
    begin(Checksums::Crc32);
    Bytes const body = BodyBuilder(rows_head()).number(3, 1).bytes({0x01, 0x01}).body();
    EXPECT_EQ(error_of(23, body), ErrorCode::DataLoss);
    body_of<Ignored>(kTableMap, table_map_body());
    body_of<Rows>(23, body);
    EXPECT_EQ(error_of(23, body), ErrorCode::DataLoss);
}

TEST_F(DecoderTest, ADummyRowEventOnlyEndsItsStatement) {
    begin(Checksums::Crc32);
    body_of<Ignored>(23, rows_head(kStatementEnd, 0xffffff).body());
}

TEST_F(DecoderTest, RowsThatDifferFromTheirTableMapAreDataLoss) {
    begin(Checksums::Crc32);
    body_of<Ignored>(kTableMap, table_map_body());
    EXPECT_EQ(error_of(23, BodyBuilder(rows_head(0)).number(4, 1).bytes({0x0f}).body()),
              ErrorCode::DataLoss);
}

TEST_F(DecoderTest, AColumnTypeThatNobodyKnowsStopsAWantedTable) {
    begin(Checksums::Crc32);
    EXPECT_EQ(error_of(kTableMap, testing::make_table_map_body(1, "a", "b", {{200}})),
              ErrorCode::Unimplemented);
}

Bytes payload_body(Bytes const& events, unsigned compression) {
    BodyBuilder body;
    Bytes packed = events;
    if (compression == 0) {
        packed.resize(ZSTD_compressBound(events.size()));
        packed.resize(ZSTD_compress(packed.data(), packed.size(), events.data(), events.size(), 3));
    }
    body.bytes({2, compression == 255 ? 3U : 1U});
    if (compression == 255) body.bytes({0xfc, 255, 0});
    if (compression == 0) body.bytes({0});
    body.bytes({3, 3, 0xfc}).number(events.size(), 2);
    body.bytes({1, 3, 0xfc}).number(packed.size(), 2);
    return body.bytes({0}).bytes(packed).body();
}

TEST_F(DecoderTest, AllEventsOfAPayloadAreGiven) {
    begin(Checksums::Crc32, "8.0.28");
    BodyBuilder inner;
    inner.bytes(make_event({.type = 2, .end_offset = 0}, query_body("BEGIN"), Checksums::Off));
    inner.bytes(make_event({.type = kTableMap}, table_map_body(), Checksums::Off));
    Bytes const rows =
        rows_head().number(2, 2).number(3, 1).bytes({0x01, 0x00}).number(5, 4).body();
    inner.bytes(make_event({.type = 30}, rows, Checksums::Off));
    inner.bytes(make_event({.type = 16}, Bytes(8), Checksums::Off));
    for (unsigned const compression : {0U, 255U}) {
        auto const events = decode(40, payload_body(inner.body(), compression));
        ASSERT_TRUE(events.ok()) << events.error().message();
        ASSERT_EQ(events.value().size(), 4U);
        EXPECT_EQ(std::get<Query>(events.value()[0].body).text, "BEGIN");
        EXPECT_EQ(std::get<Rows>(events.value()[2].body).changes.at(0).after->at(0).integer, 5U);
        EXPECT_TRUE(std::holds_alternative<Commit>(events.value()[3].body));
        for (Event const& event : events.value()) EXPECT_EQ(event.end_offset, 1000U);
    }
}

TEST_F(DecoderTest, APayloadOfOtherSizeOrKindIsRefused) {
    begin(Checksums::Crc32, "8.0.28");
    Bytes const xid = make_event({.type = 16}, Bytes(8), Checksums::Off);
    Bytes longer = payload_body(xid, 0);
    longer.push_back(std::byte{0});
    EXPECT_EQ(error_of(40, longer), ErrorCode::DataLoss);
    EXPECT_EQ(error_of(40, payload_body(xid, 7)), ErrorCode::Unimplemented);
    // A payload inside a payload does not exist.
    Bytes const nested = make_event({.type = 40}, payload_body(xid, 0), Checksums::Off);
    EXPECT_EQ(error_of(40, payload_body(nested, 0)), ErrorCode::Unimplemented);
}

// A claim of a gigabyte in a few bytes must not be believed.
TEST_F(DecoderTest, AnImpossibleUnpackedSizeIsDataLoss) {
    begin(Checksums::Crc32);
    EXPECT_EQ(
        error_of(165,
                 query_body("shop",
                            BodyBuilder().bytes({0x84, 0x3f, 0xff, 0xff, 0xff, 1, 2, 3}).body())),
        ErrorCode::DataLoss);
}

TEST(DecoderLimitsTest, MoreThanTheyAllowIsResourceExhausted) {
    Decoder decoder(everything, {.cells = 8, .unpacked_bytes = 100});
    ASSERT_TRUE(decoder.decode(make_format_description("8.0.28", Checksums::Off)).ok());
    auto const error_of = [&](std::uint8_t type, Bytes const& body) {
        auto const events = decoder.decode(make_event({.type = type}, body, Checksums::Off));
        return events.ok() ? ErrorCode::Unknown : events.error().code();
    };
    error_of(kTableMap, table_map_body());
    // Three columns a row: two rows fit, three do not.
    BodyBuilder two = rows_head(0).number(3, 1).bytes({0x01});
    for (int row = 0; row < 2; ++row) two.bytes({0x01});
    EXPECT_EQ(error_of(23, two.body()), ErrorCode::Unknown);
    EXPECT_EQ(error_of(23, BodyBuilder(two).bytes({0x01}).body()), ErrorCode::ResourceExhausted);

    Bytes const zeros(101);
    Bytes const query = query_body("shop", testing::mariadb_compressed(zeros));
    EXPECT_EQ(error_of(165, query), ErrorCode::ResourceExhausted);
    EXPECT_EQ(error_of(40, payload_body(zeros, 0)), ErrorCode::ResourceExhausted);
}

std::filesystem::path fixture(std::string const& name) {
    char const* const shared = std::getenv("AIPRESS_SHARED_DIR");
    char const* const source = std::getenv("AIPRESS_SOURCE_DIR");
    std::filesystem::path const root =
        shared != nullptr ? std::filesystem::path(shared)
                          : std::filesystem::path(source != nullptr ? source : ".") / "../shared";
    return root / "fixtures" / "binlog" / name;
}

TEST(DecoderFixtureTest, ALogOfMySql57) {
    auto const path = fixture("mysql-bin.checksum-crc32");
    if (!exists(path)) GTEST_SKIP() << "no recorded log at " << path;
    auto const events = decode_file(path.string(), everything);
    ASSERT_TRUE(events.ok()) << events.error().message();
    std::size_t changes = 0;
    std::size_t commits = 0;
    for (Event const& event : events.value()) {
        if (auto const* rows = std::get_if<Rows>(&event.body)) changes += rows->changes.size();
        if (std::holds_alternative<Commit>(event.body)) ++commits;
    }
    EXPECT_EQ(events.value().size(), 303U);
    EXPECT_EQ(changes, 63U);
    EXPECT_EQ(commits, 60U);
}

TEST(DecoderFixtureTest, ACompressedTransactionOfMySql80) {
    auto const path = fixture("mysql-bin.compressed");
    if (!exists(path)) GTEST_SKIP() << "no recorded log at " << path;
    auto const events = decode_file(path.string(), everything);
    ASSERT_TRUE(events.ok()) << events.error().message();
    auto const found = std::ranges::find_if(events.value(), [](Event const& event) {
        return std::holds_alternative<Rows>(event.body);
    });
    ASSERT_NE(found, events.value().end());
    auto const& rows = std::get<Rows>(found->body);
    EXPECT_EQ(rows.kind, RowsKind::Update);
    EXPECT_EQ(rows.table->schema + "." + rows.table->table, "demo.movies");
    EXPECT_EQ(rows.changes.at(0).before->at(1).bytes, "Once Upon a Time in the West");
    EXPECT_EQ(rows.changes.at(0).before->at(4).bytes, "Western");
    EXPECT_EQ(rows.changes.at(0).after->at(4).bytes, "Western|Action");
}

TEST(DecoderFixtureTest, WhatIsNoLogIsSaidSo) {
    EXPECT_EQ(decode_file("no-such-file", everything).error().code(), ErrorCode::NotFound);
    EXPECT_EQ(decode_file("/dev/null", everything).error().code(), ErrorCode::DataLoss);
}

}  // namespace
}  // namespace aipress::mysql::binlog
