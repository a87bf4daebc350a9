#include "gcp/run_secrets.h"

#include "gcp/fields.h"

namespace aipress::gcp {
namespace {

namespace json = boost::json;

// The members of a list that are objects. `Object` is const or not, and so are they.
template <typename Object, typename Visit>
void each_object(Object& object, std::string_view list, Visit const& visit) {
    auto* const found = object.if_contains(list);
    if (found == nullptr || !found->is_array()) return;
    for (auto& item : found->get_array()) {
        if (item.is_object()) visit(item.get_object());
    }
}

// nullptr when it is none.
template <typename Object>
Object* member(Object& object, std::string_view field) {
    auto* const found = object.if_contains(field);
    return found == nullptr || !found->is_object() ? nullptr : &found->get_object();
}

// {"secret", "version"}
template <typename Object>
Object* reference_of(Object& variable) {
    auto* const source = member(variable, "valueSource");
    return source == nullptr ? nullptr : member(*source, "secretKeyRef");
}

void rename_in(json::object* reference,
               std::function<std::string(std::string const&)> const& rename) {
    if (reference == nullptr) return;
    auto const name = text_of(*reference, "secret");
    if (!name.empty()) (*reference)["secret"] = rename(name);
}

}  // namespace

SecretReference secret_of_variable(json::object const& variable) {
    auto const* const reference = reference_of(variable);
    if (reference == nullptr) return {};
    return {.secret = text_of(*reference, "secret"), .version = text_of(*reference, "version")};
}

std::vector<SecretReference> secrets_of_volume(json::object const& volume) {
    auto const* const secret = member(volume, "secret");
    if (secret == nullptr) return {};
    auto const name = text_of(*secret, "secret");
    if (name.empty()) return {};
    std::vector<SecretReference> all;
    each_object(*secret, "items", [&](json::object const& item) {
        all.push_back({.secret = name, .version = text_of(item, "version")});
    });
    if (all.empty()) all.push_back({.secret = name});
    return all;
}

std::vector<SecretReference> secrets_of_template(json::object const& revision_template) {
    std::vector<SecretReference> all;
    each_object(revision_template, "containers", [&](json::object const& container) {
        each_object(container, "env", [&](json::object const& variable) {
            auto reference = secret_of_variable(variable);
            if (!reference.secret.empty()) all.push_back(std::move(reference));
        });
    });
    each_object(revision_template, "volumes", [&](json::object const& volume) {
        for (auto& reference : secrets_of_volume(volume)) all.push_back(std::move(reference));
    });
    return all;
}

void rename_secrets(json::object& revision_template,
                    std::function<std::string(std::string const&)> const& rename) {
    each_object(revision_template, "containers", [&](json::object& container) {
        each_object(container, "env",
                    [&](json::object& variable) { rename_in(reference_of(variable), rename); });
    });
    each_object(revision_template, "volumes",
                [&](json::object& volume) { rename_in(member(volume, "secret"), rename); });
}

SecretName secret_name(std::string const& text, std::string const& own_project) {
    constexpr std::string_view kBegin = "projects/";
    constexpr std::string_view kMiddle = "/secrets/";
    auto const middle = text.find(kMiddle);
    if (!text.starts_with(kBegin) || middle == std::string::npos) {
        return {.project = own_project, .secret = text};
    }
    return {.project = text.substr(kBegin.size(), middle - kBegin.size()),
            .secret = text.substr(middle + kMiddle.size())};
}

}  // namespace aipress::gcp
