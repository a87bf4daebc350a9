#include "base/detached_process.h"

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

namespace aipress {
namespace {

namespace fs = std::filesystem;

class DetachedProcessTest : public ::testing::Test {
protected:
    ~DetachedProcessTest() override { fs::remove(log_); }

    // What the script says, which has ended by then.
    std::string run(std::string const& script) {
        auto const child = start_detached({"/bin/sh", "-c", script}, log_);
        if (!child.ok()) return child.error().message();
        int status = 0;
        EXPECT_EQ(::waitpid(child.value(), &status, 0), child.value());
        std::ostringstream text;
        text << std::ifstream(log_).rdbuf();
        return text.str();
    }

    fs::path const log_ =
        fs::temp_directory_path() / ("aipress-detached-" + std::to_string(::getpid()));
};

TEST_F(DetachedProcessTest, ItHasItsOwnSessionAndNothingOfOurs) {
    int const held = ::open("/dev/null", O_RDONLY);  // not closed on exec
    auto const said = run("test $(ps -o sid= -p $$) = $$ && echo leads; cat; ls /proc/$$/fd; true");
    ::close(held);
    // What is above 2 was ours.
    EXPECT_EQ(said, "leads\n0\n1\n2\n");
}

TEST_F(DetachedProcessTest, OutputIsAppended) {
    EXPECT_EQ(run("echo one"), "one\n");
    EXPECT_EQ(run("echo two >&2"), "one\ntwo\n");
}

TEST_F(DetachedProcessTest, AProgramThatIsNotThereIsSaid) {
    auto const child = start_detached({"/no/such/program"}, log_);
    ASSERT_FALSE(child.ok());
    EXPECT_EQ(child.error().code(), ErrorCode::NotFound);
    EXPECT_THAT(child.error().message(), ::testing::HasSubstr("/no/such/program"));
}

}  // namespace
}  // namespace aipress
