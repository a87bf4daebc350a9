#include "sandbox/merge_patch.h"

#include <boost/json/value.hpp>

namespace aipress::sandbox {

namespace json = boost::json;

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

}  // namespace aipress::sandbox
