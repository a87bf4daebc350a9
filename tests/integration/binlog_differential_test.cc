// The decoder against two other readers, on logs of random changes to every column type: the
// server's own tool, line by line, and SELECT, value by value.
#include <cstdlib>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <iostream>
#include <map>

#include "base/subprocess.h"
#include "mysql/binlog/decoder.h"
#include "mysql/binlog/stream.h"
#include "testing/database_server.h"
#include "tests/integration/binlog_rendering.h"
#include "tests/integration/binlog_workload.h"

namespace aipress::mysql::binlog {
namespace {

using testing::Comparison;
using testing::DatabaseServer;
using testing::Random;
using testing::WorkloadColumn;
using testing::WorkloadTable;

constexpr int kStatementsPerPhase = 120;

std::uint64_t chosen_seed() {
    char const* const given = std::getenv("AIPRESS_SEED");
    return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
}

// Rows by key, as the log says they are; merged, as MINIMAL images hold only what changed.
using TableState = std::map<std::int64_t, RowImage>;

void merge(RowImage& row, RowImage const& change) {
    for (std::size_t i = 0; i < change.size(); ++i) {
        if (change[i].kind != ColumnValue::Kind::Absent) row[i] = change[i];
    }
}

void apply(TableState& state, RowChange const& change) {
    RowImage row;
    if (change.before) {
        auto const node = state.extract(change.before->at(0).as_signed());
        ASSERT_FALSE(node.empty()) << "a change of a row that is not there";
        row = node.mapped();
    }
    if (!change.after) return;
    row.resize(change.after->size());
    merge(row, *change.after);
    state[row.at(0).as_signed()] = row;
}

std::string expected_text(ColumnValue const& value, WorkloadColumn const& column) {
    switch (column.comparison) {
        case Comparison::Signed:
            return std::to_string(value.as_signed());
        case Comparison::Unsigned:
            return fmt::format("{:04}", value.as_unsigned()) == "0000" &&
                           column.definition == "YEAR"
                       ? "0000"
                       : std::to_string(value.as_unsigned());
        case Comparison::Number:
            return std::to_string(value.as_unsigned());
        case Comparison::Bytes: {
            std::string bytes = value.bytes;
            if (column.pad_to > bytes.size()) bytes.resize(column.pad_to, '\0');
            return bytes;
        }
        default:
            return value.bytes;
    }
}

void expect_same(ColumnValue const& logged, Value const& selected, WorkloadColumn const& column,
                 std::string const& where) {
    if (logged.kind == ColumnValue::Kind::Absent || column.comparison == Comparison::None) return;
    ASSERT_EQ(logged.kind == ColumnValue::Kind::Null, !selected.has_value()) << where;
    if (!selected) return;
    if (column.comparison == Comparison::Real) {
        EXPECT_EQ(logged.real, std::strtod(selected->c_str(), nullptr)) << where;
    } else {
        EXPECT_EQ(expected_text(logged, column), *selected) << where << " " << column.definition;
    }
}

class BinlogDifferentialTest : public ::testing::TestWithParam<testing::ServerKind> {
protected:
    void SetUp() override {
        auto started = DatabaseServer::start({.kind = GetParam(), .settings = {"sql_mode="}});
        if (!started.ok()) GTEST_SKIP() << "engine: " << started.error().message();
        server_ = std::make_unique<DatabaseServer>(started.release());
        seed_ = chosen_seed();
        std::cout << "AIPRESS_SEED=" << seed_ << "\n";
        random_.seed(seed_);
        tables_ = testing::workload_tables(is_mariadb() ? testing::Dialect::MariaDb
                                                        : testing::Dialect::MySql56);
        server_->execute("CREATE DATABASE work");
        connection_ = std::make_unique<Connection>(server_->connect_root("work"));
        run("SET SESSION sql_mode=''");
        for (WorkloadTable const& table : tables_) run(table.create_sql());
    }

    [[nodiscard]] bool is_mariadb() const { return GetParam() == testing::ServerKind::MariaDb; }

