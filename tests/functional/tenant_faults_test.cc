// Tenants move while Google refuses: one request in twenty goes wrong on every API, more are asked
// for than quotas allow, and a permission is taken away between two steps. Nobody ends half: a
// command that gives up is given again, as a supervisor would.
//
// AIPRESS_TEST_TENANTS says how many move through the faults at once (default 3).
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <iostream>
#include <map>
#include <optional>
#include <thread>

#include "http/client.h"
#include "tenant_stage.h"
#include "testing/must.h"
#include "testing/temporary_directory.h"

namespace aipress::functional {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::must;
using ::testing::Not;

constexpr unsigned kTriesMost = 12;
constexpr char const* kSeed = "4711";
constexpr char const* kSql = "sqladmin.googleapis.com";
constexpr char const* kSecrets = "secretmanager.googleapis.com";

// Together one request in twenty.
constexpr char const* kFaults = R"json({"rules": [
  {"kind": "rate_limited", "rate": 0.0125},
  {"kind": "unavailable", "rate": 0.0125},
  {"kind": "lost_response", "rate": 0.0125},
  {"kind": "failed_operation", "rate": 0.0125}
]})json";

constexpr char const* kLostPermission = R"json({"rules": [
  {"kind": "permission_denied", "method": "run.projects.locations.services.create", "rate": 1,
   "permission": "run.services.create"}
]})json";

unsigned tenants_at_once() {
    auto const* const wanted = std::getenv("AIPRESS_TEST_TENANTS");
    return wanted == nullptr ? 3 : static_cast<unsigned>(std::stoul(wanted));
}

std::string in_instance(std::string_view project, std::string_view instance,
                        std::string_view what) {
    return fmt::format("/v1/projects/{}/instances/{}/{}", project, instance, what);
}

// Both tests have tenants of their own on one stage.
class TenantFaultsTest : public ::testing::Test {
protected:
    static void SetUpTestSuite() { stage_.emplace(1 + tenants_at_once()); }
    static void TearDownTestSuite() { stage_.reset(); }

    static TenantStage& stage() { return *stage_; }

    // The sandbox with these rules of faults; without any for "".
    void restart(std::string const& rules, testing::Arguments more = {}) {
        if (!rules.empty()) {
            auto const file = (folder_ / "faults.json").string();
            std::ofstream(file) << rules;
            more.insert(more.end(), {"--faults", file, "--seed", kSeed});
        }
        stage().restart_sandbox(std::move(more));
    }

    struct End {
        std::string state = {};
        unsigned tries = 0;
        std::string said = {};  // in the end, by those that failed
    };
    static std::string last_words(std::string const& text) {
        auto const at = text.rfind("error: ");
        return at == std::string::npos ? text : text.substr(at);
    }
    // Until it is moved or rolled back.
    static End migrate(unsigned number) {
        End end;
        auto const words = stage().migrate_words(stage().tenant(number).name);
        while (end.state != "moved" && end.state != "rolled-back" && end.tries < kTriesMost) {
            ++end.tries;
            try {
                auto const result = stage().run(words);
                auto const summary = result.json();
                if (summary.ok()) end.state = summary.value().at("state").as_string();
                if (result.status.code != 0) end.said += last_words(result.error);
            } catch (std::exception const& error) {  // it took too long, and was killed
                end.said += error.what() + std::string("\n");
            }
        }
        return end;
    }

    // Names to checksums, without the prefix.
    static std::map<std::string, std::string> objects(std::string const& bucket,
                                                      std::string const& prefix) {
        std::map<std::string, std::string> all;
        auto const page = stage().get("storage.googleapis.com",
                                      fmt::format("/storage/v1/b/{}/o?maxResults=1000&prefix={}",
                                                  bucket, http::percent_encoded(prefix)));
        auto const* const items = page.as_object().if_contains("items");
        if (items == nullptr) return all;
        for (auto const& item : items->as_array()) {
            std::string const name(item.at("name").as_string());
            all[name.substr(prefix.size())] = item.at("crc32c").as_string();
        }
        return all;
    }

