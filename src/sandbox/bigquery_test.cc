#include "sandbox/bigquery.h"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "sandbox/bigquery_rows.h"
#include "sandbox/gzip.h"
#include "testing/sandbox_host.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;
using ::testing::ElementsAre;
using testing::SandboxHost;

class BigqueryTest : public ::testing::Test {
protected:
    SystemClock clock_;
    SandboxHost host_{clock_};
    std::string const datasets_ =
        "//bigquery.googleapis.com/bigquery/v2/projects/sandbox-project/datasets";
    std::string const tables_ = datasets_ + "/fleet/tables";
    json::object const schema_{{"fields",
                                {{{"name", "site"}, {"type", "STRING"}, {"mode", "REQUIRED"}},
                                 {{"name", "posts"}, {"type", "INTEGER"}},
                                 {{"name", "moved"}, {"type", "TIMESTAMP"}},
                                 {{"name", "tags"}, {"type", "STRING"}, {"mode", "REPEATED"}},
                                 {{"name", "host"},
                                  {"type", "RECORD"},
                                  {"fields", {{{"name", "port"}, {"type", "INT64"}}}}}}}};

    testing::HttpAnswer create_dataset(std::string const& id = "fleet") {
        return host_.post(datasets_, {{"datasetReference", {{"datasetId", id}}}});
    }
    testing::HttpAnswer create_table(std::string const& id = "sites") {
        return host_.post(tables_, {{"tableReference", {{"tableId", id}}}, {"schema", schema_}});
    }
    testing::HttpAnswer insert(json::object const& request) {
        return host_.post(tables_ + "/sites/insertAll", request);
    }
    static json::object row(std::string const& site, std::string const& insert_id = "") {
        json::object one{{"json", {{"site", site}}}};
        if (!insert_id.empty()) one["insertId"] = insert_id;
        return one;
    }
    // The first columns of all pages.
    std::vector<std::string> sites(std::string const& query) {
        std::vector<std::string> found;
        std::string token;
        do {
            auto const page = host_.get(tables_ + "/sites/data?" + query +
                                        (token.empty() ? "" : "&pageToken=" + token));
            EXPECT_EQ(page.status, 200) << page.text;
            if (page.status != 200) return found;
            if (auto const* const rows = page.body.as_object().if_contains("rows")) {
                for (auto const& one : rows->as_array()) {
                    found.emplace_back(one.at_pointer("/f/0/v").as_string());
                }
            }
            auto const* const next = page.body.as_object().if_contains("pageToken");
            token = next == nullptr ? "" : std::string(next->as_string());
        } while (!token.empty());
        return found;
    }
};

TEST_F(BigqueryTest, ADatasetIsMadeChangedAndDeleted) {
    auto const made = create_dataset();
    ASSERT_EQ(made.status, 200) << made.text;
    EXPECT_EQ(made.body.at("id"), "sandbox-project:fleet");
    EXPECT_EQ(made.body.at("location"), "US");
    auto const again = create_dataset();
    EXPECT_EQ(again.status, 409);
    EXPECT_EQ(again.reason(), "duplicate");
    EXPECT_EQ(again.body.at_pointer("/error/message"),
              "Already Exists: Dataset sandbox-project:fleet");
    host_.restart();
    auto const dataset = datasets_ + "/fleet";
    auto const patched = host_.patch(dataset, {{"description", "sites"}, {"labels", {{"a", "b"}}}});
    EXPECT_EQ(patched.body.at("description"), "sites");
    auto const replaced = host_.put(dataset, {{"friendlyName", "Fleet"}});
    EXPECT_FALSE(replaced.body.as_object().contains("description"));
    EXPECT_EQ(replaced.body.at("friendlyName"), "Fleet");
    EXPECT_EQ(host_
                  .call("PATCH", dataset, "{}",
                        {{"Authorization", "Bearer x"},
                         {"Content-Type", "application/json"},
                         {"If-Match", std::string(made.body.at("etag").as_string())}})
                  .status,
              412);
    EXPECT_EQ(create_table().status, 200);
    auto const busy = host_.remove(dataset);
    EXPECT_EQ(busy.status, 400);
    EXPECT_EQ(busy.reason(), "resourceInUse");
    EXPECT_EQ(host_.remove(dataset + "?deleteContents=true").status, 204);
    auto const gone = host_.get(dataset);
    EXPECT_EQ(gone.status, 404);
    EXPECT_EQ(gone.reason(), "notFound");
    EXPECT_EQ(create_dataset("no-dashes").status, 400);
}

