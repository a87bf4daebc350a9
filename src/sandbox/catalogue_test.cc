#include "sandbox/catalogue.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <regex>

namespace aipress::sandbox {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

Catalogue const& catalogue() {
    static Catalogue const one;
    return one;
}

std::string matched(std::string_view host, std::string_view verb, std::string_view path) {
    auto const found = catalogue().match(host, verb, path);
    return found ? found->method->id : "";
}

TEST(CatalogueTest, HoldsTheApisThatAreServed) {
    EXPECT_GE(catalogue().apis().size(), 19U);
    auto const* create = catalogue().find("secretmanager.projects.secrets.create");
    ASSERT_NE(create, nullptr);
    EXPECT_EQ(create->request, "Secret");
    EXPECT_EQ(create->query.count("secretId"), 1U);
    EXPECT_EQ(catalogue().find("no.such.method"), nullptr);
}

// A path made from the template leads back to its method, or to one with the very same template.
TEST(CatalogueTest, EveryMethodMatchesItsOwnPath) {
    std::size_t methods = 0;
    for (auto const& api : catalogue().apis()) {
        for (auto const& method : api.methods) {
            // Only those whose parameters are single segments: the others need their patterns.
            if (method.path.find("{+") != std::string::npos) continue;
            auto const path =
                std::regex_replace(method.path, std::regex("\\{[^}]*\\}"), "some%2Fthing");
            auto const found = catalogue().match(api.host, method.verb, path);
            ASSERT_TRUE(found) << method.id << ' ' << path;
            EXPECT_TRUE(found->method == &method || found->method->path == method.path)
                << method.id << " became " << found->method->id;
            ++methods;
        }
    }
    EXPECT_GT(methods, 100U);
}

TEST(CatalogueTest, CustomVerbsAndLongNames) {
    constexpr auto kSecrets = "secretmanager.googleapis.com";
    EXPECT_EQ(matched(kSecrets, "GET", "/v1/projects/p/secrets/s/versions/latest:access"),
              "secretmanager.projects.secrets.versions.access");
    EXPECT_EQ(matched(kSecrets, "GET", "/v1/projects/p/secrets/s/versions/1"),
              "secretmanager.projects.secrets.versions.get");
    EXPECT_EQ(matched(kSecrets, "POST", "/v1/projects/p/secrets/s:addVersion"),
              "secretmanager.projects.secrets.addVersion");
    EXPECT_EQ(matched(kSecrets, "GET", "/v1/projects/p/secrets/"), "");
    EXPECT_EQ(matched(kSecrets, "BREW", "/v1/projects/p/secrets"), "");
    EXPECT_EQ(matched("us-central1-run.googleapis.com", "GET",
                      "/apis/serving.knative.dev/v1/namespaces/p/services/s"),
              "run.namespaces.services.get");
    EXPECT_EQ(matched("127.0.0.1", "POST", "/sql/v1beta4/projects/p/instances"),
              "sql.instances.insert");
    EXPECT_EQ(matched(kSecrets, "POST", "/sql/v1beta4/projects/p/instances"), "");
    EXPECT_EQ(matched("serviceusage.googleapis.com", "POST",
                      "/v1/projects/p/services/run.googleapis.com:enable"),
              "serviceusage.services.enable");
}

TEST(CatalogueTest, ObjectNamesKeepTheirSlashes) {
    auto const found =
        catalogue().match("storage.googleapis.com", "GET", "/storage/v1/b/media/o/a%2Fb%20c");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->method->id, "storage.objects.get");
    EXPECT_THAT(found->parameters, ElementsAre(Pair("bucket", "media"), Pair("object", "a/b c")));
    auto const upload =
        catalogue().match("storage.googleapis.com", "POST", "/upload/storage/v1/b/media/o");
    ASSERT_TRUE(upload);
    EXPECT_EQ(upload->method->id, "storage.objects.insert");
    EXPECT_TRUE(upload->is_upload);
    auto const secret = catalogue().match("secretmanager.googleapis.com", "POST",
                                          "/v1/projects/p/secrets/s:addVersion");
    ASSERT_TRUE(secret);
    EXPECT_THAT(secret->parameters, ElementsAre(Pair("parent", "projects/p/secrets/s")));
}

std::vector<Violation> violations(std::string_view method_id, std::string_view text) {
    auto const* method = catalogue().find(method_id);
    auto value = boost::json::parse(text);
    return check_shape(method->api->shapes, method->api->shapes.find(method->request)->second,
                       value);
}

TEST(ShapeTest, EverythingWrongIsNamed) {
    constexpr auto kCreate = "secretmanager.projects.secrets.create";
    EXPECT_THAT(violations(kCreate, R"({"replication": {"automatic": {}}, "labels": {"a": "b"}})"),
                IsEmpty());
    EXPECT_THAT(
        violations(kCreate, R"({"nonsense": 1, "replication": {"x": 2}, "labels": {"a": 3}})"),
        ElementsAre(
            Field(&Violation::description,
                  "Invalid JSON payload received. Unknown name "
                  "\"nonsense\": Cannot find field."),
            AllOf(Field(&Violation::field, "replication"),
                  Field(&Violation::description,
                        "Invalid JSON payload received. Unknown name "
                        "\"x\" at 'replication': Cannot find field.")),
            Field(&Violation::description, "Invalid value at 'labels.a' (TYPE_STRING), 3")));
    EXPECT_THAT(violations(kCreate, "[]"),
                ElementsAre(Field(&Violation::description, HasSubstr("Invalid value"))));
    constexpr auto kAdd = "secretmanager.projects.secrets.addVersion";
    EXPECT_THAT(violations(kAdd, R"({"payload": {"data": "aGk=", "dataCrc32c": 17}})"), IsEmpty());
    EXPECT_THAT(violations(kAdd, R"({"payload": {"data": "!", "dataCrc32c": "x"}})"),
                ElementsAre(Field(&Violation::description, HasSubstr("(TYPE_BYTES)")),
                            Field(&Violation::description, HasSubstr("(TYPE_INT64), \"x\""))));
}

TEST(ShapeTest, AnEnumeratorMayBeANumber) {
    auto const* method = catalogue().find("run.projects.locations.services.create", "v2");
    ASSERT_NE(method, nullptr);
    auto value = boost::json::parse(R"({"ingress": 1, "launchStage": "GA"})");
    EXPECT_THAT(
        check_shape(method->api->shapes, method->api->shapes.find(method->request)->second, value),
        IsEmpty());
    EXPECT_EQ(value.at("ingress").as_string(), "INGRESS_TRAFFIC_ALL");
}

TEST(ShapeTest, DepthIsBounded) {
    auto const shape = [] {
        Shape self;
        self.kind = Shape::Kind::Object;
        self.fields.emplace("x", Shape::read(boost::json::parse(R"({"ref": "Self"})")));
        return self;
    }();
    Shapes const shapes{{"Self", shape}};
    std::string text;
    for (int i = 0; i < 30; ++i) text += "{\"x\":";
    text += "{}";
    text += std::string(30, '}');
    auto value = boost::json::parse(text);
    EXPECT_THAT(check_shape(shapes, shape, value), IsEmpty());
    boost::json::value nested = boost::json::object();
    for (int i = 0; i < 200; ++i) nested = boost::json::object{{"x", nested}};
    EXPECT_THAT(check_shape(shapes, shape, nested),
                ElementsAre(Field(&Violation::description, HasSubstr("too deep"))));
}

}  // namespace
}  // namespace aipress::sandbox
