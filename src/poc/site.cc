#include "poc/site.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <charconv>
#include <fmt/format.h>

#include "poc/site_dump.h"
#include "poc/tenant_resources.h"

namespace aipress::poc {
namespace {

namespace json = boost::json;

constexpr std::string_view kForm = "application/x-www-form-urlencoded";
constexpr unsigned kVisits = 8;
constexpr milliseconds kVisitPause{250};
constexpr milliseconds kInstallTime{15'000};  // of an installer that an earlier run has called

// A web server that is being told of another site may refuse a request for a moment.
Result<http::ClientResponse> visit(Google& google, Tenant const& tenant,
                                   http::ClientRequest const& request) {
    for (unsigned i = 1;; ++i) {
        auto got = google.visit(tenant.host(), request);
        bool const is_refused =
            got.ok() ? got.value().status >= 500 : got.error().code() == ErrorCode::Unavailable;
        if (!is_refused || i == kVisits) return got;
        if (!google.context().sleep(kVisitPause)) return Error(ErrorCode::Cancelled, "called off");
    }
}

http::ClientRequest form_post(std::string path,
                              std::vector<std::pair<std::string, std::string>> const& fields) {
    return {.method = "POST",
            .url = std::move(path),
            .headers = {{"Content-Type", std::string(kForm)}},
            .body = http::form_text(fields)};
}

Result<bool> can_log_in(Google& google, Tenant const& tenant) {
    auto const answer =
        TRY(visit(google, tenant,
                  form_post("/wp-login.php", {{"log", std::string(kAdministrator)},
                                              {"pwd", tenant.administrator_password()},
                                              {"wp-submit", "Log In"}})));
    auto const& fields = answer.headers.fields();
    return std::any_of(fields.begin(), fields.end(), [](auto const& field) {
        return http::equal_ignoring_case(field.first, "Set-Cookie") &&
               field.second.starts_with("wordpress_logged_in");
    });
}

enum class Installed { Yes, NotYet, Half };

Result<Installed> run_installer(Google& google, Tenant const& tenant) {
    auto const password = tenant.administrator_password();
    auto const answer = TRY(visit(
        google, tenant,
        form_post("/wp-admin/install.php?step=2",
                  {{"weblog_title", tenant.title},
                   {"user_name", std::string(kAdministrator)},
                   {"admin_password", password},
                   {"admin_password2", password},
                   {"pw_weak", "on"},
                   {"admin_email", fmt::format("admin@{}", tenant.host())},
                   {"blog_public", tenant.traffic == TrafficClass::Development ? "0" : "1"}})));
    if (answer.body.find("Success!") != answer.body.npos) return Installed::Yes;
    if (answer.body.find("Already Installed") == answer.body.npos) {
        return Error(ErrorCode::Internal, fmt::format("installing WordPress: {} {}", answer.status,
                                                      answer.body.substr(0, 500)));
    }
    // By an earlier run, whose installer may still be at it.
    auto const deadline = Deadline::after(google.context().clock(), kInstallTime);
    while (!TRY(can_log_in(google, tenant))) {
        if (deadline.passed(google.context().clock())) return Installed::Half;
        if (!google.context().sleep(kVisitPause)) return Error(ErrorCode::Cancelled, "called off");
    }
    return Installed::Yes;
}

// An installer that was cut off leaves a database that it does not go on with.
Result<void> install(Google& google, Tenant const& tenant) {
    if (TRY(run_installer(google, tenant)) == Installed::Yes) return {};
    auto const dropped = fmt::format("{}/databases/{}", instance_path(tenant), kDatabase);
    TRY(google.remove(dropped));
    TRY(settle_instance(google, tenant));
    TRY(make_database(google, tenant));
    if (TRY(run_installer(google, tenant)) == Installed::Yes) return {};
    return Error(ErrorCode::Internal, "WordPress's installer does not finish");
}

// Whether an import has come to its end; one that is under way is waited for before.
Result<bool> is_filled(Google& google, Tenant const& tenant) {
    TRY(settle_instance(google, tenant));
    auto const listed =
        TRY(google.get(fmt::format("sqladmin.googleapis.com/v1/projects/{}/operations?instance={}",
                                   kProject, tenant.instance())));
    auto const* const items = listed.as_object().if_contains("items");
    if (items == nullptr) return false;
    return std::any_of(
        items->as_array().begin(), items->as_array().end(), [](json::value const& operation) {
            return text_at(operation, "/operationType") == "IMPORT" &&
                   text_at(operation, "/status") == "DONE" && text_at(operation, "/error").empty();
        });
}

Result<void> fill(Google& google, Tenant const& tenant) {
    auto const object = tenant.name + "/content.sql";
    TRY(google.upload(kImportBucket, object, "application/sql",
                      TRY(make_site_dump(tenant, plan_uploads(tenant)))));
    json::object const what{{"kind", "sql#importContext"},
                            {"fileType", "SQL"},
                            {"uri", fmt::format("gs://{}/{}", kImportBucket, object)},
                            {"database", kDatabase}};
    auto const started =
        TRY(google.post(instance_path(tenant) + "/import", json::object{{"importContext", what}}));
    return wait_for_sql(google, started);
}

}  // namespace

Result<void> install_site(Google& google, Tenant const& tenant) {
    if (TRY(is_filled(google, tenant))) return {};
    TRY(install(google, tenant));
    return fill(google, tenant);
}

Result<TenantSummary> look_at_site(Google& google, Tenant const& tenant) {
    auto const front = TRY(visit(google, tenant, {.url = "/"}));
    if (front.status != 200) {
        return Error(ErrorCode::Internal,
                     fmt::format("{} answers {} for its front page", tenant.host(), front.status));
    }
    auto const posts =
        TRY(visit(google, tenant, {.url = "/?rest_route=/wp/v2/posts&per_page=1&_fields=id"}));
    auto const count = posts.headers.find("X-WP-Total").value_or("");
    TenantSummary summary{.tenant = tenant.name,
                          .traffic = std::string(to_string(tenant.traffic)),
                          .kind = std::string(to_string(tenant.kind)),
                          .url = fmt::format("http://{}/", tenant.host())};
    std::from_chars(count.data(), count.data() + count.size(), summary.posts);
    std::string token;
    do {
        auto const page =
            TRY(google.get(fmt::format("storage.googleapis.com/storage/v1/b/{}/"
                                       "o?fields=items(size),nextPageToken&pageToken={}",
                                       tenant.bucket(), http::percent_encoded(token))));
        if (auto const* const items = page.as_object().if_contains("items")) {
            for (auto const& item : items->as_array()) {
                auto const size = text_at(item, "/size");
                std::uint64_t bytes = 0;
                std::from_chars(size.data(), size.data() + size.size(), bytes);
                summary.bytes += bytes;
                ++summary.objects;
            }
        }
        token = text_at(page, "/nextPageToken");
    } while (!token.empty());
    return summary;
}

}  // namespace aipress::poc
