// Keys that the log names more than once, and rows that the other side refuses.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catch_up_pair.h"
#include "mover/limits.h"
#include "testing/status_matchers.h"
#include "testing/test_context.h"

namespace aipress::mover {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::test_context;

// More keys than a statement takes: the spellings of a key come in different ones.
constexpr auto kRows = 3 * limits::kStatementKeys;

std::string fill() {
    return fmt::format("INSERT INTO t SELECT CONCAT('key ', seq), seq, 'old' FROM seq_1_to_{}",
                       kRows);
}

class CatchUpTest : public ::testing::TestWithParam<std::string> {
protected:
    NoProbe probe_;
};

TEST_P(CatchUpTest, TwoSpellingsOfAKeyAreOneRow) {
    CatchUpPair pair(test_context(),
                     {"CREATE TABLE t (name VARCHAR(20) PRIMARY KEY, place INT, body TEXT" +
                          GetParam() + ") COLLATE utf8mb4_general_ci",
                      fill()},
                     probe_);
    // The log names each row by both spellings.
    pair.source().execute("UPDATE wp.t SET name = UPPER(name), body = 'new'");
    ASSERT_THAT(pair.catch_up().drain(test_context()), IsOk());
    EXPECT_EQ(pair.catch_up().totals().keys_carried, 2 * kRows);
    EXPECT_EQ(pair.target().scalar("SELECT COUNT(*) FROM wp.t WHERE BINARY name = UPPER(name) "
                                   "AND body = 'new'"),
              std::to_string(kRows));
}

INSTANTIATE_TEST_SUITE_P(Indexes, CatchUpTest, ::testing::Values("", ", UNIQUE KEY (place)"),
                         [](auto const& parameters) {
                             return parameters.param.empty() ? "PrimaryOnly" : "UniqueToo";
                         });

TEST_F(CatchUpTest, ARefusedRowIsNamed) {
    CatchUpPair pair(test_context(), {"CREATE TABLE t (id INT PRIMARY KEY, place INT UNIQUE)"},
                     probe_);
    pair.target().execute("INSERT INTO wp.t VALUES (7, 70)");  // nobody's row
    pair.source().execute("INSERT INTO wp.t VALUES (8, 70)");
    auto const drained = pair.catch_up().drain(test_context());
    ASSERT_FALSE(drained.ok());
    EXPECT_THAT(drained.error().message(),
                AllOf(HasSubstr(": t (8): "), HasSubstr("Duplicate entry '70' for key 'place'")));
}

}  // namespace
}  // namespace aipress::mover
