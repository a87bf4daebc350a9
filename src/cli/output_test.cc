#include "cli/output.h"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>

#include "cli/commands.h"
#include "mover/report_json.h"

namespace aipress::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

mover::Report report() {
    mover::Report report;
    report.move_id = "m-1";
    report.source = "wp@db1:3306/wp";
    report.target = "wp@db2:3306/wp_new";
    report.state = mover::State::Standby;
    report.tables = 2;
    report.tables_copied = 2;
    report.rows_copied = 12'345;
    report.bytes_copied = 23'400'000;
    report.copy_ms = 61'000;
    report.lag_ms = 431;
    report.per_table = {{"wp_posts", 12'000, 23'000'000, 12'100, 23'100'000, 4, 12'000, "live"},
                        {"wp_log", 345, 400'000, 345, 0, 0, 345, "late"}};
    return report;
}

boost::json::object parsed(std::string const& text) {
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
    return boost::json::parse(text).as_object();
}

TEST(RenderReportTest, JsonIsOneObjectWithTheReportsFields) {
    auto const object = parsed(render_report(report(), Running::Yes, OutputFormat::Json));
    EXPECT_EQ(object.at("state"), "standby");
    EXPECT_EQ(object.at("rows_copied"), 12'345);
    EXPECT_EQ(object.at("running"), true);
    EXPECT_TRUE(object.at("refused").as_array().empty());
    EXPECT_TRUE(mover::report_from_json(object).ok());
    EXPECT_FALSE(
        parsed(render_report(report(), Running::NotSaid, OutputFormat::Json)).contains("running"));
}

TEST(RenderReportTest, TableForPeople) {
    auto const text = render_report(report(), Running::No, OutputFormat::Table);
    EXPECT_THAT(text, HasSubstr("state         standby\n"));
    EXPECT_THAT(text, HasSubstr("running       no\n"));
    EXPECT_THAT(text, HasSubstr("copied        12,345 rows, 23.4 MB\n"));
    EXPECT_THAT(text, HasSubstr("copying took  1 m 01 s\n"));
    EXPECT_THAT(text, Not(HasSubstr("fence")));
    EXPECT_THAT(text,
                HasSubstr("table     mode  rows copied  of about     bytes  changed  verified\n"
                          "wp_posts  live       12,000    12,100   23.0 MB        4    12,000\n"
                          "wp_log    late          345       345  400.0 kB        0       345\n"));
}

TEST(RenderReportTest, WhatWentWrongIsShown) {
    auto broken = report();
    broken.reverse_broken = true;
    broken.reverse_error = "DDL on the target";
    broken.writes_at_risk = 7;
    broken.error = "lost the source";
    broken.refused = {{"binlog-off", "log_bin", "no binary log", "switch it on"}};
    auto const text = render_report(broken, Running::No, OutputFormat::Table);
    EXPECT_THAT(text, HasSubstr("BROKEN: DDL on the target; 7 change(s) at risk"));
    EXPECT_THAT(text, HasSubstr("stopped by    lost the source"));
    EXPECT_THAT(
        text,
        HasSubstr("binlog-off  log_bin  no binary log\n                     fix: switch it on\n"));
}

mover::PreflightReport findings() {
    mover::PreflightReport report;
    report.findings = {{mover::Severity::Fault, "binlog-off", "source", "log_bin", "no binary log",
                        "log_bin = ON"},
                       {mover::Severity::Notice, "global-writer", "source", "root@localhost",
                        "is held off by table locks only", ""}};
    report.source_accounts.tenant = {{"wp", "%", true}};
    return report;
}

TEST(RenderPreflightTest, TableAndJson) {
    auto const text = render_preflight(findings(), OutputFormat::Table);
    EXPECT_THAT(text, HasSubstr("severity  code           side    object          message\n"));
    EXPECT_THAT(text, HasSubstr("1 fault(s): the move is refused"));
    auto const object = parsed(render_preflight(findings(), OutputFormat::Json));
    EXPECT_EQ(object.at("passed"), false);
    EXPECT_EQ(object.at("findings").as_array().at(0).at("code"), "binlog-off");
    EXPECT_EQ(object.at("source_accounts").as_array().at(0).at("account"), "wp@%");
    EXPECT_THAT(render_preflight({}, OutputFormat::Table), HasSubstr("the move can start"));
}

TEST(RenderComparisonTest, EqualAndDifferent) {
    mover::CompareReport compared;
    compared.tables = 2;
    compared.rows = 12'345;
    compared.verify_ms = 950;
    EXPECT_EQ(render_comparison(compared, OutputFormat::Table),
              "2 tables, 12,345 rows compared in 950 ms: equal\n");
    compared.difference_count = 101;
    compared.differences = {{"wp_posts", "(17)", "missing on target"}};
    EXPECT_EQ(render_comparison(compared, OutputFormat::Table),
              "table     key   difference\n"
              "wp_posts  (17)  missing on target\n"
              "\n"
              "and 100 more\n"
              "2 tables, 12,345 rows compared in 950 ms: 101 differences\n");
    auto const object = parsed(render_comparison(compared, OutputFormat::Json));
    EXPECT_EQ(object.at("differences"), 101);
    EXPECT_EQ(object.at("difference_list").as_array().at(0).at("key"), "(17)");
}

TEST(RenderPlanTest, SaysWhatWouldBeDoneWithWhichTable) {
    mysql::Schema schema;
    schema.tables.resize(2);
    schema.tables[0].name = "wp_log";
    schema.tables[1].name = "wp_posts";
    schema.tables[1].key = {0};
    schema.tables[1].row_estimate = 1'200;
    schema.tables[1].data_bytes = 2'000'000;
    mover::MoveOptions options;
    options.switch_when = mover::SwitchWhen::Manual;
    auto const text = render_plan(findings(), schema, options, OutputFormat::Table);
    EXPECT_THAT(text, HasSubstr("wp_log    late            0     0 B\n"
                                "wp_posts  live        1,200  2.0 MB\n"
                                "total                 1,200  2.0 MB\n"));
    EXPECT_THAT(text, HasSubstr("stay in step until 'database switch'"));
    EXPECT_THAT(text, HasSubstr("Nothing was changed."));
    auto const object = parsed(render_plan(findings(), schema, options, OutputFormat::Json));
    EXPECT_EQ(object.at("dry_run"), true);
    EXPECT_EQ(object.at("tables").as_array().at(0).at("mode"), "late");
    EXPECT_EQ(object.at("preflight").at("passed"), false);
}

TEST(FailureTest, NamesTheNextCommand) {
    EXPECT_EQ(render_failure("what", ""), "error: what\n");
    EXPECT_EQ(render_failure("what", "aipress --help"), "error: what\nnext: aipress --help\n");
    EXPECT_EQ(exit_code({ErrorCode::InvalidArgument, ""}), 2);
    EXPECT_EQ(exit_code({ErrorCode::Unavailable, ""}), 1);
}

TEST(CommandTextTest, CanBePastedBack) {
    DatabaseArguments arguments;
    arguments.journal = "my journal";
    arguments.move_options_text = "--source mysql://wp@db1/wp --target mysql://wp@db2/wp";
    EXPECT_EQ(command_text(Verb::Move, arguments),
              "aipress database move --journal 'my journal' --source mysql://wp@db1/wp --target "
              "mysql://wp@db2/wp");
    EXPECT_EQ(command_text(Verb::Finalize, arguments, report()),
              "aipress database finalize --journal 'my journal' --source "
              "mysql://wp@db1:3306/wp --target mysql://wp@db2:3306/wp_new --confirm wp");
}

TEST(DatabaseNameTest, IsWhatFollowsThePort) {
    EXPECT_EQ(database_of("wp@db1:3306/wp"), "wp");
    EXPECT_EQ(database_of("a/b@db1:3306/wp"), "wp");
    EXPECT_EQ(database_of("wp@db1:3306/a/b@c"), "a/b@c");
    EXPECT_EQ(database_of("wp@::1:3306/wp"), "wp");
    EXPECT_EQ(database_of(""), "");
}

TEST(TypedNameTest, HasToBeTheMovedDatabase) {
    EXPECT_TRUE(check_typed_name("--confirm", "wp", report()).ok());
    auto const wrong = check_typed_name("--confirm", "wp_new", report());
    ASSERT_FALSE(wrong.ok());
    EXPECT_EQ(wrong.error().message(), "--confirm says 'wp_new', but this journal moves 'wp'");
    EXPECT_EQ(exit_code(wrong.error()), 2);
    EXPECT_FALSE(check_typed_name("--confirm", "", report()).ok());
}

}  // namespace
}  // namespace aipress::cli
