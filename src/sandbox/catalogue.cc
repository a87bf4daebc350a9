#include "sandbox/catalogue.h"

#include <algorithm>
#include <boost/json/parse.hpp>

#include "base/assert.h"

extern "C" char const aipress_catalogue_begin;  // catalogue_data.S: files, each ended by a NUL
extern "C" char const aipress_catalogue_end;

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view kGoogle = ".googleapis.com";

Method read_method(std::string_view id, json::object const& described) {
    Method method;
    method.id = id;
    method.verb = described.at("verb").as_string();
    method.path = described.at("path").as_string();
    PathParameters patterns;
    for (auto const& [name, parameter] : described.at("parameters").as_object()) {
        auto const& object = parameter.as_object();
        if (object.at("in").as_string() == "query") {
            method.query.emplace(name, Shape::read(parameter));
        } else if (auto const* pattern = object.if_contains("pattern")) {
            patterns.emplace(name, pattern->as_string());
        }
    }
    method.templates.emplace_back(method.path, patterns);
    if (auto const* uploads = described.if_contains("uploads")) {
        for (auto const& upload : uploads->as_array()) {
            method.templates.emplace_back(std::string_view(upload.as_string()), patterns);
        }
    }
    if (auto const* request = described.if_contains("request")) {
        method.request = request->as_string();
    }
    if (auto const* response = described.if_contains("response")) {
        method.response = response->as_string();
    }
    return method;
}

// A region's host is the API's own behind a prefix.
bool serves(Api const& api, std::string_view host) {
    if (!host.ends_with(kGoogle) || host == "www.googleapis.com") return true;
    if (host == api.host) return true;
    return host.ends_with("-" + api.host) || host.ends_with("." + api.host);
}

}  // namespace

Catalogue::Catalogue() {
    char const* at = &aipress_catalogue_begin;
    while (at != &aipress_catalogue_end) {
        std::string_view const text(at);
        at += text.size() + 1;
        auto const document = json::parse(text);
        auto& api = apis_.emplace_back();
        api.service = document.at("service").as_string();
        api.version = document.at("version").as_string();
        api.host = document.at("host").as_string();
        for (auto const& [name, shape] : document.at("schemas").as_object()) {
            api.shapes.emplace(name, Shape::read(shape));
        }
        for (auto const& [id, method] : document.at("methods").as_object()) {
            api.methods.push_back(read_method(id, method.as_object()));
        }
        for (auto& method : api.methods) method.api = &api;
    }
    for (auto const& api : apis_) {
        for (auto const& method : api.methods) {
            for (auto const& path : method.templates) {
                bool const is_upload = &path != &method.templates.front();
                routes_[method.verb].push_back({&method, &path, is_upload});
                if (!is_upload) continue;
                // A resumable upload that has begun goes on, or is called off.
                for (auto const* const verb : {"PUT", "DELETE"}) {
                    routes_[verb].push_back({&method, &path, is_upload});
                }
            }
        }
    }
    for (auto& [verb, routes] : routes_) {
        std::stable_sort(routes.begin(), routes.end(), [](Route const& a, Route const& b) {
            return a.path->specificity() > b.path->specificity();
        });
    }
}

Method const* Catalogue::find(std::string_view id, std::string_view version) const {
    for (auto const& api : apis_) {
        if (!version.empty() && api.version != version) continue;
        for (auto const& method : api.methods) {
            if (method.id == id) return &method;
        }
    }
    return nullptr;
}

std::optional<MatchedMethod> Catalogue::match(std::string_view host, std::string_view verb,
                                              std::string_view path, Wanted const& wanted) const {
    std::optional<MatchedMethod> first;
    auto const routes = routes_.find(verb == "HEAD" ? "GET" : verb);
    if (routes == routes_.end()) return std::nullopt;
    for (auto const& route : routes->second) {
        if (!serves(*route.method->api, host)) continue;
        auto parameters = route.path->match(path);
        if (!parameters) continue;
        MatchedMethod matched{route.method, std::move(*parameters), route.is_upload};
        if (wanted(*route.method)) return matched;
        if (!first) first = std::move(matched);
    }
    return first;
}

}  // namespace aipress::sandbox