    // Everything that is in the shard because of the tenant.
    static std::vector<std::string> traces_in_shard(std::string const& tenant) {
        std::vector<std::string> traces;
        auto const look = [&](char const* host, std::string const& path, char const* list) {
            for (auto const& name : stage().names(host, path, list, "name")) {
                if (name == tenant || name.starts_with(tenant + "-")) {
                    traces.push_back(fmt::format("{}: {}", list, name));
                }
            }
        };
        auto const instance = std::string(kShard) + "-db";
        look(kSql, in_instance(kShard, instance, "databases"), "items");
        look(kSql, in_instance(kShard, instance, "users"), "items");
        look(kSecrets, fmt::format("/v1/projects/{}/secrets", kShard), "secrets");
        look("run.googleapis.com",
             fmt::format("/v2/projects/{}/locations/us-central1/services", kShard), "services");
        auto const files =
            objects(std::string(kShard) + "-media", fmt::format("tenants/{}/", tenant));
        if (!files.empty()) traces.push_back(fmt::format("{} files", files.size()));
        return traces;
    }

    // It serves what it had, takes what is new, and everything is on one side.
    static void expect_whole(unsigned number, std::string const& state, std::string const& before) {
        auto const name = stage().tenant(number).name;
        SCOPED_TRACE(name + ", " + state);
        bool const is_moved = state == "moved";
        ASSERT_TRUE(is_moved || state == "rolled-back");
        EXPECT_EQ(stage().serving_project(number), is_moved ? kShard : "aipress-project");
        EXPECT_THAT(stage().record(number), ElementsAre(is_moved ? "aipress-shard-001.aipress.io."
                                                                 : "ghs.googlehosted.com."));
        EXPECT_TRUE(stage().has_comment(number, before));
        EXPECT_TRUE(stage().comment(number, "behind the faults"));
        EXPECT_TRUE(stage().has_comment(number, "behind the faults"));
        // The old database is kept until the migration is completed.
        EXPECT_THAT(stage().names(kSql, in_instance(poc::kProject, name + "-db", "databases"),
                                  "items", "name"),
                    Not(::testing::IsEmpty()));
        if (!is_moved) {
            EXPECT_THAT(traces_in_shard(name), ::testing::IsEmpty());
            return;
        }
        EXPECT_THAT(traces_in_shard(name), Contains("items: " + name));
        auto const old_files = objects(name + "-media", "");
        EXPECT_FALSE(old_files.empty());
        EXPECT_EQ(objects(std::string(kShard) + "-media", fmt::format("tenants/{}/", name)),
                  old_files);
    }

private:
    inline static std::optional<TenantStage> stage_;
    testing::TemporaryDirectory folder_ = must(testing::TemporaryDirectory::make());
};

TEST_F(TenantFaultsTest, ALostPermissionStopsItBetweenTwoStepsAndGrantedAgainItCarriesOn) {
    auto const name = stage().tenant(1).name;
    ASSERT_TRUE(stage().comment(1, "written at home"));
    restart(kLostPermission);
    auto const stopped = stage().run(stage().migrate_words(name));
    EXPECT_EQ(stopped.status.code, 1) << stopped.describe();
    for (auto const* const said : {"provision/service", "run.services.create", "roles/run.admin",
                                   "aipress tenant migrate"}) {
        EXPECT_THAT(stopped.error, HasSubstr(said));
    }
    // It says the same when it is asked, and the site is served as before.
    auto const why = stage().run({"why", name});
    EXPECT_THAT(why.output, HasSubstr("roles/run.admin"));
    EXPECT_EQ(must(stopped.json()).at("state").as_string(), "running");
    EXPECT_EQ(stage().serving_project(1), poc::kProject);
    EXPECT_THAT(stage().record(1), ElementsAre("ghs.googlehosted.com."));
    EXPECT_TRUE(stage().comment(1, "in between"));

    restart("");
    auto const moved = stage().run(stage().migrate_words(name));
    EXPECT_EQ(moved.status.code, 0) << moved.describe();
    EXPECT_TRUE(stage().has_comment(1, "in between"));
    expect_whole(1, "moved", "written at home");
}

TEST_F(TenantFaultsTest, WithOneRequestInTwentyGoingWrongNobodyEndsHalf) {
    auto const last = 1 + tenants_at_once();
    for (unsigned number = 2; number <= last; ++number) {
        ASSERT_TRUE(stage().comment(number, "written at home"));
    }
    restart(kFaults, {"--quotas", "real"});
    std::map<unsigned, End> ends;
    for (unsigned number = 2; number <= last; ++number) ends[number];
    {
        std::vector<std::jthread> threads;
        for (auto& [number, end] : ends) {
            threads.emplace_back([number = number, &end = end] { end = migrate(number); });
        }
    }
    restart("");
    for (auto const& [number, end] : ends) {
        std::cout << stage().tenant(number).name << " is " << end.state << " after " << end.tries
                  << " tries\n"
                  << end.said;
        expect_whole(number, end.state, "written at home");
    }
}

}  // namespace
}  // namespace aipress::functional
