// gsutil and Google's npm packages against the sandbox, as an operator uses them.
#include <cstdlib>
#include <gmock/gmock.h>

#include "client_stage.h"
#include "sandbox/sandbox.h"

namespace aipress {
namespace {

namespace fs = std::filesystem;
using functional::is_installed;
using sandbox::Client;
using sandbox::ClientMode;
using ::testing::HasSubstr;

fs::path clients() {
    auto const* const source = std::getenv("AIPRESS_SOURCE_DIR");
    return fs::absolute(source == nullptr ? "." : source) / "testing/clients";
}

class GsutilTest : public ::testing::TestWithParam<ClientMode> {};

TEST_P(GsutilTest, Objects) {
    if (!is_installed("gsutil")) GTEST_SKIP() << "gsutil is not installed";
    functional::ClientStage stage(GetParam());
    auto const environment = stage.sandbox().environment(Client::Gsutil, GetParam());
    auto const gsutil = [&](std::vector<std::string> words) {
        words.insert(words.begin(), "gsutil");
        auto const output = stage.run(words, environment);
        EXPECT_EQ(output.code, 0) << words[1] << ": " << output.text;
        return output.text;
    };
    auto const large = std::string(20u << 20, 'b') + "end";
    gsutil({"mb", "-l", "us-central1", "gs://tenant-media"});
    gsutil({"cp", stage.write("large.bin", large), "gs://tenant-media/dir/large.bin"});
    gsutil({"cp", stage.write("small.txt", "hello"), "gs://tenant-media/dir/small.txt"});
    EXPECT_THAT(gsutil({"ls", "-l", "gs://tenant-media/dir/"}), HasSubstr("TOTAL: 2 objects"));
    gsutil({"cp", "gs://tenant-media/dir/large.bin", "back.bin"});
    EXPECT_TRUE(stage.read("back.bin") == large);
    EXPECT_THAT(gsutil({"cat", "gs://tenant-media/dir/small.txt"}), HasSubstr("hello"));
    gsutil({"-m", "rm", "-r", "gs://tenant-media"});
    stage.expect_all_served();
}

INSTANTIATE_TEST_SUITE_P(Modes, GsutilTest,
                         ::testing::Values(ClientMode::Overrides, ClientMode::Proxy),
                         [](auto const& parameter) {
                             return parameter.param == ClientMode::Proxy ? "Proxy" : "Overrides";
                         });

class NodeClientsTest : public ::testing::Test {
protected:
    void expect_success(std::string const& script, std::vector<std::string> const& more = {}) {
        std::error_code ignored;
        if (!fs::exists(clients() / "../node_modules/googleapis", ignored)) {
            GTEST_SKIP() << "Google's npm packages are not installed (npm ci in testing/)";
        }
        std::vector<std::string> arguments{"node", (clients() / script).string(),
                                           stage_.sandbox().url()};
        arguments.insert(arguments.end(), more.begin(), more.end());
        auto const output = stage_.run(
            arguments, stage_.sandbox().environment(Client::Node, ClientMode::Overrides));
        EXPECT_EQ(output.code, 0) << output.text;
        EXPECT_THAT(output.text, HasSubstr("all as it should be"));
        stage_.expect_all_served();
    }

    functional::ClientStage stage_{ClientMode::Overrides};
};

TEST_F(NodeClientsTest, Storage) {
    expect_success("storage.mjs");
}

TEST_F(NodeClientsTest, GoogleApis) {
    expect_success("googleapis.mjs");
}

// Its database, its name and its site.
TEST_F(NodeClientsTest, Tenant) {
    for (auto const* const program : {"mariadb-backup", "kdig", "knotd", "nginx"}) {
        if (!is_installed(program)) GTEST_SKIP() << program << " is not installed";
    }
    auto const ports = stage_.sandbox().announcement();
    expect_success("tenant.mjs", {std::to_string(ports.dns_port), std::to_string(ports.web_port)});
}

}  // namespace
}  // namespace aipress
