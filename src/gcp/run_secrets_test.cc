#include "gcp/run_secrets.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>

namespace aipress::gcp {
namespace {

using ::testing::ElementsAre;

boost::json::object revision() {
    return boost::json::parse(R"({
        "containers": [
            {"env": [
                {"name": "PLAIN", "value": "secret"},
                {"name": "PASSWORD", "valueSource": {"secretKeyRef": {"secret": "pw", "version": "3"}}},
                {"name": "BROKEN", "valueSource": {"secretKeyRef": "pw"}}]},
            {"env": [
                {"valueSource": {"secretKeyRef": {"secret": "projects/p/secrets/salt"}}}]}, 7],
        "volumes": [
            {"gcs": {"bucket": "media"}},
            {"secret": {"secret": "keys"}},
            {"secret": {"secret": "certificate", "items": [{"version": "1"}, {"version": "latest"}]}}]
    })")
        .as_object();
}

std::vector<std::string> texts(boost::json::object const& revision) {
    std::vector<std::string> all;
    for (auto const& reference : secrets_of_template(revision)) {
        all.push_back(reference.secret + " " + reference.version);
    }
    return all;
}

TEST(RunSecretsTest, EveryPlaceIsRead) {
    EXPECT_THAT(texts(revision()), ElementsAre("pw 3", "projects/p/secrets/salt ", "keys ",
                                               "certificate 1", "certificate latest"));
    EXPECT_THAT(texts({}), ElementsAre());
    auto const name = secret_name("projects/p/secrets/salt", "own");
    EXPECT_EQ(name.project + " " + name.secret, "p salt");
    EXPECT_EQ(secret_name("pw", "own").project, "own");
}

TEST(RunSecretsTest, TheSamePlacesAreRenamed) {
    auto renamed = revision();
    rename_secrets(renamed, [](std::string const& name) { return "new-" + name; });
    EXPECT_THAT(texts(renamed), ElementsAre("new-pw 3", "new-projects/p/secrets/salt ", "new-keys ",
                                            "new-certificate 1", "new-certificate latest"));
    rename_secrets(renamed, [](std::string const& name) { return name.substr(4); });
    EXPECT_EQ(boost::json::serialize(renamed), boost::json::serialize(revision()));
}

}  // namespace
}  // namespace aipress::gcp
