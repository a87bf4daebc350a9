#include "cli/google_access.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <fmt/format.h>
#include <utility>

namespace aipress::cli {
namespace {

// A command that a person waits for gives up after a few attempts, within about a minute.
constexpr unsigned kAttempts = 6;

constexpr std::array<std::string_view, 13> kApis{"cloudbilling",  "cloudresourcemanager",
                                                 "compute",       "dns",
                                                 "iam",           "iamcredentials",
                                                 "monitoring",    "run",
                                                 "secretmanager", "sqladmin",
                                                 "serviceusage",  "spanner",
                                                 "storage"};

std::string variable(std::string const& name) {
    auto const* const value = std::getenv(name.c_str());
    return value == nullptr ? "" : value;
}

std::string without_slash(std::string address) {
    while (address.ends_with('/')) address.pop_back();
    return address;
}

std::map<std::string, std::string> endpoints() {
    std::map<std::string, std::string> all;
    if (auto const address = variable("AIPRESS_GCP_ENDPOINT"); !address.empty()) {
        all[""] = without_slash(address);
    }
    for (auto const api : kApis) {
        std::string name = "AIPRESS_GCP_ENDPOINT_";
        for (char const c : api) name += static_cast<char>(std::toupper(c));
        if (auto const address = variable(name); !address.empty()) {
            all[fmt::format("{}.googleapis.com", api)] = without_slash(address);
        }
    }
    // Its REST port is not in the variable; by itself the emulator takes these two.
    constexpr std::string_view kSpanner = "spanner.googleapis.com";
    if (auto const host = variable("SPANNER_EMULATOR_HOST");
        host.ends_with(":9010") && !all.contains(std::string(kSpanner))) {
        all[std::string(kSpanner)] = fmt::format("http://{}9020", host.substr(0, host.size() - 4));
    }
    return all;
}

// The emulator takes everybody, so that nobody need have credentials for it.
bool is_for_emulator_alone() {
    return !variable("SPANNER_EMULATOR_HOST").empty() &&
           variable("GOOGLE_APPLICATION_CREDENTIALS").empty() &&
           variable("GCE_METADATA_HOST").empty();
}

}  // namespace

Result<std::unique_ptr<GoogleAccess>> GoogleAccess::open(Clock& clock) {
    std::unique_ptr<GoogleAccess> access(new GoogleAccess(clock));
    gcp::RetryPolicy const retry{.attempts = kAttempts};
    gcp::TokenClient const client{.transport = access->transport_, .clock = clock, .retry = retry};
    if (auto token = variable("AIPRESS_GCP_TOKEN"); !token.empty()) {
        access->credentials_ = "AIPRESS_GCP_TOKEN";
        access->tokens_ = gcp::make_fixed_token(std::move(token));
    } else if (is_for_emulator_alone()) {
        access->credentials_ = "SPANNER_EMULATOR_HOST, for which none are needed";
        access->tokens_ = gcp::make_fixed_token("emulator");
    } else if (auto const file = variable("GOOGLE_APPLICATION_CREDENTIALS"); !file.empty()) {
        access->credentials_ = "GOOGLE_APPLICATION_CREDENTIALS";
        access->tokens_ =
            TRY(gcp::read_credentials(client, file).in_context("GOOGLE_APPLICATION_CREDENTIALS"));
    } else {
        auto const host = variable("GCE_METADATA_HOST");
        access->credentials_ = "the metadata server";
        access->tokens_ = host.empty() ? gcp::make_metadata_server(client)
                                       : gcp::make_metadata_server(client, host);
    }
    access->connection_ = std::make_unique<gcp::Connection>(
        access->transport_, *access->tokens_, access->quotas_,
        gcp::ConnectionOptions{.endpoints = endpoints(), .retry = retry});
    return access;
}

Result<std::string> project_value(std::string const& given) {
    if (!given.empty()) return given;
    auto project = variable("AIPRESS_GCP_PROJECT");
    if (!project.empty()) return project;
    return Error(ErrorCode::InvalidArgument,
                 "--project: missing, and AIPRESS_GCP_PROJECT is not set");
}

}  // namespace aipress::cli
