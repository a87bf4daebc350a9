#include "sandbox/compute/url_maps.h"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <set>

#include "sandbox/limits.h"

namespace aipress::sandbox::compute {
namespace {

namespace json = boost::json;

Outcome<Done> check_size(json::object const& body) {
    auto const size = json::serialize(body).size();
    if (size <= limits::kUrlMapBytes) return Done();
    return ApiError{.code = ErrorCode::InvalidArgument,
                    .message = fmt::format("Value for field 'resource' is too large: maximum size "
                                           "{} character(s); actual size {}.",
                                           limits::kUrlMapBytes, size),
                    .http_status = 413,
                    .legacy_reason = "fieldSizeTooLarge"};
}

// Exactly one thing is done with a request that nothing else matches.
Outcome<Done> check_default(json::object const& fields, std::string const& where) {
    std::size_t count = 0;
    if (fields.contains("defaultService")) ++count;
    if (fields.contains("defaultUrlRedirect")) ++count;
    auto const* const action = fields.if_contains("defaultRouteAction");
    bool const is_route =
        action != nullptr && action->as_object().contains("weightedBackendServices");
    if (is_route) ++count;
    if (count == 1) return Done();
    if (count == 0) return required_field(where + ".defaultService");
    return invalid_value(where + ".defaultService", text_field(fields, "defaultService"),
                         "Only one of defaultService, defaultUrlRedirect and "
                         "defaultRouteAction.weightedBackendServices may be set.");
}

Outcome<std::set<std::string>> matcher_names(json::object const& body) {
    std::set<std::string> names;
    auto const* const matchers = body.if_contains("pathMatchers");
    if (matchers == nullptr) return names;
    std::size_t index = 0;
    for (auto const& matcher : matchers->as_array()) {
        auto const field = fmt::format("resource.pathMatchers[{}]", index++);
        auto const& fields = matcher.as_object();
        auto const name = text_field(fields, "name");
        TRY(check_name(field + ".name", name));
        TRY(check_default(fields, field));
        if (!names.insert(name).second) {
            return invalid_value(field + ".name", name, "The name is already in use.");
        }
    }
    return names;
}

Outcome<Done> check_hosts(json::object const& body, std::set<std::string> unused) {
    auto const matchers = unused;
    std::set<std::string> seen;
    auto const* const rules = body.if_contains("hostRules");
    std::size_t index = 0;
    for (auto const& rule : rules == nullptr ? json::array() : rules->as_array()) {
        auto const field = fmt::format("resource.hostRules[{}]", index++);
        auto const& fields = rule.as_object();
        auto const matcher = text_field(fields, "pathMatcher");
        if (!matchers.contains(matcher)) {
            return invalid_value(field + ".pathMatcher", matcher,
                                 "There is no path matcher of that name.");
        }
        unused.erase(matcher);
        auto const* const hosts = fields.if_contains("hosts");
        if (hosts == nullptr || hosts->as_array().empty()) return required_field(field + ".hosts");
        for (auto const& host : hosts->as_array()) {
            auto const text = std::string(host.as_string());
            if (seen.insert(text).second) continue;
            return invalid_value(field + ".hosts", text, "The host is in another rule as well.");
        }
    }
    if (unused.empty()) return Done();
    return invalid_value("resource.pathMatchers", *unused.begin(),
                         "The path matcher is not used by any host rule.");
}

Outcome<Done> check_paths(json::object const& matcher, std::string const& field) {
    auto const* const rules = matcher.if_contains("pathRules");
    if (rules == nullptr) return Done();
    for (auto const& rule : rules->as_array()) {
        auto const* const paths = rule.as_object().if_contains("paths");
        if (paths == nullptr || paths->as_array().empty()) {
            return required_field(field + ".pathRules.paths");
        }
        for (auto const& path : paths->as_array()) {
            auto const text = std::string(path.as_string());
            auto const star = text.find('*');
            bool const is_good =
                text.starts_with('/') &&
                (star == text.npos || (star == text.size() - 1 && text[star - 1] == '/'));
            if (is_good) continue;
            return invalid_value(field + ".pathRules.paths", text,
                                 "A path must start with / and may have * only behind its last /.");
        }
    }
    return Done();
}

Outcome<Done> complete(Change& change) {
    auto& body = change.body;
    TRY(check_size(body));
    TRY(check_default(body, "resource"));
    TRY(check_hosts(body, TRY(matcher_names(body))));
    auto const* const matchers = body.if_contains("pathMatchers");
    if (matchers == nullptr) return Done();
    std::size_t index = 0;
    for (auto const& matcher : matchers->as_array()) {
        TRY(check_paths(matcher.as_object(), fmt::format("resource.pathMatchers[{}]", index++)));
    }
    return Done();
}

// Nothing is cached here; what is asked must be well said.
Outcome<Done> check_invalidation(json::object const& rule) {
    auto const path = text_field(rule, "path");
    if (path.empty() && !rule.contains("cacheTags")) return required_field("resource.path");
    if (path.empty() || path.starts_with('/')) return Done();
    return invalid_value("resource.path", path, "The path must start with /.");
}

}  // namespace

void serve_url_maps(Methods& methods, ResourcesPointer const& resources) {
    auto const kind = std::make_shared<Kind const>(Kind{.api = "urlMaps",
                                                        .collection = "urlMaps",
                                                        .parameter = "urlMap",
                                                        .type = "compute#urlMap",
                                                        .fingerprint = Fingerprint::Honoured,
                                                        .complete = complete});
    serve_kind(methods, resources, kind,
               {"insert", "get", "list", "aggregatedList", "patch", "update", "delete"});
    methods.serve("compute.urlMaps.invalidateCache", "v1", [=](Call& call) {
        auto const rule = content_of(call, Nulls::Dropped);
        return resources->change(call, *kind, "invalidateCache",
                                 [&](Change&) { return check_invalidation(rule); });
    });
}

}  // namespace aipress::sandbox::compute