TEST_F(BigqueryTest, ListsPage) {
    for (auto const* const id : {"fleet", "second", "third"}) {
        ASSERT_EQ(create_dataset(id).status, 200);
        ASSERT_EQ(create_table(id).status, 200);
    }
    for (auto const& [path, member] :
         {std::pair(datasets_, "datasets"), std::pair(tables_, "tables")}) {
        auto const first = host_.get(path + "?maxResults=2");
        EXPECT_EQ(first.body.at(member).as_array().size(), 2U) << first.text;
        auto const second = host_.get(path + "?maxResults=2&pageToken=" +
                                      std::string(first.body.at("nextPageToken").as_string()));
        EXPECT_EQ(second.body.at(member).as_array().size(), 1U);
        EXPECT_FALSE(second.body.as_object().contains("nextPageToken"));
    }
}

TEST_F(BigqueryTest, ColumnsMayBeAddedAndNothingElse) {
    ASSERT_EQ(create_dataset().status, 200);
    auto const made = create_table();
    ASSERT_EQ(made.status, 200) << made.text;
    EXPECT_EQ(made.body.at("numRows"), "0");
    EXPECT_EQ(create_table().reason(), "duplicate");
    auto const table = tables_ + "/sites";
    auto more = schema_;
    more["fields"].as_array().push_back(json::object{{"name", "load"}, {"type", "FLOAT"}});
    EXPECT_EQ(host_.patch(table, {{"schema", more}}).status, 200);
    EXPECT_EQ(host_.patch(table, {{"schema", schema_}}).status, 400);
    auto changed = more;
    changed["fields"].as_array()[1].as_object()["type"] = "STRING";
    EXPECT_EQ(host_.patch(table, {{"schema", changed}}).status, 400);
    host_.restart();
    EXPECT_EQ(host_.get(table).body.at_pointer("/schema/fields").as_array().size(), 6U);
    EXPECT_EQ(host_.remove(table).status, 204);
    EXPECT_EQ(host_.get(table).body.at_pointer("/error/message"),
              "Not found: Table sandbox-project:fleet.sites");
    for (auto const& bad : {json::object{{"name", "a b"}, {"type", "STRING"}},
                            json::object{{"name", "a"}, {"type", "TEXT"}},
                            json::object{{"name", "a"}, {"type", "RECORD"}}}) {
        EXPECT_EQ(host_
                      .post(tables_, {{"tableReference", {{"tableId", "bad"}}},
                                      {"schema", {{"fields", {bad}}}}})
                      .status,
                  400);
    }
    EXPECT_EQ(host_
                  .post(tables_,
                        {{"tableReference", {{"tableId", "v"}}}, {"view", {{"query", "select 1"}}}})
                  .status,
              400);
}

TEST_F(BigqueryTest, RowsAreReadBackAsTheirSchemaHasThem) {
    ASSERT_EQ(create_dataset().status, 200);
    ASSERT_EQ(create_table().status, 200);
    json::object const whole{{"site", "one.example"},
                             {"posts", "12"},
                             {"moved", "2020-01-01 00:00:00 UTC"},
                             {"tags", json::array{"a", "b"}},
                             {"host", {{"port", 8080}}}};
    auto const inserted = insert({{"rows", {{{"json", whole}}, row("two.example")}}});
    ASSERT_EQ(inserted.status, 200) << inserted.text;
    EXPECT_FALSE(inserted.body.as_object().contains("insertErrors")) << inserted.text;
    host_.restart();
    auto const data = host_.get(tables_ + "/sites/data");
    EXPECT_EQ(data.body.at("totalRows"), "2");
    EXPECT_EQ(json::serialize(data.body.at_pointer("/rows/0")),
              R"({"f":[{"v":"one.example"},{"v":"12"},{"v":"1.5778368E9"},)"
              R"({"v":[{"v":"a"},{"v":"b"}]},{"v":{"f":[{"v":"8080"}]}}]})");
    EXPECT_EQ(json::serialize(data.body.at_pointer("/rows/1")),
              R"({"f":[{"v":"two.example"},{"v":null},{"v":null},{"v":[]},{"v":null}]})");
    auto const some = host_.get(
        tables_ + "/sites/data?selectedFields=moved&formatOptions.useInt64Timestamp=true");
    EXPECT_EQ(json::serialize(some.body.at_pointer("/rows/0")),
              R"({"f":[{"v":"1577836800000000"}]})");
    EXPECT_EQ(host_.get(tables_ + "/sites/data?selectedFields=none").status, 400);
    EXPECT_EQ(host_.get(tables_ + "/sites").body.at("numRows"), "2");
}

TEST_F(BigqueryTest, RowsPageAndAreNotInsertedTwice) {
    ASSERT_EQ(create_dataset().status, 200);
    ASSERT_EQ(create_table().status, 200);
    json::array rows;
    for (int number = 0; number < 5; ++number) {
        rows.push_back(row(fmt::format("s{}", number), fmt::format("id-{}", number)));
    }
    for (int time = 0; time < 2; ++time) ASSERT_EQ(insert({{"rows", rows}}).status, 200);
    EXPECT_THAT(sites("maxResults=2"), ElementsAre("s0", "s1", "s2", "s3", "s4"));
    EXPECT_THAT(sites("startIndex=3"), ElementsAre("s3", "s4"));
    EXPECT_THAT(sites("startIndex=9"), ElementsAre());
    EXPECT_EQ(host_.get(tables_ + "/sites/data?pageToken=bm8=").status, 400);
}

