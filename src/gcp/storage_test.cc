// Cloud Storage's client against a server, with every answer to a change lost once.
#include "gcp/storage.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <iterator>

#include "gcp/fields.h"
#include "gcp/limits.h"
#include "testing/fake_clock.h"
#include "testing/lossy_transport.h"
#include "testing/sandbox_host.h"
#include "testing/scripted_transport.h"
#include "testing/status_matchers.h"
#include "testing/temporary_directory.h"

namespace aipress::gcp {
namespace {

using ::testing::ElementsAre;
using testing::HasCode;
using testing::HasError;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::must;

class StorageClientTest : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_THAT(storage_.create_bucket(context_, "sandbox-project", {{"name", "media"}}),
                    IsOk());
    }
    ConnectionOptions options() {
        return {.endpoints = {{"", host_.url()}}, .retry = {.random = [] { return 0.0; }}};
    }
    // Reads as a test does: no part of what is tried.
    Object get(std::string const& name) {
        return storage_.get_object(context_, "media", name).release();
    }
    Object insert(std::string const& name, std::string_view bytes) {
        auto made = storage_.insert_object(context_, {.bucket = "media", .name = name}, bytes);
        EXPECT_THAT(made, IsOk());
        return made.release();
    }
    std::vector<std::string> names(ObjectList const& list) {
        std::vector<std::string> all;
        auto const listed =
            storage_.list_objects(context_, list, [&](Object const& object) -> Outcome<Done> {
                all.push_back(object.name);
                return Done();
            });
        EXPECT_THAT(listed, IsOk());
        return all;
    }
    std::string content(std::string const& name) {
        auto const path = folder_ / "content";
        EXPECT_THAT(storage_.download_file(context_, "media", name, path), IsOk());
        std::ifstream file(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    std::filesystem::path file_of(std::string const& bytes) {
        auto const path = folder_ / "source";
        std::ofstream(path, std::ios::binary) << bytes;
        return path;
    }

    SystemClock clock_;
    testing::TemporaryDirectory folder_ = must(testing::TemporaryDirectory::make());
    testing::SandboxHost host_{clock_};
    testing::LossyTransport transport_;
    std::unique_ptr<TokenSource> const tokens_ = make_fixed_token("ya29.test");
    QuotaBroker quotas_{clock_};
    Connection const connection_{transport_, *tokens_, quotas_, options()};
    Storage const storage_{connection_};
    Context const context_{clock_, Deadline::after(clock_, milliseconds(60'000)), {}};
};

TEST_F(StorageClientTest, ABucketIsMadeOnceChangedAndDeleted) {
    quotas_.set_limit({.api = "storage.googleapis.com", .name = "buckets"},
                      {.calls_a_minute = 6'000, .burst = 10});
    transport_.lose("POST", "/storage/v1/b");
    auto const made = storage_.create_bucket(context_, "sandbox-project", {{"name", "shard-1"}});
    EXPECT_THAT(made, IsOk());
    EXPECT_EQ(transport_.left(), 0);
    EXPECT_THAT(storage_.create_bucket(context_, "sandbox-project", {{"name", "shard-1"}}),
                HasError(ErrorCode::AlreadyExists, HasSubstr("shared by everyone")));
    auto const metageneration =
        *integer_of(storage_.get_bucket(context_, "shard-1").release(), "metageneration");
    transport_.lose("PATCH", "shard-1");
    EXPECT_THAT(storage_.patch_bucket(context_, "shard-1", {{"labels", {{"tier", "gold"}}}},
                                      metageneration),
                IsOk());
    EXPECT_EQ(transport_.left(), 0);
    EXPECT_THAT(
        storage_.patch_bucket(context_, "shard-1", {{"labels", {{"a", "b"}}}}, metageneration),
        HasCode(ErrorCode::FailedPrecondition));
    transport_.lose("DELETE", "shard-1");
    EXPECT_THAT(storage_.delete_bucket(context_, "shard-1"), IsOk());
    EXPECT_EQ(transport_.left(), 0);
    EXPECT_THAT(storage_.delete_bucket(context_, "shard-1"), IsOk());
    EXPECT_THAT(storage_.get_bucket(context_, "shard-1"), HasCode(ErrorCode::NotFound));
}

TEST_F(StorageClientTest, AccessIsGivenOnceAndTaken) {
    IamBinding const reader{.role = "roles/storage.objectViewer", .member = "user:a@example.com"};
    auto of_prefix = reader;
    of_prefix.condition = {{"title", "site"},
                           {"expression", "resource.name.startsWith('projects/_/buckets/media/')"}};
    transport_.lose("PUT", "/iam");
    EXPECT_THAT(storage_.grant(context_, "media", reader), IsOk());
    EXPECT_EQ(transport_.left(), 0);
    EXPECT_THAT(storage_.grant(context_, "media", of_prefix), IsOk());
    EXPECT_THAT(storage_.grant(context_, "media", of_prefix), IsOk());
    auto const bindings = [&] {
        auto const policy =
            host_.get("/storage/v1/b/media/iam?optionsRequestedPolicyVersion=3").body;
        std::size_t count = 0;
        for (auto const& binding : array_of(policy.as_object(), "bindings")) {
            if (text_of(binding.as_object(), "role") == reader.role) ++count;
        }
        return count;
    };
    EXPECT_EQ(bindings(), 2U);
    EXPECT_THAT(storage_.revoke(context_, "media", reader), IsOk());
    EXPECT_EQ(bindings(), 1U);
}

TEST_F(StorageClientTest, ALostAnswerToAnInsertMakesNoSecondGeneration) {
    transport_.lose("POST", "/upload/");
    auto const made = insert("a/b c.txt", "hello");
    EXPECT_EQ(transport_.left(), 0);
    EXPECT_EQ(made.size, 5U);
    EXPECT_EQ(made.crc32c, "mnG7TA==");
    EXPECT_EQ(get("a/b c.txt").generation, made.generation);
    // Another's object is not taken for ours.
    NewObject const again{.bucket = "media", .name = "a/b c.txt"};
    EXPECT_THAT(storage_.insert_object(context_, again, "hello"),
                HasCode(ErrorCode::FailedPrecondition));
    transport_.lose("POST", "/upload/", 1, testing::LossyTransport::Loss::Request);
    EXPECT_THAT(storage_.insert_object(context_, again, "other"),
                HasCode(ErrorCode::FailedPrecondition));
    auto replacing = again;
    replacing.expected = made.generation;
    replacing.metadata = {{"k", "v"}};
    EXPECT_THAT(storage_.insert_object(context_, replacing, "other"), IsOk());
    EXPECT_EQ(content("a/b c.txt"), "other");
    EXPECT_EQ(get("a/b c.txt").metadata.at("k"), "v");
}

TEST_F(StorageClientTest, NamesOfAllKindsAreListedCopiedAndDeleted) {
    std::vector<std::string> const all{
        " ", "+plus+", "50%2Fx", "a/../b", "a/b?c#d", "wp/é.jpg", std::string(900, 'z')};
    for (auto const& name : all) insert(name, name);
    EXPECT_EQ(names({.bucket = "media", .page_size = 2}), all);
    EXPECT_THAT(names({.bucket = "media", .prefix = "a/"}), ElementsAre("a/../b", "a/b?c#d"));
    EXPECT_THAT(names({.bucket = "media", .start = "wp/"}), ElementsAre(all[5], all[6]));
    for (auto const& name : all) {
        auto const source = get(name);
        transport_.lose("POST", "/rewriteTo/");
        auto const copy =
            storage_.rewrite_object(context_, source, "media", "copy/" + name, kAbsent);
        EXPECT_THAT(copy, IsOk()) << name;
        EXPECT_EQ(transport_.left(), 0);
        EXPECT_EQ(content("copy/" + name), name);
        transport_.lose("DELETE", "/o/");
        EXPECT_THAT(storage_.delete_object(context_, "media", name, source.generation), IsOk());
        EXPECT_EQ(transport_.left(), 0);
    }
    EXPECT_EQ(names({.bucket = "media"}).size(), all.size());
    EXPECT_EQ(names({.bucket = "media", .prefix = "copy/"}).size(), all.size());
}

TEST_F(StorageClientTest, AnotherGenerationIsLeftAlone) {
    auto const first = insert("a", "1");
    NewObject const second{.bucket = "media", .name = "a", .expected = first.generation};
    EXPECT_THAT(storage_.insert_object(context_, second, "2"), IsOk());
    EXPECT_THAT(storage_.delete_object(context_, "media", "a", first.generation),
                HasCode(ErrorCode::FailedPrecondition));
    EXPECT_FALSE(storage_.rewrite_object(context_, first, "media", "b", kAbsent).ok());
    insert("c", "3");
    EXPECT_THAT(storage_.rewrite_object(context_, get("a"), "media", "c", kAbsent),
                HasCode(ErrorCode::FailedPrecondition));
    EXPECT_EQ(content("a"), "2");
    EXPECT_EQ(content("c"), "3");
}

TEST_F(StorageClientTest, PartsAreComposed) {
    std::vector<Object> const parts{insert("1", "ab"), insert("2", "cd"), insert("3", "")};
    transport_.lose("POST", "/compose");
    auto const whole = storage_.compose(context_, {.bucket = "media", .name = "whole"}, parts);
    ASSERT_THAT(whole, IsOk());
    EXPECT_EQ(transport_.left(), 0);
    EXPECT_EQ(content("whole"), "abcd");
}

TEST_F(StorageClientTest, AFileGoesUpInPiecesOverLostAnswersAndComesDown) {
    std::string bytes(2 * limits::kPieceBytes + 12'345, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<char>(i * 2654435761U >> 24);
    transport_.lose("PUT", "upload_id", 2);
    auto const made = storage_.upload_file(
        context_, {.bucket = "media", .name = "big", .content_type = "image/png"}, file_of(bytes));
    ASSERT_THAT(made, IsOk());
    EXPECT_EQ(transport_.left(), 0);
    EXPECT_EQ(get("big").size, bytes.size());
    EXPECT_EQ(get("big").content_type, "image/png");
    EXPECT_TRUE(content("big") == bytes);
    insert("empty", "");
    EXPECT_EQ(content("empty"), "");
    EXPECT_THAT(storage_.upload_file(context_, {.bucket = "media", .name = "x"}, folder_ / "none"),
                HasCode(ErrorCode::NotFound));
    EXPECT_THAT(storage_.upload_file(context_, {.bucket = "media", .name = "big"}, file_of(bytes)),
                HasCode(ErrorCode::FailedPrecondition));
}

TEST_F(StorageClientTest, WhatCameDamagedIsNotKept) {
    insert("a", "hello");
    auto const path = file_of("old");
    transport_.change_answers([](http::ClientResponse& response) {
        if (response.body == "hello") response.body = "hellO";
    });
    EXPECT_THAT(storage_.download_file(context_, "media", "a", path),
                HasError(ErrorCode::DataLoss, HasSubstr("gs://media/a")));
    std::ifstream file(path);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "old");
    using Entries = std::filesystem::directory_iterator;
    EXPECT_EQ(std::distance(Entries(folder_.path()), Entries()), 1);  // nothing half is left
    EXPECT_THAT(storage_.download_file(context_, "media", "none", path),
                HasCode(ErrorCode::NotFound));
}

// A rewrite that takes several calls, and an upload whose session is lost: what the server does
// only with large objects, or once in a while.
class StorageScriptTest : public ::testing::Test {
protected:
    static std::string object(std::string const& size, std::string const& crc32c) {
        return fmt::format(
            R"({{"bucket": "b", "name": "o", "generation": "7", "metageneration": "1",
                               "size": "{}", "crc32c": "{}"}})",
            size, crc32c);
    }
    testing::FakeClock clock_;
    testing::ScriptedTransport transport_;
    std::unique_ptr<TokenSource> const tokens_ = make_fixed_token("t");
    QuotaBroker quotas_{clock_};
    Connection const connection_{transport_, *tokens_, quotas_, {}};
    Storage const storage_{connection_};
    Context const context_{clock_, Deadline::after(clock_, std::chrono::minutes(10)), {}};
};

TEST_F(StorageScriptTest, ARewriteGoesOnByItsToken) {
    transport_.then_answer(200, R"({"done": false, "rewriteToken": "one"})");
    transport_.then_answer(503, "");
    transport_.then_answer(200, R"({"done": false, "rewriteToken": "two"})");
    transport_.then_answer(200, R"({"done": true, "resource": )" + object("9", "AAAAAA==") + "}");
    Object const source{.bucket = "s", .name = "a/b", .generation = 3, .size = 9};
    auto const made = storage_.rewrite_object(context_, source, "b", "o", 5);
    ASSERT_THAT(made, IsOk());
    auto const base =
        "https://storage.googleapis.com/storage/v1/b/s/o/a%2Fb/rewriteTo/b/b/o/"
        "o?sourceGeneration=3&ifGenerationMatch=5";
    auto const requests = transport_.requests();
    EXPECT_EQ(requests[0].url, base);
    EXPECT_EQ(requests[2].url, base + std::string("&rewriteToken=one"));
    EXPECT_EQ(requests[3].url, base + std::string("&rewriteToken=two"));
}

TEST_F(StorageScriptTest, AnUploadWhoseSessionIsLostBeginsAnew) {
    auto const folder = must(testing::TemporaryDirectory::make());
    auto const path = folder / "file";
    auto const size = limits::kPieceBytes + 1;
    std::ofstream(path) << std::string(size, 'x');
    http::Headers const session{
        {"Location", "https://storage.googleapis.com/upload/storage/v1/b/b/o?upload_id=secret"}};
    transport_.then_answer(200, "", session);
    transport_.then_answer(308, "",
                           {{"Range", fmt::format("bytes=0-{}", limits::kPieceBytes - 1)}});
    transport_.then_answer(410, "gone");
    transport_.then_answer(200, "", session);
    // The server may keep less than it was sent.
    transport_.then_answer(308, "", {{"Range", "bytes=0-262143"}});
    transport_.then_break(true);
    transport_.then_answer(308, "",
                           {{"Range", fmt::format("bytes=0-{}", limits::kPieceBytes - 1)}});
    transport_.then_answer(200, object(fmt::format("{}", size), "AAAAAA=="));
    EXPECT_THAT(storage_.upload_file(context_, {.bucket = "b", .name = "o"}, path), IsOk());
    std::vector<std::string> ranges;
    for (auto const& request : transport_.requests()) {
        ranges.emplace_back(request.headers.find("Content-Range").value_or(""));
    }
    EXPECT_THAT(ranges, ElementsAre("", "bytes 0-8388607/8388609", "bytes 8388608-8388608/8388609",
                                    "", "bytes 0-8388607/8388609", "bytes 262144-8388608/8388609",
                                    "bytes */8388609", "bytes 8388608-8388608/8388609"));
    transport_.then_answer(403, "no");
    auto const refused = storage_.upload_file(context_, {.bucket = "b", .name = "o"}, path);
    EXPECT_THAT(refused, HasCode(ErrorCode::PermissionDenied));
}

}  // namespace
}  // namespace aipress::gcp
