// What a JSON value of an API looks like, and whether one does.
#pragma once

#include <boost/json/value.hpp>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace aipress::sandbox {

// Format: see tools/make_catalogue. Immutable once read.
struct Shape {
    enum class Kind { Any, String, Integer, Number, Boolean, Object, Array, Reference };

    Kind kind = Kind::Any;
    std::string format;                    // "int64", "byte", "google-datetime", …
    std::vector<std::string> enumerators;  // in the order of their numbers
    std::map<std::string, Shape, std::less<>> fields;
    std::shared_ptr<Shape const> values;  // of a map
    std::shared_ptr<Shape const> items;   // of an array
    std::string reference;

    // REQUIRES: the catalogue's own format.
    [[nodiscard]] static Shape read(boost::json::value const& described);
};

using Shapes = std::map<std::string, Shape, std::less<>>;

// One thing that is wrong with a request's body, in Google's words.
struct Violation {
    std::string field;        // "payload.data"; "" is the body itself
    std::string description;  // "Invalid value at 'payload.data' (TYPE_BYTES), …"
};

// Everything about `value` that is not of the shape. Google takes several spellings of a value; one
// that is of the shape is brought to one: enumerators are names, 64 bit integers strings, booleans
// and other numbers what they are, a single value a list of one, and a list holds no null. (Members
// may be null: see drop_nulls.) `shapes`: what references refer to.
[[nodiscard]] std::vector<Violation> check_shape(Shapes const& shapes, Shape const& shape,
                                                 boost::json::value& value);

// Takes out the members that are null, however deep: as if they were not there. What a patch says
// with null is lost by it.
void drop_nulls(boost::json::value& value);

}  // namespace aipress::sandbox
