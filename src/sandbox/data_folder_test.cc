#include "sandbox/data_folder.h"

#include <csignal>
#include <fstream>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include "testing/status_matchers.h"
#include "testing/temporary_directory.h"
#include "testing/test_context.h"

namespace aipress::sandbox {
namespace {

using testing::HasCode;
using ::testing::HasSubstr;
using testing::must;

// A process that holds the folder, as a sandbox does, until it is ended.
pid_t hold(std::filesystem::path const& path, std::uint16_t port) {
    int ready[2];
    EXPECT_EQ(::pipe(ready), 0);
    pid_t const child = ::fork();
    if (child == 0) {
        auto const folder = DataFolder::lock(path);
        bool const held = folder.ok() && folder.value()
                                             .announce({.pid = ::getpid(),
                                                        .port = port,
                                                        .dns_port = 53,
                                                        .web_port = 80,
                                                        .spanner_port = 9010,
                                                        .spanner_rest_port = 9020,
                                                        .started = "now",
                                                        .version = "1.2"})
                                             .ok();
        char const said = held ? 'y' : 'n';
        if (::write(ready[1], &said, 1) != 1) ::_exit(1);
        for (;;) ::pause();
    }
    char said = 0;
    EXPECT_EQ(::read(ready[0], &said, 1), 1);
    EXPECT_EQ(said, 'y');
    ::close(ready[0]);
    ::close(ready[1]);
    return child;
}

TEST(DataFolderTest, OneProcessHasItAndOthersFindIt) {
    auto const parent = must(testing::TemporaryDirectory::make());
    auto const path = parent / "data";
    EXPECT_FALSE(must(find_running(path)).has_value());
    auto const child = hold(path, 1234);
    auto const running = must(find_running(path));
    ASSERT_TRUE(running.has_value());
    EXPECT_EQ(running->pid, child);
    EXPECT_EQ(running->port, 1234);
    EXPECT_EQ(running->dns_port, 53);
    EXPECT_EQ(running->web_port, 80);
    EXPECT_EQ(running->spanner_port, 9010);
    EXPECT_EQ(running->spanner_rest_port, 9020);
    EXPECT_EQ(running->started, "now");
    EXPECT_EQ(running->version, "1.2");
    EXPECT_THAT(DataFolder::lock(path),
                testing::HasError(ErrorCode::FailedPrecondition, HasSubstr("port 1234")));
    EXPECT_THAT(stop_running(testing::test_context(), *running), testing::IsOk());
    ::waitpid(child, nullptr, 0);
    EXPECT_FALSE(must(find_running(path)).has_value());
    EXPECT_THAT(stop_running(testing::test_context(), *running), testing::IsOk());
}

TEST(DataFolderTest, WhatADeadOneSaidIsNotBelieved) {
    auto const parent = must(testing::TemporaryDirectory::make());
    auto const path = parent / "data";
    auto const child = hold(path, 1234);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    auto const folder = must(DataFolder::lock(path));
    // It has not said its own port yet: asked from another process, as a lock's owner sees none.
    pid_t const other = ::fork();
    if (other == 0) {
        auto const running = find_running(path);
        ::_exit(running.ok() && running.value() && running.value()->port == 0 ? 0 : 1);
    }
    int status = 0;
    ::waitpid(other, &status, 0);
    EXPECT_EQ(status, 0);
}

TEST(DataFolderTest, APathThatIsNoFolderIsSaid) {
    auto const parent = must(testing::TemporaryDirectory::make());
    std::ofstream(parent / "file") << "x";
    EXPECT_THAT(DataFolder::lock(parent / "file"), HasCode(ErrorCode::Unavailable));
}

}  // namespace
}  // namespace aipress::sandbox
