#include "sandbox/store.h"

#include <csignal>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "testing/status_matchers.h"
#include "testing/temporary_directory.h"

namespace aipress::sandbox {
namespace {

using ::testing::ElementsAre;
using testing::HasCode;
using testing::IsOk;
using testing::must;
using testing::TemporaryDirectory;

class StoreTest : public ::testing::Test {
protected:
    [[nodiscard]] std::filesystem::path file() const { return folder_.path() / "store"; }
    static Result<void> put(Store& store, std::string const& name, boost::json::value const& body) {
        return store.write([&](Transaction& transaction) -> Result<void> {
            TRY(transaction.insert("things", name, body));
            return {};
        });
    }
    static std::optional<Document> get(Store& store, std::string const& name) {
        std::optional<Document> found;
        must(store.read([&](Transaction& transaction) -> Result<void> {
            found = TRY(transaction.get("things", name));
            return {};
        }));
        return found;
    }
    static Page list(Store& store, std::string_view prefix, std::string_view start,
                     std::size_t most) {
        Page page;
        must(store.read([&](Transaction& transaction) -> Result<void> {
            page = TRY(transaction.list("things", prefix, start, most));
            return {};
        }));
        return page;
    }

    TemporaryDirectory folder_ = must(TemporaryDirectory::make());
};

TEST_F(StoreTest, DocumentsOutliveTheProcess) {
    {
        auto store = must(Store::open(file()));
        ASSERT_THAT(put(store, "a", {{"x", 1}}), IsOk());
        EXPECT_THAT(put(store, "a", {{"x", 2}}), HasCode(ErrorCode::AlreadyExists));
    }
    auto store = must(Store::open(file()));
    auto const found = get(store, "a");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->body.at("x"), 1);
    EXPECT_FALSE(get(store, "b"));
}

TEST_F(StoreTest, AVersionIsCheckedAndNeverGivenTwice) {
    auto store = must(Store::open(file()));
    must(put(store, "a", {{"x", 1}}));
    auto const first = get(store, "a")->version;
    auto const change = [&](std::optional<std::uint64_t> expected) {
        return store.write([&](Transaction& transaction) -> Result<void> {
            TRY(transaction.update("things", "a", expected, {{"x", 2}}));
            return {};
        });
    };
    EXPECT_THAT(change(first), IsOk());
    EXPECT_THAT(change(first), HasCode(ErrorCode::Aborted));
    EXPECT_THAT(change(std::nullopt), IsOk());
    auto const last = get(store, "a")->version;
    EXPECT_GT(last, first);
    auto const remove = [](Transaction& transaction) { return transaction.remove("things", "a"); };
    EXPECT_THAT(store.write(remove), IsOk());
    EXPECT_THAT(store.write(remove), HasCode(ErrorCode::NotFound));
    must(put(store, "a", {}));
    EXPECT_GT(get(store, "a")->version, last);
}

TEST_F(StoreTest, AFailedTransactionLeavesNothing) {
    auto store = must(Store::open(file()));
    EXPECT_THAT(store.write([](Transaction& transaction) -> Result<void> {
        TRY(transaction.insert("things", "a", {}));
        TRY(transaction.insert("things", "b", {}));
        return Error(ErrorCode::InvalidArgument, "no");
    }),
                HasCode(ErrorCode::InvalidArgument));
    EXPECT_FALSE(get(store, "a"));
}

TEST_F(StoreTest, PagesFollowTheNamesWhileOthersWrite) {
    auto store = must(Store::open(file()));
    for (auto const* name : {"p/a", "p/c", "p/e", "q/a"}) must(put(store, name, {}));
    auto const names = [](Page const& page) {
        std::vector<std::string> found;
        for (auto const& document : page.documents) found.push_back(document.name);
        return found;
    };
    auto const first = list(store, "p/", "", 2);
    EXPECT_THAT(names(first), ElementsAre("p/a", "p/c"));
    EXPECT_EQ(first.next, "p/e");
    must(put(store, "p/b", {}));
    must(put(store, "p/f", {}));
    auto const second = list(store, "p/", first.next, 2);
    EXPECT_THAT(names(second), ElementsAre("p/e", "p/f"));
    EXPECT_EQ(second.next, "");
    must(store.read([](Transaction& transaction) -> Result<void> {
        EXPECT_EQ(must(transaction.count("things", "p/")), 5u);
        EXPECT_EQ(must(transaction.count("things", "")), 6u);
        EXPECT_EQ(must(transaction.count("things", "x")), 0u);
        return {};
    }));
}

TEST_F(StoreTest, WritersThatComeTogetherShareACommit) {
    constexpr unsigned kThreads = 16;
    constexpr unsigned kEach = 25;
    auto store = must(Store::open(file()));
    must(put(store, "sum", 0));
    auto const before = store.commits();
    {
        std::vector<std::jthread> threads;
        for (unsigned i = 0; i < kThreads; ++i) {
            threads.emplace_back([&] {
                for (unsigned n = 0; n < kEach; ++n) {
                    must(store.write([](Transaction& transaction) -> Result<void> {
                        auto const sum = TRY(transaction.get("things", "sum"));
                        TRY(transaction.update("things", "sum", sum->version,
                                               sum->body.as_int64() + 1));
                        return {};
                    }));
                }
            });
        }
    }
    EXPECT_EQ(get(store, "sum")->body, kThreads * kEach);
    EXPECT_LT(store.commits() - before, kThreads * kEach);
}

// A child writes and says so down a pipe; when it is killed, all that it said is there.
TEST_F(StoreTest, WhatWasAcknowledgedSurvivesAKill) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    pid_t const child = ::fork();
    if (child == 0) {
        auto store = must(Store::open(file()));
        for (std::uint32_t i = 0;; ++i) {
            must(put(store, fmt::format("{}", i), i));
            (void)!::write(ends[1], &i, sizeof(i));
        }
    }
    ::close(ends[1]);
    std::uint32_t last = 0;
    while (last < 50) ASSERT_EQ(::read(ends[0], &last, sizeof(last)), sizeof(last));
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    while (::read(ends[0], &last, sizeof(last)) == sizeof(last)) continue;
    ::close(ends[0]);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    auto store = must(Store::open(file()));
    for (std::uint32_t i = 0; i <= last; ++i) ASSERT_TRUE(get(store, fmt::format("{}", i))) << i;
}

TEST_F(StoreTest, AnotherFileIsNoStore) {
    std::ofstream(file()) << std::string(4096, 'x');
    EXPECT_THAT(Store::open(file()), HasCode(ErrorCode::FailedPrecondition));
}

}  // namespace
}  // namespace aipress::sandbox
