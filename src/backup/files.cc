#include "backup/files.h"

#include <fmt/format.h>
#include <map>
#include <optional>
#include <utility>

#include "backup/limits.h"
#include "base/sha256.h"
#include "inventory/workers.h"

namespace aipress::backup {
namespace {

using gcp::Done;
using gcp::Object;
using gcp::Outcome;
using inventory::for_each_index;

constexpr std::string_view kLists = "file-lists/";

// What `to` has of an interval of names, by name below the prefix. A chunk of the source at a time.
class ChunkCopier {
public:
    ChunkCopier(gcp::Storage const& storage, ObjectFolder const& from, ObjectFolder const& to)
        : storage_(storage), from_(from), to_(to) {}

    // All of the source up to the chunk's last name; nullopt: all that is left.
    Outcome<Done> copy(Context const& context, std::vector<Object> const& chunk,
                       std::optional<std::string> const& last) {
        auto there = TRY(list_target(context, last));
        std::vector<std::pair<Object const*, gcp::Generation>> wanted;
        for (auto const& object : chunk) {
            auto const name = object.name.substr(from_.prefix.size());
            if (to_.prefix.size() + name.size() > limits::kNameBytes) {
                return Error(ErrorCode::InvalidArgument,
                             fmt::format("the name of gs://{}/{} is too long to be kept below {}",
                                         object.bucket, object.name, to_.prefix));
            }
            auto const at = there.find(name);
            auto expected = gcp::kAbsent;
            if (at != there.end()) {
                bool const is_same =
                    at->second.size == object.size && at->second.crc32c == object.crc32c;
                expected = at->second.generation;
                there.erase(at);
                counts_.kept += is_same ? 1 : 0;
                if (is_same) continue;
            }
            wanted.emplace_back(&object, expected);
        }
        TRY(for_each_index(
            context, wanted.size(), [&](Context const& during, std::size_t index) -> Outcome<Done> {
                auto const& [object, expected] = wanted[index];
                TRY(storage_.rewrite_object(during, *object, to_.bucket,
                                            to_.prefix + object->name.substr(from_.prefix.size()),
                                            expected));
                return Done();
            }));
        counts_.copied += wanted.size();
        for (auto const& [name, object] : there) {
            TRY(storage_.delete_object(context, to_.bucket, object.name, object.generation));
            ++counts_.removed;
        }
        return Done();
    }
    [[nodiscard]] CopyCounts const& counts() const { return counts_; }

private:
    Outcome<std::map<std::string, Object>> list_target(Context const& context,
                                                       std::optional<std::string> const& last) {
        std::map<std::string, Object> there;
        std::optional<std::string> beyond;
        gcp::ObjectList const list{
            .bucket = to_.bucket, .prefix = to_.prefix, .start = to_.prefix + next_};
        auto const listed =
            storage_.list_objects(context, list, [&](Object const& object) -> Outcome<Done> {
                auto name = object.name.substr(to_.prefix.size());
                if (last && name > *last) {
                    beyond = name;
                    return Error(ErrorCode::OutOfRange, "enough is listed");
                }
                there.emplace(std::move(name), object);
                return Done();
            });
        if (!listed.ok() && !beyond) return listed.error();
        // No name lies between this one and the last.
        if (last) next_ = *last + '\0';
        return there;
    }

    gcp::Storage const& storage_;
    ObjectFolder const& from_;
    ObjectFolder const& to_;
    std::string next_;
    CopyCounts counts_;
};

std::string list_name(std::size_t number) {
    return fmt::format("{}{:06}.json", kLists, number);
}

// Those of an earlier run's list: a file that is still of that generation needs not be read again.
Outcome<std::map<std::string, Entry>> known_files(Context const& context, Folder const& folder,
                                                  std::string const& name) {
    std::map<std::string, Entry> known;
    auto const text = TRY(folder.read(context, name, limits::kManifestBytes));
    if (!text) return known;
    auto files = parse_file_list(*text);
    if (!files.ok()) return known;
    for (auto& file : files.value()) known.emplace(file.name, std::move(file));
    return known;
}

Outcome<FileListEntry> write_list(Context const& context, Folder const& folder,
                                  std::vector<Object> const& objects, std::size_t number) {
    FileListEntry made{.list = {.name = list_name(number)}, .files = objects.size()};
    auto const known = TRY(known_files(context, folder, made.list.name));
    std::vector<Entry> files(objects.size());
    auto const begin = folder.full_name(kFiles).size();
    TRY(for_each_index(context, objects.size(),
                       [&](Context const& during, std::size_t index) -> Outcome<Done> {
                           auto const& object = objects[index];
                           auto& file = files[index];
                           file.name = object.name.substr(begin);
                           auto const at = known.find(file.name);
                           if (at != known.end() && at->second.generation == object.generation) {
                               file = at->second;
                               return Done();
                           }
                           file.sums = TRY(folder.sum(during, object));
                           file.generation = object.generation;
                           return Done();
                       }));
    for (auto const& file : files) made.bytes += file.sums.size;
    auto const text = write_file_list(files);
    auto const object = TRY(folder.put(context, made.list.name, "application/json", text));
    made.list.sums = {.size = object.size, .crc32c = object.crc32c, .sha256 = sha256_hex(text)};
    return made;
}

}  // namespace

Outcome<CopyCounts> copy_files(Context const& context, gcp::Storage const& storage,
                               ObjectFolder const& from, ObjectFolder const& to) {
    ChunkCopier copier(storage, from, to);
    std::vector<Object> chunk;
    TRY(storage.list_objects(context, {.bucket = from.bucket, .prefix = from.prefix},
                             [&](Object const& object) -> Outcome<Done> {
                                 chunk.push_back(object);
                                 if (chunk.size() < limits::kFilesAChunk) return Done();
                                 TRY(copier.copy(context, chunk,
                                                 object.name.substr(from.prefix.size())));
                                 chunk.clear();
                                 return Done();
                             }));
    TRY(copier.copy(context, chunk, std::nullopt));
    return copier.counts();
}

Outcome<std::vector<FileListEntry>> list_files(Context const& context, gcp::Storage const& storage,
                                               Folder const& folder) {
    std::vector<FileListEntry> lists;
    std::vector<Object> chunk;
    auto const write = [&]() -> Outcome<Done> {
        if (chunk.empty()) return Done();
        lists.push_back(TRY(write_list(context, folder, chunk, lists.size() + 1)));
        chunk.clear();
        return Done();
    };
    TRY(storage.list_objects(
        context, {.bucket = folder.bucket(), .prefix = folder.full_name(kFiles)},
        [&](Object const& object) -> Outcome<Done> {
            chunk.push_back(object);
            return chunk.size() < limits::kFilesAList ? Outcome<Done>(Done()) : write();
        }));
    TRY(write());
    return lists;
}

Outcome<Done> for_each_list(Context const& context, Folder const& folder, Manifest const& manifest,
                            ListVisitor const& visit) {
    for (auto const& list : manifest.file_lists) {
        auto const text = TRY(folder.read(context, list.list.name, limits::kManifestBytes));
        if (!text || sha256_hex(*text) != list.list.sums.sha256) {
            return Error(ErrorCode::DataLoss,
                         fmt::format("{} is {}", folder.url(list.list.name),
                                     text ? "not what was written" : "missing"));
        }
        TRY(visit(TRY(parse_file_list(*text))));
    }
    return Done();
}

}  // namespace aipress::backup
