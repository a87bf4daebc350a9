// The whole command on tenants whose files are unusual: 20,000 of them, none, and such names as
// only strangers think of. Every object is where it should be, by name, size and crc32c, at the new
// home and at the old one again.
#include <algorithm>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <iostream>
#include <map>

#include "base/workers.h"
#include "gcp/storage.h"
#include "tenant_stage.h"
#include "testing/must.h"

namespace aipress::functional {
namespace {

using testing::must;

constexpr unsigned kMany = 1, kEmpty = 2, kOdd = 3;  // tenants
constexpr int kFiles = 20'000;
constexpr int kDifferent = 40;     // of their contents
constexpr unsigned kUploads = 16;  // at once

std::vector<std::string> odd_names() {
    return {"2024/05/Grüße aus Köln.jpg",
            "2024/05/日本語のファイル名.png",
            "2024/05/😀 smile.webp",
            "2024/05/with space.jpg",
            "2024/05/with+plus.jpg",
            "2024/05/a%2Fb.jpg",  // these bytes; no slash
            "2024/05/100%.txt",
            "2024/05/q?u=e&s#t.txt",
            "2024/05/back\\slash \"quoted\" 'single'.txt",
            "2024/05/e\xcc\x81.txt",  // e and an accent of its own
            "2024/05/\xc3\xa9.txt",   // the same in one: another name
            "2024//05/./twice.txt",
            "2024/05/trailing/",
            "2024/05/" + std::string(900 - 12, 'n') + ".txt",
            "2024/05/" + std::string(880, 'z') + "/a.txt"};
}

// Name without the folder's prefix, then size and crc32c.
using Contents = std::map<std::string, std::string>;

class TenantFilesTest : public ::testing::Test {
protected:
    std::string bucket(unsigned number) const { return stage_.tenant(number).bucket(); }
    std::string prefix(unsigned number) const {
        return fmt::format("tenants/{}/", stage_.tenant(number).name);
    }
    Contents contents(std::string const& bucket, std::string const& prefix = "") {
        Contents found;
        auto const listed =
            storage_.list_objects(stage_context(), {.bucket = bucket, .prefix = prefix},
                                  [&](gcp::Object const& object) -> gcp::Outcome<gcp::Done> {
                                      found[object.name.substr(prefix.size())] =
                                          fmt::format("{} bytes, {}", object.size, object.crc32c);
                                      return gcp::Done();
                                  });
        EXPECT_TRUE(listed.ok());
        return found;
    }
    Contents in_shard(unsigned number) {
        return contents(kShard + std::string("-media"), prefix(number));
    }
    void upload(std::string const& bucket, std::vector<std::string> const& names) {
        auto const context = stage_context();
        Workers<std::string, gcp::Outcome<gcp::Done>> workers(
            kUploads, [&](unsigned, std::string& name) -> gcp::Outcome<gcp::Done> {
                TRY(storage_.insert_object(context, {.bucket = bucket, .name = name},
                                           "bytes of " + name.substr(0, 200)));
                return gcp::Done();
            });
        for (auto const& name : names) workers.add(name);
        auto const failure = workers.finish();
        ASSERT_FALSE(failure) << failure->error().message();
    }
    // Some are uploaded; the others are copies at the server, which cost it next to nothing.
    void fill_with_many() {
        auto const context = stage_context();
        auto const name_of = [](int number) {
            return fmt::format("{}/{:02}/a-picture-of-something-{}-1024x768.jpg",
                               2016 + number % 10, 1 + number % 12, number);
        };
        std::vector<std::string> names;
        for (int i = 0; i < kDifferent; ++i) names.push_back(name_of(i));
        upload(bucket(kMany), names);
        std::vector<gcp::Object> uploaded;
        for (auto const& name : names) {
            uploaded.push_back(must(storage_.get_object(context, bucket(kMany), name)));
        }
        Workers<int, gcp::Outcome<gcp::Done>> workers(
            kUploads, [&](unsigned, int& number) -> gcp::Outcome<gcp::Done> {
                TRY(storage_.rewrite_object(context,
                                            uploaded[static_cast<std::size_t>(number % kDifferent)],
                                            bucket(kMany), name_of(number), gcp::kAbsent));
                return gcp::Done();
            });
        for (int i = kDifferent; i < kFiles; ++i) workers.add(i);
        auto const failure = workers.finish();
        ASSERT_FALSE(failure) << failure->error().message();
    }
    void fill() {
        fill_with_many();
        upload(bucket(kOdd), odd_names());
        for (auto const& [name, sums] : contents(bucket(kEmpty))) {
            auto const object = must(storage_.get_object(stage_context(), bucket(kEmpty), name));
            ASSERT_TRUE(
                storage_.delete_object(stage_context(), bucket(kEmpty), name, object.generation)
                    .ok());
        }
    }
    // For each tenant, all at once; in the end each is so.
    void run_all(std::string const& state,
                 std::function<std::vector<std::string>(std::string const&)> const& words) {
        std::vector<testing::AipressProcess> processes;
        for (unsigned const number : {kMany, kEmpty, kOdd}) {
            processes.push_back(must(testing::AipressProcess::start(
                stage_.command(words(stage_.tenant(number).name)), stage_.environment())));
        }
        for (auto& process : processes) {
            auto const result = must(process.wait(stage_context()));
            ASSERT_EQ(result.status.code, 0) << result.describe();
            EXPECT_EQ(must(result.json()).at("state").as_string(), state);
        }
    }

