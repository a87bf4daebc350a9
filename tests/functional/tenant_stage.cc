#include "tenant_stage.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "dns/query.h"
#include "http/base64.h"
#include "http/client.h"
#include "testing/must.h"

namespace aipress::functional {
namespace {

using testing::must;

constexpr int kRedirect = 302;
constexpr int kTooManyRequests = 429;
constexpr milliseconds kCommentTime{30'000};
constexpr milliseconds kCommentPause{250};

std::string variable(testing::Environment const& environment, std::string_view name) {
    for (auto const& [key, value] : environment) {
        if (key == name) return value;
    }
    return "";
}

}  // namespace

Context stage_context() {
    static SystemClock clock;
    return {clock, Deadline::after(clock, milliseconds(240'000)), std::stop_token()};
}

TenantStage::TenantStage(unsigned tenants) : folder_(must(testing::TemporaryDirectory::make())) {
    run_sandbox(
        {"seed-poc", "--tenants", std::to_string(tenants), "--seed", std::to_string(kStageSeed)});
    run_sandbox({"seed-shard", "--shard", kShard});
    sites_ = variable(environment(), "AIPRESS_SITES_ADDRESS");
}

void TenantStage::restart_sandbox(testing::Arguments up) {
    sandbox_.restart(std::move(up));
    sites_ = variable(environment(), "AIPRESS_SITES_ADDRESS");
}

testing::CommandResult TenantStage::run_sandbox(std::vector<std::string> words) const {
    testing::Arguments all{"sandbox"};
    all.insert(all.end(), words.begin(), words.end());
    all.insert(all.end(), {"--data", sandbox_.data().string()});
    auto result = must(testing::run_aipress(stage_context(), all));
    if (result.status.code != 0) throw std::runtime_error(result.describe());
    return result;
}

testing::Arguments TenantStage::command(std::vector<std::string> words) const {
    testing::Arguments all{"tenant"};
    all.insert(all.end(), words.begin(), words.end());
    all.insert(all.end(), {"--state", state().string(), "--format", "json"});
    return all;
}

testing::Environment TenantStage::environment(testing::Environment more) const {
    auto all =
        must(sandbox::client_settings(sandbox::Client::Aipress, sandbox::ClientMode::Overrides,
                                      sandbox_.data(), sandbox_.announcement()));
    for (auto& [name, value] : all) {
        if (name == "AIPRESS_GCP_PROJECT") value = poc::kProject;
    }
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

testing::CommandResult TenantStage::run(std::vector<std::string> const& words,
                                        testing::Environment const& more) const {
    return must(testing::run_aipress(stage_context(), command(words), environment(more)));
}

std::vector<std::string> TenantStage::migrate_words(std::string const& tenant) const {
    return {"migrate",
            tenant,
            "--to",
            kShard,
            "--state-bucket",
            std::string(poc::kStateBucket),
            "--ttl",
            "60s",
            "--observe",
            "3s",
            "--observe-every",
            "100ms",
            "--admin",
            std::string(poc::kAdministrator),
            "--admin-secret",
            tenant + "-admin-password"};
}

testing::HttpAnswer TenantStage::call(std::string const& verb, std::string const& host,
                                      std::string const& path, std::string body) {
    return client_.send({.verb = verb,
                         .url = sandbox_.url() + path,
                         .body = std::move(body),
                         .headers = {{"Host", host}, {"Authorization", "Bearer ya29.test"}}});
}

boost::json::value TenantStage::get(std::string const& host, std::string const& path) {
    auto answer = call("GET", host, path);
    if (answer.status != 200) {
        throw std::runtime_error(fmt::format("{} {}: {}", answer.status, path, answer.text));
    }
    return std::move(answer.body);
}

std::vector<std::string> TenantStage::names(std::string const& host, std::string const& path,
                                            std::string const& list, std::string const& field) {
    std::vector<std::string> all;
    auto const page = get(host, path);
    auto const* const items = page.as_object().if_contains(list);
    if (items == nullptr) return all;
    for (auto const& item : items->as_array()) {
        std::string const name(item.at(field).as_string());
        all.push_back(name.substr(name.rfind('/') + 1));
    }
    return all;
}

std::string TenantStage::secret(std::string const& project, std::string const& name) {
    auto const version =
        get("secretmanager.googleapis.com",
            fmt::format("/v1/projects/{}/secrets/{}/versions/latest:access", project, name));
    return *http::decode_base64(std::string(version.at_pointer("/payload/data").as_string()));
}

testing::HttpAnswer TenantStage::visit(unsigned number, std::string const& target) {
    return visit_host(tenant(number).host(), target);
}

testing::HttpAnswer TenantStage::visit_host(std::string const& host, std::string const& target) {
    return client_.send(
        {.url = fmt::format("http://{}{}", sites_, target), .headers = {{"Host", host}}});
}

void TenantStage::map_host(unsigned number, std::string const& host) {
    boost::json::object const mapping{
        {"apiVersion", "domains.cloudrun.com/v1"},
        {"kind", "DomainMapping"},
        {"metadata", boost::json::object{{"name", host}, {"namespace", poc::kProject}}},
        {"spec", boost::json::object{{"routeName", tenant(number).name},
                                     {"certificateMode", "AUTOMATIC"}}}};
    auto const made = call(
        "POST", fmt::format("{}-run.googleapis.com", poc::kRegion),
        fmt::format("/apis/domains.cloudrun.com/v1/namespaces/{}/domainmappings", poc::kProject),
        boost::json::serialize(mapping));
    if (made.status != 200) throw std::runtime_error(made.text);
}

int TenantStage::post_comment(unsigned number, std::string const& text) {
    auto const mail = fmt::format("visitor-{}@example.com", ++comments_);
    auto const posts = visit(number, "/?rest_route=/wp/v2/posts&per_page=1&_fields=id");
    if (posts.status != 200) return posts.status;
    auto const post = posts.body.at(0).at("id").to_number<std::int64_t>();
    auto const answer =
        client_.send({.verb = "POST",
                      .url = fmt::format("http://{}/wp-comments-post.php", sites_),
                      .body = http::form_text({{"author", "A visitor"},
                                               {"email", mail},
                                               {"comment", text},
                                               {"comment_post_ID", std::to_string(post)}}),
                      .headers = {{"Host", tenant(number).host()},
                                  {"Content-Type", "application/x-www-form-urlencoded"}}});
    return answer.status;
}

bool TenantStage::try_comment(unsigned number, std::string const& text) {
    return post_comment(number, text) == kRedirect;
}

bool TenantStage::comment(unsigned number, std::string const& text) {
    auto const context = stage_context().within(kCommentTime);
    for (;;) {
        auto const status = post_comment(number, text);
        if (status != kTooManyRequests) return status == kRedirect;
        if (!context.sleep(kCommentPause)) return false;
    }
}

bool TenantStage::has_comment(unsigned number, std::string const& text) {
    auto const page = visit(
        number, "/?rest_route=/wp/v2/comments&per_page=100&search=" + http::percent_encoded(text));
    return page.text.find(text) != std::string::npos;
}

std::string TenantStage::serving_project(std::string const& host) {
    for (auto const& project : {std::string(kShard), std::string(poc::kProject)}) {
        auto const page = get("us-central1-run.googleapis.com",
                              fmt::format("/apis/domains.cloudrun.com/v1/namespaces/{}/"
                                          "domainmappings",
                                          project));
        auto const* const items = page.as_object().if_contains("items");
        if (items == nullptr) continue;
        for (auto const& mapping : items->as_array()) {
            if (mapping.at_pointer("/metadata/name").as_string() != host) continue;
            auto const* const conditions =
                mapping.at("status").as_object().if_contains("conditions");
            if (conditions == nullptr) continue;
            for (auto const& condition : conditions->as_array()) {
                if (condition.at("type").as_string() == "Ready" &&
                    condition.at("status").as_string() == "True") {
                    return project;
                }
            }
        }
    }
    return "";
}

std::vector<std::string> TenantStage::record(unsigned number) {
    auto const server = must(dns::parse_server(variable(environment(), "AIPRESS_DNS_ADDRESS")));
    auto const answer = must(
        dns::ask(stage_context(), server, {.name = tenant(number).host() + ".", .type = "CNAME"}));
    return answer.set.data;
}

}  // namespace aipress::functional
