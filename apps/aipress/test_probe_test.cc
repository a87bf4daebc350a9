#include "test_probe.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

namespace aipress {
namespace {

class TemporaryFile {
public:
    TemporaryFile() {
        auto pattern = (std::filesystem::temp_directory_path() / "aipress-XXXXXX").string();
        int const descriptor = ::mkstemp(pattern.data());
        EXPECT_GE(descriptor, 0);
        ::close(descriptor);
        path_ = pattern;
    }
    ~TemporaryFile() { std::filesystem::remove(path_); }
    [[nodiscard]] std::string const& path() const { return path_; }
    [[nodiscard]] std::string text() const {
        std::ostringstream out;
        out << std::ifstream(path_).rdbuf();
        return out.str();
    }

private:
    std::string path_;
};

TEST(KillPointTest, ReadsPointAndOccurrence) {
    auto const plain = parse_kill_point("lock-account.after");
    ASSERT_TRUE(plain.ok());
    EXPECT_EQ(plain->point, "lock-account.after");
    EXPECT_EQ(plain->occurrence, 1u);
    auto const third = parse_kill_point("lock-account.after#3");
    ASSERT_TRUE(third.ok());
    EXPECT_EQ(third->point, "lock-account.after");
    EXPECT_EQ(third->occurrence, 3u);
}

TEST(KillPointTest, RefusesWhatWouldNeverKill) {
    for (auto const* text : {"", "#1", "point#0", "point#", "point#x", "point#1x", "point#-1"}) {
        auto const parsed = parse_kill_point(text);
        ASSERT_FALSE(parsed.ok()) << text;
        EXPECT_EQ(parsed.error().code(), ErrorCode::InvalidArgument);
    }
}

TEST(TestProbeTest, KillsAtThatOccurrenceAndHasTracedIt) {
    TemporaryFile const trace;
    pid_t const child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        auto probe = TestProbe::open({"copy.before", 2}, trace.path());
        for (auto const* point : {"copy.before", "copy.after", "copy.before", "copy.after"}) {
            probe.value()->at(point);
        }
        ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(WTERMSIG(status), SIGKILL);
    EXPECT_EQ(trace.text(), "copy.before\ncopy.after\ncopy.before\n");
}

TEST(TestProbeTest, TraceThatCannotBeWrittenIsAnError) {
    auto const probe = TestProbe::open({}, "/proc/no/such/file");
    ASSERT_FALSE(probe.ok());
    EXPECT_EQ(probe.error().code(), ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace aipress
