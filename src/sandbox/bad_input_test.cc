// What every method that is served answers to input that is wrong: an error of Google's shape.
#include <boost/json/parse.hpp>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <regex>

#include "sandbox/api_error.h"
#include "testing/sandbox_host.h"

namespace aipress::sandbox {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using testing::HttpAnswer;

// A method with a path in which every name is "x1".
struct Asked {
    std::string id;
    std::string service;
    std::string verb;
    std::string path;  // "//dns.googleapis.com/dns/v1/projects/x1/managedZones"
    bool has_request = false;
    bool names_project = false;
};

std::string example(json::object const& parameter) {
    auto const* const pattern = parameter.if_contains("pattern");
    if (pattern == nullptr) {
        auto const* const format = parameter.if_contains("format");
        return format != nullptr && format->as_string().starts_with("int") ? "1" : "x1";
    }
    static std::regex const any(R"(\[\^/\]\+|\.\*)");
    auto const text = std::string(pattern->as_string());
    return std::regex_replace(text.substr(1, text.size() - 2), any, "x1");
}

Asked asked(json::object const& api, std::string_view id, json::object const& method) {
    std::string path(method.at("path").as_string());
    for (auto const& parameter : method.at("parameters").as_object()) {
        auto const value = example(parameter.value().as_object());
        for (auto const* const plus : {"+", ""}) {
            auto const name = fmt::format("{{{}{}}}", plus, std::string_view(parameter.key()));
            if (auto const at = path.find(name); at != path.npos) {
                path.replace(at, name.size(), value);
            }
        }
    }
    return {.id = std::string(id),
            .service = std::string(api.at("service").as_string()),
            .verb = std::string(method.at("verb").as_string()),
            .path = fmt::format("//{}{}", api.at("host").as_string().c_str(), path),
            .has_request = method.contains("request"),
            .names_project = path.find("projects/x1") != path.npos};
}

std::vector<Asked> every_method() {
    auto const* const source = std::getenv("AIPRESS_SOURCE_DIR");
    std::vector<Asked> all;
    for (auto const& file : fs::directory_iterator(fs::path(source == nullptr ? "." : source) /
                                                   "src/sandbox/catalogue")) {
        std::ifstream stream(file.path());
        std::string const text((std::istreambuf_iterator<char>(stream)), {});
        auto const read = json::parse(text);
        auto const& api = read.as_object();
        for (auto const& method : api.at("methods").as_object()) {
            all.push_back(asked(api, method.key(), method.value().as_object()));
        }
    }
    return all;
}

class BadInputTest : public ::testing::Test {
protected:
    // False when it is not served.
    bool send(Asked const& method, std::string const& body) {
        try {
            answer_ =
                host_.call(method.verb, method.path, body, {{"Content-Type", "application/json"}});
        } catch (std::exception const& thrown) {  // an answer that is not of its shape
            ADD_FAILURE() << method.id << ": " << thrown.what();
            return false;
        }
        return answer_.text.find("that this sandbox does not serve") == std::string::npos;
    }
    void expect_error(Asked const& method, int status) {
        SCOPED_TRACE(
            fmt::format("{} {} {}: {}", method.id, method.verb, method.path, answer_.text));
        EXPECT_EQ(answer_.status, status);
        ASSERT_TRUE(answer_.body.is_object());
        auto const* const error = answer_.body.as_object().if_contains("error");
        ASSERT_NE(error, nullptr);
        EXPECT_EQ(error->at("code"), status);
        EXPECT_NE(error->at("message").as_string(), "");
        auto const* const word =
            error_style_of(method.service) == ErrorStyle::Rpc ? "status" : "errors";
        EXPECT_TRUE(error->as_object().contains(word)) << word;
    }

    SystemClock clock_;
    testing::SandboxHost host_{clock_};
    HttpAnswer answer_;
};

TEST_F(BadInputTest, NoBodyThatIsMalformedIsTaken) {
    std::size_t served = 0;
    for (auto const& method : every_method()) {
        if (!method.has_request || method.verb == "GET") continue;
        if (!send(method, R"({"name": )")) continue;
        ++served;
        expect_error(method, 400);
    }
    EXPECT_GT(served, 150u);
}

TEST_F(BadInputTest, NoFieldThatIsUnknownIsTaken) {
    std::size_t served = 0;
    for (auto const& method : every_method()) {
        if (!method.has_request || method.verb == "GET") continue;
        if (!send(method, R"({"noSuchFieldAnywhere": 1})")) continue;
        ++served;
        expect_error(method, 400);
        EXPECT_THAT(answer_.text, HasSubstr("noSuchFieldAnywhere")) << method.id;
    }
    EXPECT_GT(served, 150u);
}

TEST_F(BadInputTest, AProjectThatIsNotThereIsSaid) {
    std::size_t served = 0;
    for (auto const& method : every_method()) {
        if (!send(method, method.verb == "GET" || method.verb == "DELETE" ? "" : "{}")) continue;
        ++served;
        if (answer_.status / 100 == 2 && !method.names_project) continue;
        EXPECT_THAT(answer_.status, AnyOf(400, 401, 403, 404, 409, 412)) << method.id;
        expect_error(method, answer_.status);
    }
    EXPECT_GT(served, 350u);
}

}  // namespace
}  // namespace aipress::sandbox
