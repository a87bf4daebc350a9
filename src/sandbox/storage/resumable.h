// Uploads that go on where they broke off. Not to be seen before they are whole.
#pragma once

#include <array>
#include <filesystem>
#include <mutex>

#include "sandbox/storage/object_changes.h"

namespace aipress::sandbox {

// Which bytes a PUT brings. Format: Content-Range, "bytes A-B/N", "bytes A-B/*", "bytes */N",
// "bytes */*"; "bytes A-*/*" for all that comes until the body's end.
struct ContentRange {
    std::optional<std::uint64_t> begin;  // nullopt: none, only asks how far it is
    std::uint64_t end = 0;               // one past the last; UINT64_MAX: the body's end tells
    std::optional<std::uint64_t> total;
};
// Errors: InvalidArgument.
[[nodiscard]] Outcome<ContentRange> parse_content_range(std::string_view text);

// Thread safe; the requests of one upload run one by one.
class ResumableUploads {
public:
    ResumableUploads(Store& store, Blobs const& blobs, ObjectChanges& changes,
                     std::filesystem::path folder)
        : store_(store), blobs_(blobs), changes_(changes), folder_(std::move(folder)) {}

    // Remembers what the object will be; the reply names the upload in Location.
    [[nodiscard]] Outcome<Reply> start(Call& call, std::string const& bucket,
                                       std::string const& name, boost::json::object const& fields);
    // Takes what the request brings, and answers 308 or, when it is whole, with the object. What a
    // broken connection brought is kept.
    [[nodiscard]] Outcome<Reply> resume(Call& call, std::string const& id);
    [[nodiscard]] Outcome<Reply> cancel(std::string const& id);

private:
    [[nodiscard]] Outcome<Document> find(std::string const& id) const;
    // Returns how many bytes are on disk.
    Outcome<std::uint64_t> take(Call& call, std::string const& id, ContentRange const& range);
    Outcome<Reply> finish(Call& call, Document const& upload);
    [[nodiscard]] std::filesystem::path path(std::string const& id) const { return folder_ / id; }
    std::mutex& lock_of(std::string const& id);

    Store& store_;
    Blobs const& blobs_;
    ObjectChanges& changes_;
    std::filesystem::path const folder_;
    std::array<std::mutex, 64> locks_;
};

}  // namespace aipress::sandbox
