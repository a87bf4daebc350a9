#include "placement/fleet_files.h"

#include <gmock/gmock.h>

namespace aipress::placement {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> faults_of(std::string_view text) {
    std::vector<std::string> faults;
    auto const file = read_tenant_file(text);
    for (auto const& fault : file.faults) faults.push_back(to_string(fault));
    return faults;
}

TEST(FleetFilesTest, CsvAndJsonSayTheSame) {
    auto const csv = read_tenant_file(
        "\xef\xbb\xbftenant,endpoint,shard,weight,bytes\r\n"
        "acme,https://acme.a.run.app,aipress-shard-007,1.5,\r\n"
        "\r\n"
        "\"bakery\",,,,10000000000");
    auto const json = read_tenant_file(
        R"({"tenant": "acme", "endpoint": "https://acme.a.run.app", "shard": "aipress-shard-007", "weight": 1.5}

{"tenant": "bakery", "bytes": 10000000000, "shard": null}
)");
    for (auto const& file : {csv, json}) {
        ASSERT_THAT(file.faults, IsEmpty());
        ASSERT_EQ(file.rows.size(), 2u);
        EXPECT_EQ(file.rows[0].tenant, "acme");
        EXPECT_EQ(file.rows[0].shard, "aipress-shard-007");
        EXPECT_EQ(file.rows[0].weight, 1'500u);
        EXPECT_EQ(file.rows[0].endpoint, "https://acme.a.run.app");
        EXPECT_EQ(file.rows[1].tenant, "bakery");
        EXPECT_EQ(file.rows[1].shard, std::nullopt);
        EXPECT_EQ(file.rows[1].weight, 2'000u);  // twice an ordinary site's bytes
    }
    EXPECT_EQ(csv.rows[1].line, 4u);
    EXPECT_EQ(json.rows[1].line, 3u);
}

TEST(FleetFilesTest, EveryFaultIsToldWithItsLine) {
    EXPECT_THAT(
        faults_of("tenant,shard,state,weight,bytes,endpoint\n"
                  "Acme,,,,,\n"
                  "bakery,shard-7,,,,\n"
                  ",,,,,\n"
                  "cinema,,moving,-1,1.5,ftp://x\n"
                  "dentist,,,,\n"
                  "eatery,aipress-shard-001,legacy,,,\n"
                  "\"florist,,,,,\n"
                  "grocer,,,0,,\n"
                  "grocer,,,1.2345,,\n"
                  "bytes\xff,,,,,\n"),
        ElementsAre(
            "line 2: 'Acme' is no tenant's name: lower-case letters, digits and hyphens, a letter "
            "first, at most 30 characters",
            "line 3: shard: 'shard-7' is not a shard's name: expected aipress-shard-001 and the "
            "like",
            "line 4: tenant: is missing", "line 5: state: 'moving' is not placed or legacy",
            "line 5: weight: '-1' is not a number above 0 with at most three decimals",
            "line 5: bytes: '1.5' is not a whole number from 0 to 1000000000000000",
            "line 5: endpoint: 'ftp://x' is not an address: expected https://…",
            "line 6: 5 cells where there are 6 columns",
            "line 7: state: a tenant that lives on a shard is not legacy any more",
            "line 8: a quoted cell does not end, or text is beside it",
            "line 9: weight: '0' is not a number above 0 with at most three decimals",
            "line 10: weight: '1.2345' is not a number above 0 with at most three decimals",
            "line 10: grocer comes twice; first in line 9", "line 11: tenant: is no UTF-8 text",
            "line 11: tenant: is missing"));
}

TEST(FleetFilesTest, ColumnsAndJsonThatCannotBeRead) {
    EXPECT_THAT(faults_of(""), ElementsAre("the file is empty"));
    EXPECT_THAT(faults_of(" \n\n"), ElementsAre("the file is empty"));
    EXPECT_THAT(faults_of("tenant\n"), ElementsAre("the file names nothing but its columns"));
    EXPECT_THAT(faults_of("tenant,shards,tenant\nacme,x,y\n"),
                ElementsAre("line 1: 'shards' is no column: expected tenant, shard, state, weight, "
                            "connections, bytes, requests, endpoint",
                            "line 1: column 'tenant' comes twice"));
    EXPECT_THAT(
        faults_of("{\"tenant\": \"acme\", \"sahrd\": \"x\"}\n{\"tenant\": [\n[]\n"
                  "{\"tenant\": {}}\n"),
        ElementsAre("line 1: 'sahrd' is no column: expected tenant, shard, state, weight, "
                    "connections, bytes, requests, endpoint",
                    "line 2: is no JSON: incomplete JSON", "line 3: expected a JSON object",
                    "line 4: tenant: expected a text or a number", "line 4: tenant: is missing"));
}

TEST(FleetFilesTest, Shards) {
    auto const file = read_shard_file(
        "shard,state,slots,weight\naipress-shard-001,,,\n"
        "aipress-shard-1000,cordoned,10,12.5\n");
    ASSERT_THAT(file.faults, IsEmpty());
    EXPECT_EQ(file.rows[0].number, 1u);
    EXPECT_EQ(file.rows[0].slots, std::nullopt);
    EXPECT_EQ(file.rows[1].number, 1'000u);
    EXPECT_EQ(file.rows[1].state, fleet::ShardState::Cordoned);
    EXPECT_EQ(file.rows[1].weight, 12'500u);
    auto const bad = read_shard_file("shard,slots\naipress-shard-01,0\naipress-shard-000,\n");
    EXPECT_EQ(bad.faults.size(), 3u);
}

}  // namespace
}  // namespace aipress::placement
