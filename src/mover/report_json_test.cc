#include "mover/report_json.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>
#include <limits>

namespace aipress::mover {
namespace {

Report full_report() {
    Report report;
    report.move_id = "m-1";
    report.source = "wp@db1:3306/wp";
    report.target = "wp@db2:3306/wp";
    report.state = State::CatchingUp;
    report.owner = "target";
    report.paused = true;
    report.throttled_by = "lag 31 s";
    report.rows_copied = std::numeric_limits<std::uint64_t>::max();
    report.bytes_copied = 1ull << 63;
    report.rounds = 7;
    report.fence_ms = -1;
    report.lag_ms = 431;
    report.reverse_broken = true;
    report.reverse_error = "DDL: \"ALTER\"\n\xc3\xa9";
    report.writes_at_risk = 12;
    report.refused = {{"binlog-off", "log_bin", "no binary log", "switch it on"}};
    report.per_table = {{"wp_posts", 1, 2, 3, 4, 5, 6, "live"},
                        {"wp_log", 7, 8, 9, 10, 11, 12, "late"}};
    report.error = "why";
    return report;
}

TEST(ReportJsonTest, ComesBackAsItWas) {
    auto const text = boost::json::serialize(to_json(full_report()));
    auto const read = report_from_json(boost::json::parse(text).as_object());
    ASSERT_TRUE(read.ok()) << read.error().message();
    EXPECT_EQ(read->rows_copied, std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(read->bytes_copied, 1ull << 63);
    EXPECT_EQ(read->state, State::CatchingUp);
    EXPECT_EQ(read->reverse_error, full_report().reverse_error);
    ASSERT_EQ(read->per_table.size(), 2u);
    EXPECT_EQ(read->per_table[1].mode, "late");
    EXPECT_EQ(read->refused.at(0).fix, "switch it on");
    EXPECT_EQ(boost::json::serialize(to_json(read.value())), text);
}

TEST(ReportJsonTest, HasTheFieldsThatWerePromised) {
    auto const object = to_json(full_report());
    for (auto const* field : {"state", "tables", "rows_copied", "bytes_copied", "rows_changed",
                              "rounds", "fence_ms", "verified_rows", "differences", "copy_ms",
                              "catchup_ms", "verify_ms", "lag_ms", "refused"}) {
        EXPECT_TRUE(object.contains(field)) << field;
    }
    EXPECT_EQ(object.at("state").as_string(), "catching_up");
}

TEST(ReportJsonTest, WrongFieldsAreNamed) {
    auto const error_after = [](auto change) {
        auto object = to_json(full_report());
        change(object);
        auto const read = report_from_json(object);
        return read.ok() ? std::string("no error") : read.error().message();
    };
    EXPECT_EQ(error_after([](auto& o) { o.erase("rounds"); }), "$.rounds: missing");
    EXPECT_EQ(error_after([](auto& o) { o["state"] = "flying"; }),
              "$.state: expected the name of a state");
    EXPECT_EQ(error_after([](auto& o) { o["rounds"] = -1; }),
              "$.rounds: expected an integer in range");
    EXPECT_EQ(error_after([](auto& o) { o["rounds"] = 1.5; }),
              "$.rounds: expected an integer in range");
    EXPECT_EQ(error_after([](auto& o) { o["paused"] = 1; }), "$.paused: expected true or false");
    EXPECT_EQ(error_after([](auto& o) { o["per_table"].as_array()[1].as_object().erase("mode"); }),
              "$.per_table[1].mode: missing");
    EXPECT_EQ(error_after([](auto& o) { o["refused"] = "none"; }), "$.refused: expected an array");
    EXPECT_EQ(error_after([](auto& o) { o["a_later_field"] = 1; }), "no error");
}

TEST(StateNameTest, EveryStateHasOneAndComesBack) {
    for (int number = 0; number <= static_cast<int>(State::RolledBack); ++number) {
        auto const state = static_cast<State>(number);
        EXPECT_NE(to_string(state), "unknown");
        EXPECT_EQ(state_from_string(to_string(state)), state);
    }
    EXPECT_EQ(state_from_string("unknown"), std::nullopt);
}

}  // namespace
}  // namespace aipress::mover