    Context context() {
        return {clock_, Deadline::after(clock_, milliseconds(60'000)), std::stop_token()};
    }

    void run(std::string const& sql) {
        auto const result = connection_->execute(context(), sql);
        ASSERT_TRUE(result.ok()) << result.error().message() << "\n" << sql;
    }

    std::string log_path() {
        auto const position = current_position(context(), *connection_);
        return (server_->data_directory() / position.value().file).string();
    }

    // Random changes, in a log file of their own; the file's path.
    std::string run_phase(std::vector<std::string> const& settings) {
        for (std::string const& setting : settings) run("SET " + setting);
        run("FLUSH BINARY LOGS");
        std::string const path = log_path();
        for (int i = 0; i < kStatementsPerPhase; ++i) {
            auto const& table =
                tables_[std::uniform_int_distribution<std::size_t>(0, tables_.size() - 1)(random_)];
            run(table.random_statement(random_));
        }
        run("FLUSH BINARY LOGS");
        return path;
    }

    void compare_with_tool(std::string const& path, std::vector<Event> const& events) {
        ProcessOptions tool;
        tool.arguments = {"mariadb-binlog", "--base64-output=decode-rows", "-vv", path};
        tool.capture_limit = std::size_t{256} << 20U;
        auto const output = run_process(context(), tool);
        ASSERT_TRUE(output.ok()) << output.error().message();
        ASSERT_TRUE(output.value().status.success()) << output.value().standard_error;
        auto const theirs = testing::rows_of_tool_output(output.value().standard_output);
        auto const ours = testing::rendered_rows(events);
        ASSERT_GT(theirs.size(), 1'000U);
        for (std::size_t i = 0; i < std::min(ours.size(), theirs.size()); ++i) {
            std::string theirs_shown = theirs[i];
            if (ours[i].ends_with("=?"))
                theirs_shown.replace(theirs_shown.find('=') + 1, theirs_shown.npos, "?");
            ASSERT_EQ(ours[i], theirs_shown) << "line " << i;
        }
        EXPECT_EQ(ours.size(), theirs.size());
        lines_ += ours.size();
    }

    void apply_all(std::vector<Event> const& events) {
        for (Event const& event : events) {
            auto const* rows = std::get_if<Rows>(&event.body);
            if (rows == nullptr || rows->table->schema != "work") continue;
            for (auto const& change : rows->changes) apply(states_[rows->table->table], change);
        }
    }

    void compare_with_select(WorkloadTable const& table) {
        auto const selected = connection_->query(context(), table.select_sql());
        ASSERT_TRUE(selected.ok()) << selected.error().message();
        TableState const& state = states_[table.name];
        ASSERT_EQ(state.size(), selected.value().rows.size()) << table.name;
        std::size_t index = 0;
        for (auto const& [id, row] : state) {
            auto const& selected_row = selected.value().rows[index++];
            for (std::size_t i = 0; i < table.columns.size(); ++i) {
                expect_same(row[i], selected_row[i], table.columns[i],
                            fmt::format("{} id {} column {}", table.name, id, i));
            }
        }
    }

    std::unique_ptr<DatabaseServer> server_;
    std::unique_ptr<Connection> connection_;
    std::uint64_t seed_ = 0;
    Random random_;
    std::vector<WorkloadTable> tables_;
    std::map<std::string, TableState> states_;
    std::size_t lines_ = 0;
    SystemClock clock_;
};

TEST_P(BinlogDifferentialTest, AgreesWithTheToolAndWithSelect) {
    std::vector<std::vector<std::string>> phases{
        {"GLOBAL binlog_checksum=CRC32", "SESSION binlog_row_image=FULL"},
        {"GLOBAL binlog_checksum=NONE", "SESSION binlog_row_image=FULL"},
        {"GLOBAL binlog_checksum=CRC32", "SESSION binlog_row_image=MINIMAL"},
        {"SESSION binlog_row_image=NOBLOB"}};
    if (is_mariadb()) {
        phases.push_back({"GLOBAL log_bin_compress=ON", "GLOBAL log_bin_compress_min_len=10",
                          "SESSION binlog_row_image=FULL"});
        phases.push_back({"GLOBAL binlog_checksum=NONE", "SESSION binlog_row_image=MINIMAL"});
    }
    for (auto const& settings : phases) {
        std::string const path = run_phase(settings);
        auto const events = decode_file(
            path, [](auto, auto) { return TableInterest{.wanted = true, .columns = {}}; });
        ASSERT_TRUE(events.ok()) << settings.back() << ": " << events.error().message();
        compare_with_tool(path, events.value());
        apply_all(events.value());
        for (WorkloadTable const& table : tables_) compare_with_select(table);
        if (HasFailure()) FAIL() << "seed " << seed_ << ", phase " << settings.back();
    }
    std::cout << lines_ << " lines compared\n";
}

INSTANTIATE_TEST_SUITE_P(Servers, BinlogDifferentialTest,
                         ::testing::Values(testing::ServerKind::MariaDb,
                                           testing::ServerKind::MySql56),
                         [](auto const& server) {
                             return server.param == testing::ServerKind::MariaDb ? "MariaDb"
                                                                                 : "MySql56";
                         });

}  // namespace
}  // namespace aipress::mysql::binlog