TEST_F(BigqueryTest, BadRowsAreNamedAndStopTheOthersUnlessSkipped) {
    ASSERT_EQ(create_dataset().status, 200);
    ASSERT_EQ(create_table().status, 200);
    json::array const rows{row("good"), json::object{{"json", {{"site", "a"}, {"posts", "many"}}}},
                           json::object{{"json", {{"site", "a"}, {"other", 1}}}},
                           json::object{{"json", {{"posts", 1}}}}};
    auto const stopped = insert({{"rows", rows}});
    ASSERT_EQ(stopped.status, 200) << stopped.text;
    auto const& errors = stopped.body.at("insertErrors").as_array();
    ASSERT_EQ(errors.size(), 4U);
    EXPECT_EQ(errors[0].at_pointer("/errors/0/location"), "posts");
    EXPECT_EQ(errors[0].at_pointer("/errors/0/message"),
              "Cannot convert value to integer (bad value): many");
    EXPECT_EQ(errors[1].at_pointer("/errors/0/message"), "no such field: other.");
    EXPECT_EQ(errors[2].at_pointer("/errors/0/message"), "Missing required field: site.");
    EXPECT_EQ(errors[3].at("index"), 0);
    EXPECT_EQ(errors[3].at_pointer("/errors/0/reason"), "stopped");
    EXPECT_THAT(sites(""), ElementsAre());

    auto const skipped =
        insert({{"rows", rows}, {"skipInvalidRows", true}, {"ignoreUnknownValues", true}});
    EXPECT_EQ(skipped.body.at("insertErrors").as_array().size(), 2U);
    EXPECT_THAT(sites(""), ElementsAre("good", "a"));
    EXPECT_EQ(insert({{"rows", json::array()}}).status, 400);
    EXPECT_EQ(host_.post(tables_ + "/none/insertAll", {{"rows", rows}}).status, 404);
}

TEST_F(BigqueryTest, BodiesMayBeCompressed) {
    ASSERT_EQ(create_dataset().status, 200);
    ASSERT_EQ(create_table().status, 200);
    auto const body = compress_gzip(json::serialize(json::object{{"rows", {row("packed")}}}));
    auto const answer = host_.call("POST", tables_ + "/sites/insertAll", body,
                                   {{"Authorization", "Bearer x"},
                                    {"Content-Type", "application/json"},
                                    {"Content-Encoding", "gzip"}});
    EXPECT_EQ(answer.status, 200) << answer.text;
    EXPECT_THAT(sites(""), ElementsAre("packed"));
}

TEST(BigqueryRows, EveryTypeTakesWhatItIs) {
    auto const check = [](char const* type, json::value const& value) -> std::string {
        json::object const schema{{"fields", {{{"name", "x"}, {"type", type}}}}};
        auto const checked = check_row(schema, {{"x", value}}, UnknownValues::Refuse);
        if (!checked.errors.empty()) return "refused";
        return std::string(checked.row.at("x").as_string());
    };
    EXPECT_EQ(check("INTEGER", 7), "7");
    EXPECT_EQ(check("INTEGER", 7.0), "7");
    EXPECT_EQ(check("INTEGER", 7.5), "refused");
    EXPECT_EQ(check("INTEGER", "9223372036854775808"), "refused");
    EXPECT_EQ(check("FLOAT", "1.5"), "1.5");
    EXPECT_EQ(check("FLOAT", "abc"), "refused");
    EXPECT_EQ(check("BOOLEAN", true), "true");
    EXPECT_EQ(check("BOOL", "False"), "false");
    EXPECT_EQ(check("BOOL", "maybe"), "refused");
    EXPECT_EQ(check("TIMESTAMP", "2020-01-01T00:00:00.5Z"), "1577836800500000");
    EXPECT_EQ(check("TIMESTAMP", 1577836800), "1577836800000000");
    EXPECT_EQ(check("TIMESTAMP", "today"), "refused");
    EXPECT_EQ(check("DATE", "2020-02-29"), "2020-02-29");
    EXPECT_EQ(check("DATE", "2021-02-29"), "refused");
    EXPECT_EQ(check("DATETIME", "2020-01-01 10:00:00"), "2020-01-01T10:00:00");
    EXPECT_EQ(check("TIME", "25:00:00"), "refused");
    EXPECT_EQ(check("BYTES", "YQ=="), "YQ==");
    EXPECT_EQ(check("BYTES", "?"), "refused");
    EXPECT_EQ(check("JSON", json::object{{"a", 1}}), R"({"a":1})");
    EXPECT_EQ(check("STRING", json::object{{"a", 1}}), "refused");
    EXPECT_EQ(check("STRING", json::array{"a"}), "refused");
}

}  // namespace
}  // namespace aipress::sandbox
