#include "sandbox/shape.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <fmt/format.h>
#include <limits>
#include <optional>
#include <vector>

#include "base/assert.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::size_t kDepthMost = 100;

Shape::Kind kind_of(std::string_view type) {
    if (type == "string") return Shape::Kind::String;
    if (type == "integer") return Shape::Kind::Integer;
    if (type == "number") return Shape::Kind::Number;
    if (type == "boolean") return Shape::Kind::Boolean;
    if (type == "object") return Shape::Kind::Object;
    if (type == "array") return Shape::Kind::Array;
    ASSERT(type == "any");
    return Shape::Kind::Any;
}

// As protobuf names the type of a field: what Google's message calls it.
std::string_view type_name(Shape const& shape) {
    if (!shape.enumerators.empty()) return "TYPE_ENUM";
    switch (shape.kind) {
        case Shape::Kind::String:
            if (shape.format == "int64") return "TYPE_INT64";
            if (shape.format == "uint64") return "TYPE_UINT64";
            if (shape.format == "byte") return "TYPE_BYTES";
            return "TYPE_STRING";
        case Shape::Kind::Integer:
            return shape.format == "uint32" ? "TYPE_UINT32" : "TYPE_INT32";
        case Shape::Kind::Number:
            return shape.format == "float" ? "TYPE_FLOAT" : "TYPE_DOUBLE";
        case Shape::Kind::Boolean:
            return "TYPE_BOOL";
        default:
            return "TYPE_MESSAGE";
    }
}

bool is_base64(std::string_view text) {
    while (!text.empty() && text.back() == '=') text.remove_suffix(1);
    return text.size() % 4 != 1 && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '+' || c == '/' || c == '-' || c == '_';
           });
}

template <typename Number>
bool parses_as(std::string_view text) {
    Number number{};
    auto const* const end = text.data() + text.size();
    auto const [at, error] = std::from_chars(text.data(), end, number);
    return error == std::errc() && at == end && !text.empty();
}

template <typename Number>
bool fits(json::value const& value) {
    boost::system::error_code error;
    (void)value.to_number<Number>(error);
    return !error;
}

class Checker {
public:
    explicit Checker(Shapes const& shapes) : shapes_(shapes) {}

    void check(Shape const& shape, json::value& value, std::string const& path, std::size_t depth);
    std::vector<Violation> take() { return std::move(violations_); }

private:
    void add(std::string const& path, std::string description) {
        violations_.push_back({path, std::move(description)});
    }
    void add_invalid(Shape const& shape, json::value const& value, std::string const& path) {
        add(path, fmt::format("Invalid value at '{}' ({}), {}", path, type_name(shape),
                              json::serialize(value)));
    }
    void check_object(Shape const& shape, json::value& value, std::string const& path,
                      std::size_t depth);
    void check_array(Shape const& shape, json::value& value, std::string const& path,
                     std::size_t depth);
    void check_string(Shape const& shape, json::value& value, std::string const& path);
    [[nodiscard]] static bool is_scalar(Shape const& shape, json::value const& value);
    static void conform_scalar(Shape const& shape, json::value& value);

    Shapes const& shapes_;
    std::vector<Violation> violations_;
};

void Checker::check(Shape const& shape, json::value& value, std::string const& path,
                    std::size_t depth) {
    if (depth > kDepthMost) return add(path, "Message too deep. Max recursion depth reached.");
    if (value.is_null()) return;  // as if it were not there
    switch (shape.kind) {
        case Shape::Kind::Any:
            return;
        case Shape::Kind::Reference:
            return check(shapes_.find(shape.reference)->second, value, path, depth + 1);
        case Shape::Kind::Object:
            return check_object(shape, value, path, depth);
        case Shape::Kind::Array:
            return check_array(shape, value, path, depth);
        case Shape::Kind::String:
            return check_string(shape, value, path);
        default:
            if (!is_scalar(shape, value)) return add_invalid(shape, value, path);
            conform_scalar(shape, value);
    }
}

void Checker::check_object(Shape const& shape, json::value& value, std::string const& path,
                           std::size_t depth) {
    if (!value.is_object()) return add_invalid(shape, value, path);
    for (auto& [name, inner] : value.get_object()) {
        auto const inner_path =
            path.empty() ? std::string(name) : fmt::format("{}.{}", path, std::string_view(name));
        if (auto const at = shape.fields.find(std::string_view(name)); at != shape.fields.end()) {
            check(at->second, inner, inner_path, depth + 1);
        } else if (shape.values) {
            check(*shape.values, inner, inner_path, depth + 1);
        } else {
            add(path, path.empty()
                          ? fmt::format("Invalid JSON payload received. Unknown name \"{}\": "
                                        "Cannot find field.",
                                        std::string_view(name))
                          : fmt::format("Invalid JSON payload received. Unknown name \"{}\" at "
                                        "'{}': Cannot find field.",
                                        std::string_view(name), path));
        }
    }
}

