#include "sandbox/stale_lists.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 5> kTimes{"createTime", "creationTime", "creationTimestamp",
                                                 "timeCreated", "insertTime"};
constexpr std::string_view kMetadata = "metadata";  // where Cloud Run v1 has it

// An array in an answer, or in a map of it: Compute's aggregated lists.
constexpr int kDepth = 3;

std::optional<Nanoseconds> time_of(json::object const& resource) {
    for (auto const name : kTimes) {
        auto const* const value = resource.if_contains(name);
        if (value != nullptr && value->is_string()) return parse_timestamp(value->get_string());
    }
    auto const* const metadata = resource.if_contains(kMetadata);
    return metadata != nullptr && metadata->is_object() ? time_of(metadata->get_object())
                                                        : std::nullopt;
}

Shape const* followed(Shapes const& shapes, Shape const& shape) {
    if (shape.kind != Shape::Kind::Reference) return &shape;
    auto const found = shapes.find(shape.reference);
    return found == shapes.end() ? nullptr : &found->second;
}

bool has_time(Shapes const& shapes, Shape const& resource) {
    for (auto const name : kTimes) {
        auto const field = resource.fields.find(name);
        // BigQuery's are numbers.
        if (field != resource.fields.end() && field->second.format != "int64") return true;
    }
    auto const metadata = resource.fields.find(kMetadata);
    if (metadata == resource.fields.end()) return false;
    auto const* const own = followed(shapes, metadata->second);
    return own != nullptr && own != &resource && own->fields.contains("creationTimestamp");
}

bool has_list(Shapes const& shapes, Shape const& shape, int depth) {
    auto const* const own = followed(shapes, shape);
    if (own == nullptr || depth == 0) return false;
    if (own->items) {
        auto const* const item = followed(shapes, *own->items);
        return item != nullptr && has_time(shapes, *item);
    }
    if (own->values && has_list(shapes, *own->values, depth - 1)) return true;
    return std::any_of(own->fields.begin(), own->fields.end(), [&](auto const& field) {
        return has_list(shapes, field.second, depth - 1);
    });
}

bool drop_newer(json::value& value, Nanoseconds time, int depth) {
    if (depth == 0) return false;
    if (auto* const object = value.if_object()) {
        bool has_dropped = false;
        for (auto& member : *object) {
            has_dropped = drop_newer(member.value(), time, depth - 1) || has_dropped;
        }
        return has_dropped;
    }
    auto* const list = value.if_array();
    if (list == nullptr) return false;
    auto const is_newer = [&](json::value const& item) {
        auto const* const resource = item.if_object();
        auto const made = resource == nullptr ? std::nullopt : time_of(*resource);
        return made && *made > time;
    };
    auto const before = list->size();
    list->erase(std::remove_if(list->begin(), list->end(), is_newer), list->end());
    return list->size() != before;
}

}  // namespace

bool lists_with_times(Method const& method) {
    // Only of what is named a list: others answer with one resource, which may hold lists.
    bool const is_list =
        method.verb == "GET" && (method.id.ends_with("ist") || method.id.ends_with(".search"));
    auto const shape = method.api->shapes.find(method.response);
    return is_list && shape != method.api->shapes.end() &&
           has_list(method.api->shapes, shape->second, kDepth);
}

bool drop_newer(json::value& answer, Nanoseconds time) {
    return drop_newer(answer, time, kDepth);
}

}  // namespace aipress::sandbox
