#include "sandbox/snapshot/snapshots.h"

#include <fstream>
#include <gmock/gmock.h>
#include <map>
#include <sstream>
#include <stdexcept>
#include <sys/stat.h>

#include "sandbox/data_folder.h"
#include "sandbox/snapshot/restore.h"
#include "testing/status_matchers.h"
#include "testing/temporary_directory.h"
#include "testing/test_context.h"

namespace aipress::sandbox {
namespace {

namespace fs = std::filesystem;

using testing::HasError;
using ::testing::HasSubstr;
using testing::must;
using testing::test_context;

// As a crash at that point, for all that is on disk.
struct Crash : std::runtime_error {
    using std::runtime_error::runtime_error;
};
class CrashAt final : public Probe {
public:
    explicit CrashAt(unsigned passed) : left_(passed) {}
    void at(std::string_view point) override {
        if (left_-- == 0) throw Crash(std::string(point));
    }

private:
    unsigned left_;
};

void write(fs::path const& file, std::string const& text) {
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
}

std::string read(fs::path const& file) {
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    return text.str();
}

// Every file of the state, and where every link leads to.
std::map<std::string, std::string> state_of(fs::path const& data) {
    std::map<std::string, std::string> state;
    for (auto const& entry : fs::recursive_directory_iterator(data)) {
        auto const path = entry.path().lexically_relative(data).string();
        bool const is_other = path.starts_with("snapshots") || path.starts_with("clients") ||
                              path == "sandbox.lock" || path == "sandbox.log";
        if (is_other) continue;
        if (entry.is_symlink()) {
            state[path] = "-> " + fs::read_symlink(entry.path()).string();
        } else {
            state[path] = entry.is_directory() ? "folder" : read(entry.path());
        }
    }
    return state;
}

class SnapshotsTest : public ::testing::Test {
protected:
    SnapshotsTest() {
        write(data_ / "sandbox.lock", "{}");
        write(data_ / "clients/token", "mine");
        write(data_ / "resources.sqlite", "documents");
        write(data_ / "blobs/3f/3f00", "an object's bytes");
        write(data_ / "sql/7/data/ibdata1", std::string(3 << 20, '\0') + "pages");
        fs::create_directories(data_ / "uploads");
        fs::create_symlink("/usr/share/wordpress", data_ / "wordpress");
    }
    // Something of everything.
    void change() {
        write(data_ / "resources.sqlite", "other documents");
        fs::remove(data_ / "blobs/3f/3f00");
        write(data_ / "blobs/40/4000", "another object");
        write(data_ / "sql/7/data/ibdata1", "other pages");
        write(data_ / "sql/8/data/ibdata1", "a new server's");
        write(data_ / "uploads/u1", "half an upload");
        write(data_ / "new-service/file", "x");
        fs::remove(data_ / "wordpress");
        write(data_ / "clients/token", "theirs");
    }
    Result<Snapshot> save(std::string const& name) {
        return save_snapshot(test_context(), probe_, data_, name);
    }
    Result<Snapshot> load(std::string const& name) {
        return load_snapshot(test_context(), probe_, data_, name);
    }

