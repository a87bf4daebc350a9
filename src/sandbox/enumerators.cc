#include "sandbox/enumerators.h"

#include <algorithm>

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

void number_fields(Shapes const& shapes, Shape const& shape, json::object& fields) {
    for (auto& field : fields) {
        auto const known = shape.fields.find(std::string_view(field.key()));
        if (known != shape.fields.end()) {
            number_enumerators(shapes, known->second, field.value());
        } else if (shape.values) {
            number_enumerators(shapes, *shape.values, field.value());
        }
    }
}

}  // namespace

bool wants_numbers(http::Request const& request) {
    for (auto const* const name : {"$alt", "alt"}) {
        auto const format = request.parameter(name);
        if (format && format->find("enum-encoding=int") != format->npos) return true;
    }
    return false;
}

void number_enumerators(Shapes const& shapes, Shape const& shape, json::value& value) {
    if (!shape.reference.empty()) {
        auto const found = shapes.find(shape.reference);
        if (found != shapes.end()) number_enumerators(shapes, found->second, value);
    } else if (auto* const fields = value.if_object()) {
        number_fields(shapes, shape, *fields);
    } else if (auto* const items = value.if_array(); items != nullptr && shape.items) {
        for (auto& item : *items) number_enumerators(shapes, *shape.items, item);
    } else if (auto const* const name = value.if_string()) {
        auto const& known = shape.enumerators;
        auto const at = std::find(known.begin(), known.end(), std::string_view(*name));
        if (at != known.end()) value = at - known.begin();
    }
}

}  // namespace aipress::sandbox
