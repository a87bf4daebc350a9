#include "sandbox/resource_names.h"

namespace aipress::sandbox {

std::string_view segment(std::string_view name, std::size_t index) {
    for (; index > 0; --index) {
        auto const slash = name.find('/');
        if (slash == name.npos) return {};
        name.remove_prefix(slash + 1);
    }
    return name.substr(0, name.find('/'));
}

std::string_view without_prefix(std::string_view name, std::string_view prefix) {
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
    return name;
}

}  // namespace aipress::sandbox