    testing::TemporaryDirectory folder_ = must(testing::TemporaryDirectory::make());
    fs::path data_ = folder_ / "data";
    NoProbe probe_;
};

TEST_F(SnapshotsTest, WhatWasSavedComesBackAndNothingElse) {
    auto const before = state_of(data_);
    auto const saved = must(save("first"));
    EXPECT_EQ(saved.files, 3u);
    change();
    ASSERT_NE(state_of(data_), before);
    EXPECT_THAT(load("first"), testing::IsOk());
    EXPECT_EQ(state_of(data_), before);
    EXPECT_EQ(read(data_ / "clients/token"), "theirs");
    // The snapshot is still there, and is not changed by what happens to the state.
    change();
    EXPECT_THAT(load("first"), testing::IsOk());
    EXPECT_EQ(state_of(data_), before);
}

TEST_F(SnapshotsTest, BytesOfObjectsAreLinkedAndZerosTakeNoRoom) {
    must(save("first"));
    struct stat live{};
    struct stat kept{};
    ASSERT_EQ(::stat((data_ / "blobs/3f/3f00").c_str(), &live), 0);
    ASSERT_EQ(::stat((data_ / "snapshots/first/state/blobs/3f/3f00").c_str(), &kept), 0);
    EXPECT_EQ(live.st_ino, kept.st_ino);
    ASSERT_EQ(::stat((data_ / "snapshots/first/state/sql/7/data/ibdata1").c_str(), &kept), 0);
    EXPECT_GT(kept.st_size, 3 << 20);
    EXPECT_LT(kept.st_blocks * 512, 1 << 20);
}

TEST_F(SnapshotsTest, ModesAreKeptAndSocketsAreLeftOut) {
    write(data_ / "ca.key", "secret");
    fs::permissions(data_ / "ca.key", fs::perms::owner_read);
    fs::permissions(data_ / "uploads", fs::perms::owner_all);
    ASSERT_EQ(::mkfifo((data_ / "sql/7/s").c_str(), 0600), 0);
    must(save("first"));
    auto const state = data_ / "snapshots/first/state";
    EXPECT_EQ(fs::status(state / "ca.key").permissions(), fs::perms::owner_read);
    EXPECT_EQ(fs::status(state / "uploads").permissions(), fs::perms::owner_all);
    EXPECT_FALSE(fs::exists(state / "sql/7/s"));
}

TEST_F(SnapshotsTest, NamesAreCheckedAndTakenOnce) {
    for (auto const* const bad : {"", ".", "..", ".saving", "a/b", "a b", "-x"}) {
        EXPECT_THAT(save(bad), testing::HasCode(ErrorCode::InvalidArgument)) << bad;
    }
    must(save("v1.0_a-b"));
    EXPECT_THAT(save("v1.0_a-b"), HasError(ErrorCode::AlreadyExists, HasSubstr("v1.0_a-b")));
    EXPECT_THAT(load("other"), HasError(ErrorCode::NotFound, HasSubstr("'other'")));
    EXPECT_THAT(load("../data"), testing::HasCode(ErrorCode::InvalidArgument));
}

TEST_F(SnapshotsTest, TheyAreListedAndDeleted) {
    EXPECT_TRUE(must(list_snapshots(data_)).empty());
    must(save("b"));
    must(save("a"));
    fs::create_directories(data_ / "snapshots/.saving/state");
    write(data_ / "snapshots/c/snapshot.json", "{");
    auto const all = must(list_snapshots(data_));
    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(all[0].name, "a");
    EXPECT_EQ(all[0].problem, "");
    EXPECT_GT(all[0].bytes, 3u << 20);
    EXPECT_EQ(all[1].name, "b");
    EXPECT_THAT(all[2].problem, HasSubstr("snapshot.json is missing or damaged"));
    EXPECT_THAT(delete_snapshot(data_, "b"), testing::IsOk());
    EXPECT_THAT(delete_snapshot(data_, "b"), testing::HasCode(ErrorCode::NotFound));
    EXPECT_EQ(must(list_snapshots(data_)).size(), 2u);
    EXPECT_FALSE(fs::exists(data_ / "snapshots/.deleting-b"));
}

TEST_F(SnapshotsTest, ADamagedOneIsRefusedAndNothingIsLost) {
    must(save("first"));
    change();
    auto const now = state_of(data_);
    auto const state = data_ / "snapshots/first/state";
    auto const refused = [&](ErrorCode code, std::string const& why) {
        EXPECT_THAT(load("first"), HasError(code, HasSubstr(why)));
        EXPECT_EQ(state_of(data_), now);
        EXPECT_FALSE(fs::exists(data_ / "snapshots/.loading"));
    };
    write(state / "resources.sqlite", "documentz");
    refused(ErrorCode::DataLoss, "its file 'resources.sqlite' has other content than was saved");
    write(state / "resources.sqlite", "doc");
    refused(ErrorCode::DataLoss, "'resources.sqlite' has 3 bytes, not 9");
    write(state / "resources.sqlite", "documents");
    write(state / "more", "x");
    refused(ErrorCode::DataLoss, "'more' was not saved");
    fs::remove(state / "more");
    fs::rename(state / "blobs/3f/3f00", folder_ / "aside");
    refused(ErrorCode::DataLoss, "'blobs/3f/3f00' is missing");
    fs::rename(folder_ / "aside", state / "blobs/3f/3f00");
    EXPECT_THAT(load("first"), testing::IsOk());
}

TEST_F(SnapshotsTest, AForeignOneIsRefusedWithWhoWroteIt) {
    must(save("first"));
    auto const header = data_ / "snapshots/first/snapshot.json";
    write(header, R"({"format":2,"program":"9.1.0","saved":"","files":3,"bytes":1})");
    EXPECT_THAT(load("first"),
                HasError(ErrorCode::FailedPrecondition, HasSubstr("format 2, of aipress 9.1.0")));
    EXPECT_THAT(must(list_snapshots(data_)).at(0).problem, HasSubstr("format 2"));
}

TEST_F(SnapshotsTest, WhatIsCalledOffLeavesNothing) {
    std::stop_source stop;
    stop.request_stop();
    auto const context = test_context().stopped_by(stop.get_token());
    auto const before = state_of(data_);
    EXPECT_THAT(save_snapshot(context, probe_, data_, "first"),
                testing::HasCode(ErrorCode::Cancelled));
    EXPECT_TRUE(must(list_snapshots(data_)).empty());
    EXPECT_FALSE(fs::exists(data_ / "snapshots/.saving"));
    must(save("first"));
    EXPECT_THAT(load_snapshot(context, probe_, data_, "first"),
                testing::HasCode(ErrorCode::Cancelled));
    EXPECT_EQ(state_of(data_), before);
}

TEST_F(SnapshotsTest, ACrashWhileSavingLeavesTheSnapshotOrNone) {
    auto const before = state_of(data_);
    unsigned crashes = 0;
    for (bool is_done = false; !is_done; ++crashes) {
        CrashAt probe(crashes);
        auto const name = "s" + std::to_string(crashes);
        try {
            is_done = save_snapshot(test_context(), probe, data_, name).ok();
        } catch (Crash const& crash) {
            SCOPED_TRACE(crash.what());
            EXPECT_EQ(state_of(data_), before);
            for (auto const& snapshot : must(list_snapshots(data_))) {
                EXPECT_EQ(snapshot.problem, "");
                EXPECT_THAT(load(snapshot.name), testing::IsOk());
                EXPECT_EQ(state_of(data_), before);
            }
        }
    }
    EXPECT_GE(crashes, 3u);
}

TEST_F(SnapshotsTest, ACrashWhileLoadingLeavesTheOldStateOrTheNew) {
    auto const old_state = state_of(data_);
    must(save("first"));
    change();
    auto const new_state = state_of(data_);
    must(save("second"));
    unsigned crashes = 0;
    unsigned kept = 0;
    for (bool is_done = false; !is_done; ++crashes) {
        must(load("second"));
        CrashAt probe(crashes);
        try {
            is_done = load_snapshot(test_context(), probe, data_, "first").ok();
        } catch (Crash const& crash) {
            SCOPED_TRACE(crash.what());
            must(DataFolder::lock(data_));  // as the next `up` does
            auto const state = state_of(data_);
            EXPECT_TRUE(state == old_state || state == new_state);
            if (state == new_state) ++kept;
            EXPECT_EQ(must(list_snapshots(data_)).size(), 2u);
        }
    }
    EXPECT_EQ(state_of(data_), old_state);
    EXPECT_EQ(kept, 2u);     // before its one rename
    EXPECT_GT(crashes, 9u);  // after every entry that is moved
}

TEST_F(SnapshotsTest, ACrashWhileACrashIsMendedIsMendedToo) {
    auto const saved = state_of(data_);
    must(save("first"));
    change();
    CrashAt probe(4);
    EXPECT_THROW((void)load_snapshot(test_context(), probe, data_, "first"), Crash);
    unsigned crashes = 0;
    for (unsigned step = 0; fs::exists(data_ / ".restoring"); ++step) {
        CrashAt next(step % 3);
        try {
            must(finish_restore(data_, next));
        } catch (Crash const& crash) {
            EXPECT_STRNE(crash.what(), "");
            ++crashes;
        }
        ASSERT_LT(step, 100u);
    }
    EXPECT_GT(crashes, 0u);
    must(DataFolder::lock(data_));
    EXPECT_EQ(state_of(data_), saved);
    EXPECT_FALSE(fs::exists(data_ / ".discarded"));
}

}  // namespace
}  // namespace aipress::sandbox