    TenantStage stage_{3};
    SystemClock clock_;
    gcp::HttpTransport network_;
    std::unique_ptr<gcp::TokenSource> const tokens_ = gcp::make_fixed_token("ya29.test");
    gcp::QuotaBroker quotas_{clock_};
    gcp::Connection const connection_{
        network_, *tokens_, quotas_, {.endpoints = {{"", stage_.sandbox().url()}}}};
    gcp::Storage const storage_{connection_};
};

TEST_F(TenantFilesTest, EveryFileArrivesAndComesBack) {
    auto const begun = clock_.now();
    fill();
    std::map<unsigned, Contents> before;
    for (unsigned const number : {kMany, kEmpty, kOdd}) before[number] = contents(bucket(number));
    EXPECT_GE(before[kMany].size(), std::size_t{kFiles});
    EXPECT_TRUE(before[kEmpty].empty());
    for (auto const& name : odd_names()) EXPECT_TRUE(before[kOdd].contains(name)) << name;
    auto const filled = clock_.now();

    run_all("moved", [&](std::string const& tenant) { return stage_.migrate_words(tenant); });
    auto const moved = clock_.now();
    for (auto const& [number, all] : before) {
        EXPECT_EQ(stage_.serving_project(number), kShard);
        EXPECT_TRUE(in_shard(number) == all) << stage_.tenant(number).name;
    }
    // Written at the new home: that comes along, whatever its name.
    std::string const late = "2024/06/spät + 100% später.jpg";
    for (unsigned const number : {kMany, kEmpty, kOdd}) {
        upload(kShard + std::string("-media"), {prefix(number) + late});
        before[number][late] = in_shard(number).at(late);
    }

    run_all("rolled-back",
            [](std::string const& tenant) { return std::vector<std::string>{"rollback", tenant}; });
    for (auto const& [number, all] : before) {
        EXPECT_EQ(stage_.serving_project(number), poc::kProject);
        EXPECT_TRUE(contents(bucket(number)) == all) << stage_.tenant(number).name;
        EXPECT_TRUE(in_shard(number).empty());
    }
    std::cout << fmt::format(
        "{} files made in {} ms, three tenants moved in {} ms, back in "
        "{} ms\n",
        kFiles, elapsed_ms(begun, filled).count(), elapsed_ms(filled, moved).count(),
        elapsed_ms(moved, clock_.now()).count());
}

}  // namespace
}  // namespace aipress::functional
