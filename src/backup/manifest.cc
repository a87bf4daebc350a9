#include "backup/manifest.h"

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <utility>

#include "base/sha256.h"
#include "fleet/home_json.h"
#include "json/fields.h"

namespace aipress::backup {
namespace {

namespace json = boost::json;
using aipress::json::get_integer;
using aipress::json::get_string;

constexpr std::int64_t kFormat = 1;

json::object entry_json(Entry const& entry) {
    json::object made{{"name", entry.name},
                      {"size", entry.sums.size},
                      {"crc32c", entry.sums.crc32c},
                      {"sha256", entry.sums.sha256}};
    if (entry.generation != 0) made["generation"] = entry.generation;
    return made;
}

Result<std::uint64_t> read_count(json::object const& object, std::string_view field) {
    auto const number = TRY(get_integer(object, field));
    if (number >= 0) return static_cast<std::uint64_t>(number);
    return Error(ErrorCode::InvalidArgument, fmt::format("$.{}: {} is below 0", field, number));
}

Result<Entry> read_entry(json::object const& object) {
    Entry entry;
    entry.name = TRY(get_string(object, "name"));
    entry.sums.size = TRY(read_count(object, "size"));
    entry.sums.crc32c = TRY(get_string(object, "crc32c"));
    entry.sums.sha256 = TRY(get_string(object, "sha256"));
    if (object.contains("generation")) entry.generation = TRY(get_integer(object, "generation"));
    return entry;
}

// Those of an array of objects.
Result<std::vector<json::object const*>> read_list(json::object const& object,
                                                   std::string_view field) {
    std::vector<json::object const*> all;
    auto const* const list = object.if_contains(field);
    auto const* const items = list == nullptr ? nullptr : list->if_array();
    Error const malformed(ErrorCode::InvalidArgument,
                          fmt::format("$.{}: expected a list of objects", field));
    if (items == nullptr) return malformed;
    for (auto const& item : *items) {
        if (!item.is_object()) return malformed;
        all.push_back(&item.get_object());
    }
    return all;
}

Result<json::object const*> read_member(json::object const& object, std::string_view field) {
    auto const* const member = object.if_contains(field);
    if (member != nullptr && member->is_object()) return &member->get_object();
    return Error(ErrorCode::InvalidArgument, fmt::format("$.{}: expected an object", field));
}

Result<Manifest> read_fields(json::object const& fields) {
    Manifest manifest;
    manifest.tenant = TRY(get_string(fields, "tenant"));
    manifest.backup = TRY(get_string(fields, "backup"));
    manifest.taken_at = TRY(get_string(fields, "taken_at"));
    manifest.host = TRY(get_string(fields, "host"));
    manifest.home = TRY(fleet::read_home(*TRY(read_member(fields, "home"))));
    auto const* const key = TRY(read_member(fields, "key"));
    manifest.key.project = TRY(get_string(*key, "project"));
    manifest.key.secret = TRY(get_string(*key, "secret"));
    manifest.key.version = TRY(get_string(*key, "version"));
    for (auto const* const object : TRY(read_list(fields, "objects"))) {
        manifest.objects.push_back(TRY(read_entry(*object)));
    }
    for (auto const* const object : TRY(read_list(fields, "file_lists"))) {
        FileListEntry list;
        list.list = TRY(read_entry(*object));
        list.files = TRY(read_count(*object, "files"));
        list.bytes = TRY(read_count(*object, "bytes"));
        manifest.file_lists.push_back(std::move(list));
    }
    return manifest;
}

Error damaged(Error const& error) {
    return {ErrorCode::DataLoss, "it is damaged: " + error.message()};
}

}  // namespace

std::uint64_t Manifest::files() const {
    std::uint64_t all = 0;
    for (auto const& list : file_lists) all += list.files;
    return all;
}

std::uint64_t Manifest::bytes() const {
    std::uint64_t all = 0;
    for (auto const& object : objects) all += object.sums.size;
    for (auto const& list : file_lists) all += list.bytes;
    return all;
}

Entry const* Manifest::find(std::string_view name) const {
    for (auto const& object : objects) {
        if (object.name == name) return &object;
    }
    return nullptr;
}

std::string write_manifest(Manifest const& manifest) {
    json::array objects;
    for (auto const& object : manifest.objects) objects.push_back(entry_json(object));
    json::array lists;
    for (auto const& list : manifest.file_lists) {
        auto made = entry_json(list.list);
        made["files"] = list.files;
        made["bytes"] = list.bytes;
        lists.push_back(std::move(made));
    }
    json::object fields{{"format", kFormat},
                        {"tenant", manifest.tenant},
                        {"backup", manifest.backup},
                        {"taken_at", manifest.taken_at},
                        {"host", manifest.host},
                        {"home", fleet::to_json(manifest.home)},
                        {"key",
                         {{"project", manifest.key.project},
                          {"secret", manifest.key.secret},
                          {"version", manifest.key.version}}},
                        {"objects", std::move(objects)},
                        {"file_lists", std::move(lists)},
                        {"files", manifest.files()},
                        {"bytes", manifest.bytes()}};
    fields["sum"] = sha256_hex(json::serialize(fields));
    return json::serialize(fields);
}

Result<Manifest> parse_manifest(std::string_view text) {
    auto parsed = aipress::json::parse_object(text);
    if (!parsed.ok()) return damaged(parsed.error());
    auto fields = parsed.release();
    auto const format = get_integer(fields, "format");
    if (!format.ok()) return damaged(format.error());
    if (format.value() != kFormat) {
        return Error(ErrorCode::Unimplemented,
                     fmt::format("it is of format {}, and this program knows {}: use the one that "
                                 "wrote it, or a newer one",
                                 format.value(), kFormat));
    }
    auto const sum = get_string(fields, "sum");
    if (!sum.ok()) return damaged(sum.error());
    fields.stable_erase(fields.find("sum"));
    if (sha256_hex(json::serialize(fields)) != sum.value()) {
        return Error(ErrorCode::DataLoss, "it was changed: its sum is not that of its text");
    }
    auto manifest = read_fields(fields);
    if (!manifest.ok()) return damaged(manifest.error());
    return manifest;
}

std::string write_file_list(std::vector<Entry> const& files) {
    json::array all;
    for (auto const& file : files) all.push_back(entry_json(file));
    return json::serialize(json::object{{"files", std::move(all)}});
}

Result<std::vector<Entry>> parse_file_list(std::string_view text) {
    auto const read = [&]() -> Result<std::vector<Entry>> {
        std::vector<Entry> files;
        auto const fields = TRY(aipress::json::parse_object(text));
        for (auto const* const file : TRY(read_list(fields, "files"))) {
            files.push_back(TRY(read_entry(*file)));
        }
        return files;
    };
    auto files = read();
    if (!files.ok()) return damaged(files.error());
    return files;
}

}  // namespace aipress::backup
