#include "sandbox/client_settings.h"

#include <gmock/gmock.h>
#include <map>

#include "testing/status_matchers.h"
#include "testing/temporary_directory.h"

namespace aipress::sandbox {
namespace {

using ::testing::Contains;
using testing::must;
using ::testing::Pair;

class ClientSettingsTest : public ::testing::Test {
protected:
    std::map<std::string, std::string> settings(Client client, RunningSandbox const& running) {
        auto const list =
            must(client_settings(client, ClientMode::Overrides, folder_.path(), running));
        return {list.begin(), list.end()};
    }

    testing::TemporaryDirectory folder_ = must(testing::TemporaryDirectory::make());
};

TEST_F(ClientSettingsTest, AipressIsToldWhatItReadsAndNothingElse) {
    std::map<std::string, std::string> const wanted{
        {"AIPRESS_GCP_ENDPOINT", "http://127.0.0.1:8480"},
        {"AIPRESS_GCP_TOKEN", "ya29.sandbox"},
        {"AIPRESS_GCP_PROJECT", "sandbox-project"},
        {"AIPRESS_SITES_ADDRESS", "127.0.0.1:8081"},
        {"AIPRESS_DNS_ADDRESS", ""}};
    EXPECT_EQ(settings(Client::Aipress, {.port = 8480, .web_port = 8081}), wanted);
    EXPECT_THAT(client_settings(Client::Aipress, ClientMode::Proxy, folder_.path(), {.port = 1}),
                testing::HasCode(ErrorCode::InvalidArgument));
}

TEST_F(ClientSettingsTest, SpannersEmulatorIsNamedWhereItRuns) {
    RunningSandbox const running{.port = 8480, .spanner_port = 9010, .spanner_rest_port = 9020};
    for (auto const client : {Client::Gcloud, Client::Node, Client::Aipress}) {
        EXPECT_THAT(settings(client, running),
                    Contains(Pair("SPANNER_EMULATOR_HOST", "127.0.0.1:9010")));
        EXPECT_FALSE(settings(client, {.port = 8480}).contains("SPANNER_EMULATOR_HOST"));
    }
    EXPECT_FALSE(settings(Client::Gsutil, running).contains("SPANNER_EMULATOR_HOST"));
    EXPECT_THAT(settings(Client::Aipress, running),
                Contains(Pair("AIPRESS_GCP_ENDPOINT_SPANNER", "http://127.0.0.1:9020")));
    EXPECT_THAT(
        settings(Client::Gcloud, running),
        Contains(Pair("CLOUDSDK_API_ENDPOINT_OVERRIDES_SPANNER", "http://127.0.0.1:9020/")));
}

}  // namespace
}  // namespace aipress::sandbox