void Checker::check_array(Shape const& shape, json::value& value, std::string const& path,
                          std::size_t depth) {
    // A single value stands for a list of one.
    if (!value.is_array()) {
        check(*shape.items, value, path, depth + 1);
        value = json::array{std::move(value)};
        return;
    }
    std::size_t index = 0;
    json::array kept;
    for (auto& inner : value.get_array()) {
        check(*shape.items, inner, fmt::format("{}[{}]", path, index++), depth + 1);
        if (!inner.is_null()) kept.push_back(std::move(inner));
    }
    value = std::move(kept);
}

void Checker::check_string(Shape const& shape, json::value& value, std::string const& path) {
    if (!shape.enumerators.empty()) {
        if (fits<std::size_t>(value) && !value.is_double() &&
            value.to_number<std::size_t>() < shape.enumerators.size()) {
            value = shape.enumerators[value.to_number<std::size_t>()];
            return;
        }
        auto const& known = shape.enumerators;
        bool const good = value.is_string() &&
                          std::find(known.begin(), known.end(), value.get_string()) != known.end();
        if (!good) add_invalid(shape, value, path);
        return;
    }
    if (shape.format == "int64" || shape.format == "uint64") {
        bool const is_signed = shape.format == "int64";
        bool const good =
            value.is_string()
                ? (is_signed ? parses_as<std::int64_t>(value.get_string())
                             : parses_as<std::uint64_t>(value.get_string()))
                : (is_signed ? fits<std::int64_t>(value) : fits<std::uint64_t>(value));
        if (!good) return add_invalid(shape, value, path);
        if (!value.is_string()) value = json::serialize(value);
        return;
    }
    bool const good =
        value.is_string() && (shape.format != "byte" || is_base64(value.get_string()));
    if (!good) add_invalid(shape, value, path);
}

bool Checker::is_scalar(Shape const& shape, json::value const& value) {
    switch (shape.kind) {
        case Shape::Kind::Boolean:
            return value.is_bool() || value == "true" || value == "false";
        case Shape::Kind::Integer:
            if (value.is_string()) {
                return shape.format == "uint32" ? parses_as<std::uint32_t>(value.get_string())
                                                : parses_as<std::int32_t>(value.get_string());
            }
            return shape.format == "uint32" ? fits<std::uint32_t>(value)
                                            : fits<std::int32_t>(value);
        case Shape::Kind::Number:
            return value.is_number() || value == "NaN" || value == "Infinity" ||
                   value == "-Infinity" ||
                   (value.is_string() && parses_as<double>(value.get_string()));
        default:
            return false;
    }
}

// REQUIRES: is_scalar().
void Checker::conform_scalar(Shape const& shape, json::value& value) {
    if (shape.kind == Shape::Kind::Boolean) {
        if (value.is_string()) value = value.get_string() == "true";
        return;
    }
    if (value.is_string()) {
        boost::system::error_code failure;
        auto const number = json::parse(value.get_string(), failure);
        if (failure || !number.is_number()) return;  // "NaN"
        value = number;
    }
    if (shape.kind == Shape::Kind::Integer) value = value.to_number<std::int64_t>();
}

}  // namespace

void drop_nulls(json::value& value) {
    if (value.is_array()) {
        for (auto& item : value.get_array()) drop_nulls(item);
    } else if (value.is_object()) {
        std::vector<std::string> empty;
        for (auto& [name, inner] : value.get_object()) {
            if (inner.is_null()) {
                empty.emplace_back(name);
            } else {
                drop_nulls(inner);
            }
        }
        for (auto const& name : empty) value.get_object().erase(name);
    }
}

Shape Shape::read(json::value const& described) {
    auto const& object = described.as_object();
    Shape shape;
    if (auto const* reference = object.if_contains("ref")) {
        shape.kind = Kind::Reference;
        shape.reference = std::string(reference->as_string());
        return shape;
    }
    shape.kind = kind_of(object.at("type").as_string());
    if (auto const* format = object.if_contains("format")) shape.format = format->as_string();
    if (auto const* names = object.if_contains("enum")) {
        for (auto const& name : names->as_array()) {
            shape.enumerators.emplace_back(name.as_string());
        }
    }
    if (auto const* fields = object.if_contains("fields")) {
        for (auto const& [name, field] : fields->as_object()) {
            shape.fields.emplace(name, read(field));
        }
    }
    if (auto const* values = object.if_contains("values")) {
        shape.values = std::make_shared<Shape>(read(*values));
    } else if (shape.kind == Kind::Object && !object.contains("fields")) {
        shape.values = std::make_shared<Shape>();  // nothing is said of it: anything goes
    }
    if (auto const* items = object.if_contains("items")) {
        shape.items = std::make_shared<Shape>(read(*items));
    }
    return shape;
}

std::vector<Violation> check_shape(Shapes const& shapes, Shape const& shape, json::value& value) {
    Checker checker(shapes);
    checker.check(shape, value, {}, 0);
    return checker.take();
}

}  // namespace aipress::sandbox
