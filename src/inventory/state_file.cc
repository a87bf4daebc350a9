#include "inventory/state_file.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "inventory/declared.h"
#include "json/fields.h"

namespace aipress::inventory {
namespace {

namespace json = boost::json;

constexpr std::int64_t kVersion = 4;

Error wrong(std::string const& path, std::string_view what) {
    return {ErrorCode::InvalidArgument, fmt::format("{}: {}", path, what)};
}

Result<json::array const*> array_at(json::object const& object, std::string_view field,
                                    std::string const& path) {
    auto const* const value = object.if_contains(field);
    auto const where = fmt::format("{}.{}", path, field);
    if (value == nullptr) return wrong(where, "missing");
    if (!value->is_array()) return wrong(where, "expected an array");
    return &value->get_array();
}

Result<std::string> string_at(json::object const& object, std::string_view field,
                              std::string const& path) {
    auto const* const value = object.if_contains(field);
    auto const where = fmt::format("{}.{}", path, field);
    if (value == nullptr) return wrong(where, "missing");
    if (!value->is_string()) return wrong(where, "expected a string");
    return std::string(value->get_string());
}

Result<void> check_version(json::object const& file) {
    auto const version = TRY(aipress::json::get_integer(file, "version"));
    if (version == kVersion) return {};
    auto const* const why =
        version < kVersion
            ? "written by Terraform 0.11 or older: run `terraform init` and `terraform apply` "
              "with a newer one, which rewrites it"
            : "written by a newer Terraform than this program knows";
    return Error(
        ErrorCode::Unimplemented,
        fmt::format("$.version: {} is not supported, only {}: {}", version, kVersion, why));
}

// "[0]", "[\"a\"]", ""
std::string index_text(json::object const& instance) {
    auto const* const key = instance.if_contains("index_key");
    if (key == nullptr || key->is_null()) return "";
    if (key->is_string()) return fmt::format("[\"{}\"]", std::string_view(key->get_string()));
    return key->is_int64() ? fmt::format("[{}]", key->get_int64()) : "[?]";
}

struct Block {
    std::string type = {};
    std::string address = {};  // without an index
};

Result<void> read_instance(StateFile& file, Block const& block, json::value const& value,
                           std::string const& path, std::string_view project) {
    if (!value.is_object()) return wrong(path, "expected an object");
    auto const& instance = value.get_object();
    auto const* const attributes = instance.if_contains("attributes");
    if (attributes == nullptr) {
        return instance.contains("attributes_flat")
                   ? wrong(path + ".attributes_flat",
                           "written by a provider of Terraform 0.11: run `terraform apply`")
                   : wrong(path + ".attributes", "missing");
    }
    if (!attributes->is_object()) return wrong(path + ".attributes", "expected an object");
    ++file.managed;
    auto resource = TRY(read_declared(block.type, attributes->get_object(), project)
                            .in_context(path + ".attributes"));
    if (resource) {
        file.declared.push_back(
            {.address = block.address + index_text(instance), .resource = std::move(*resource)});
    } else {
        ++file.not_compared[block.type];
    }
    return {};
}

Result<void> read_block(StateFile& file, json::value const& value, std::string const& path,
                        std::string_view project) {
    if (!value.is_object()) return wrong(path, "expected an object");
    auto const& resource = value.get_object();
    // "data" is what Terraform only looked up.
    if (TRY(string_at(resource, "mode", path)) != "managed") return {};
    Block block;
    block.type = TRY(string_at(resource, "type", path));
    auto const name = TRY(string_at(resource, "name", path));
    block.address = fmt::format("{}.{}", block.type, name);
    if (resource.contains("module")) {
        block.address =
            fmt::format("{}.{}", TRY(string_at(resource, "module", path)), block.address);
    }
    auto const* const instances = TRY(array_at(resource, "instances", path));
    for (std::size_t i = 0; i < instances->size(); ++i) {
        TRY(read_instance(file, block, (*instances)[i], fmt::format("{}.instances[{}]", path, i),
                          project));
    }
    return {};
}

}  // namespace

Result<StateFile> parse_state_file(std::string_view text, std::string_view project) {
    auto const fields = TRY(aipress::json::parse_object(text));
    TRY(check_version(fields));
    StateFile file;
    file.terraform_version = TRY(aipress::json::get_string(fields, "terraform_version"));
    file.serial = TRY(aipress::json::get_integer(fields, "serial"));
    file.lineage = TRY(aipress::json::get_string(fields, "lineage"));
    auto const* const resources = TRY(array_at(fields, "resources", "$"));
    for (std::size_t i = 0; i < resources->size(); ++i) {
        TRY(read_block(file, (*resources)[i], fmt::format("$.resources[{}]", i), project));
    }
    return file;
}

}  // namespace aipress::inventory
