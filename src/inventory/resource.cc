#include "inventory/resource.h"

#include <algorithm>
#include <utility>

namespace aipress::inventory {

std::string_view to_string(Kind kind) {
    static constexpr std::array<std::string_view, kKinds> kNames{
        "Cloud Run service",        "Cloud SQL instance", "bucket", "secret",
        "Cloud Run domain mapping", "DNS record set"};
    return kNames.at(static_cast<std::size_t>(kind));
}

std::string_view to_string(Attribute attribute) {
    static constexpr std::array<std::string_view, 18> kNames{"region",
                                                             "database_version",
                                                             "tier",
                                                             "activation_policy",
                                                             "availability",
                                                             "address",
                                                             "connection_name",
                                                             "state",
                                                             "storage_class",
                                                             "uniform_bucket_level_access",
                                                             "ingress",
                                                             "image",
                                                             "uri",
                                                             "max_instances",
                                                             "ttl",
                                                             "rrdatas",
                                                             "service",
                                                             "label"};
    return kNames.at(static_cast<std::size_t>(attribute));
}

std::string_view Resource::fact(Attribute attribute) const {
    for (auto const& one : facts) {
        if (one.attribute == attribute) return one.value;
    }
    return "";
}

std::string_view Resource::label(std::string_view name) const {
    for (auto const& one : facts) {
        std::string_view const text = one.value;
        bool const is_it = one.attribute == Attribute::Label && text.starts_with(name) &&
                           text.substr(name.size()).starts_with('=');
        if (is_it) return text.substr(name.size() + 1);
    }
    return "";
}

std::string Resource::name() const {
    auto const slash = key.find('/');
    auto text = slash == std::string::npos ? key : key.substr(slash + 1);
    if (kind == Kind::RecordSet) std::replace(text.begin(), text.end(), '/', ' ');
    return text;
}

std::string Resource::host() const {
    auto const text = name();
    auto host = text.substr(0, text.find(' '));
    while (host.ends_with('.')) host.pop_back();
    return host;
}

void add_fact(Resource& resource, Attribute attribute, std::string value) {
    if (!value.empty()) resource.facts.push_back({attribute, std::move(value)});
}

void Resources::sort() {
    std::sort(all_.begin(), all_.end(), [](Resource const& a, Resource const& b) {
        return a.kind != b.kind ? a.kind < b.kind : a.key < b.key;
    });
}

Resources::Index Resources::find(Kind kind, std::string_view key) const {
    auto const found = std::lower_bound(
        all_.begin(), all_.end(), std::pair(kind, key), [](Resource const& a, auto const& wanted) {
            return a.kind != wanted.first ? a.kind < wanted.first : a.key < wanted.second;
        });
    if (found == all_.end() || found->kind != kind || found->key != key) return kNone;
    return static_cast<Index>(found - all_.begin());
}

}  // namespace aipress::inventory
