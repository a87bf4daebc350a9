#include "sandbox/compute/content.h"

#include <boost/json/parse.hpp>
#include <vector>

namespace aipress::sandbox::compute {
namespace {

namespace json = boost::json;

class Conformer {
public:
    Conformer(Shapes const& shapes, Nulls nulls) : shapes_(shapes), nulls_(nulls) {}

    void conform(Shape const& shape, json::value& value) const {
        if (value.is_null()) return;
        switch (shape.kind) {
            case Shape::Kind::Reference:
                return conform(shapes_.find(shape.reference)->second, value);
            case Shape::Kind::Object:
                return conform_object(shape, value.as_object());
            case Shape::Kind::Array:
                return conform_array(shape, value);
            case Shape::Kind::Boolean:
                if (value.is_string()) value = value.get_string() == "true";
                return;
            case Shape::Kind::Integer:
            case Shape::Kind::Number:
                return conform_number(shape, value);
            default:
                return;
        }
    }

private:
    void conform_object(Shape const& shape, json::object& object) const {
        std::vector<std::string> empty;
        for (auto& [name, value] : object) {
            if (value.is_null() && nulls_ == Nulls::Dropped) empty.emplace_back(name);
            auto const field = shape.fields.find(std::string_view(name));
            if (field != shape.fields.end()) {
                conform(field->second, value);
            } else if (shape.values) {
                conform(*shape.values, value);
            }
        }
        for (auto const& name : empty) object.erase(name);
    }
    // What is in a list is whole: a patch does not reach into it.
    void conform_array(Shape const& shape, json::value& value) const {
        if (!value.is_array()) value = json::array{std::move(value)};
        Conformer const inner(shapes_, Nulls::Dropped);
        json::array kept;
        for (auto& item : value.get_array()) {
            if (item.is_null()) continue;
            inner.conform(*shape.items, item);
            kept.push_back(std::move(item));
        }
        value = std::move(kept);
    }
    static void conform_number(Shape const& shape, json::value& value) {
        if (value.is_string()) {
            boost::system::error_code failure;
            auto const number = json::parse(value.get_string(), failure);
            if (failure || !number.is_number()) return;  // "NaN"
            value = number;
        }
        if (shape.kind == Shape::Kind::Integer) value = value.to_number<std::int64_t>();
    }

    Shapes const& shapes_;
    Nulls const nulls_;
};

}  // namespace

json::object content_of(Call const& call, Nulls nulls) {
    auto content = call.content;
    auto const& shapes = call.method.api->shapes;
    auto const shape = shapes.find(call.method.request);
    if (shape != shapes.end()) Conformer(shapes, nulls).conform(shape->second, content);
    return content.is_object() ? std::move(content.get_object()) : json::object();
}

void merge_patch(json::object& target, json::object const& patch) {
    for (auto const& [name, value] : patch) {
        if (value.is_null()) {
            target.erase(name);
        } else if (value.is_object()) {
            auto& inner = target[name];
            if (!inner.is_object()) inner = json::object();
            merge_patch(inner.get_object(), value.get_object());
        } else {
            target[name] = value;
        }
    }
}

void set_default(json::object& body, std::string_view name, json::value value) {
    if (!body.contains(name)) body[name] = std::move(value);
}

bool is_true(json::object const& body, std::string_view name) {
    auto const* const value = body.if_contains(name);
    return value != nullptr && *value == true;
}

}  // namespace aipress::sandbox::compute
