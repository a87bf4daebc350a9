// Uploads that go on where they broke off. Not to be seen before they are whole.
#pragma once

#include <array>
#include <atomic>
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

// Where an upload that has begun goes on: at the request's own path, with that query and the id.
[[nodiscard]] http::Response begun_response(http::Request const& request, std::string query,
                                            std::string const& id);
// 308: so many bytes are there, more are to come.
[[nodiscard]] http::Response incomplete_response(std::uint64_t size);

// Thread safe; the requests of one upload run one by one. All that is passed outlives it.
class ResumableUploads {
public:
    ResumableUploads(Store& store, Blobs const& blobs, ObjectChanges& changes, Clock& clock,
                     std::filesystem::path folder)
        : store_(store),
          blobs_(blobs),
          changes_(changes),
          clock_(clock),
          folder_(std::move(folder)) {}

    // Makes the folder, and sweeps what is too old or a crash has left. Before the first request.
    // Errors: Unavailable for the disk.
    Result<void> prepare();

    struct NewUpload {
        std::string bucket;
        std::string name;
        boost::json::object fields = {};   // what the client says of the object
        http::Parameters conditions = {};  // the if…Match parameters
    };
    // Remembers what the object will be. Returns the upload's id. Errors: NotFound for the bucket.
    [[nodiscard]] Outcome<std::string> start(NewUpload const& upload);

    // What an upload has come to: the object is there once it is whole.
    struct Progress {
        std::uint64_t size = 0;  // bytes that are on disk
        std::optional<boost::json::object> object = {};
    };
    // Takes what the request brings. What a broken connection brought is kept. Errors: NotFound,
    // with status 410 for one that is older than a week.
    [[nodiscard]] Outcome<Progress> resume(http::Request const& request, http::BodyReader& body,
                                           std::string const& id);
    [[nodiscard]] Outcome<Done> cancel(std::string const& id);

private:
    // Uploads that began before then, whole or not, and their files.
    Outcome<Done> sweep(WallTime before);
    // Once a day, when there is something to do anyway.
    void sweep_when_due();
    void remove_file(std::string const& id) const;
    [[nodiscard]] Outcome<Document> find(std::string const& id) const;
    // Returns how many bytes are on disk.
    Outcome<std::uint64_t> take(http::BodyReader& body, std::string const& id,
                                ContentRange const& range);
    Outcome<boost::json::object> finish(Document const& upload);
    [[nodiscard]] std::filesystem::path path(std::string const& id) const { return folder_ / id; }
    std::mutex& lock_of(std::string const& id);

    Store& store_;
    Blobs const& blobs_;
    ObjectChanges& changes_;
    Clock& clock_;
    std::filesystem::path const folder_;
    std::array<std::mutex, 64> locks_;
    std::atomic<std::int64_t> next_sweep_ = 0;  // milliseconds since 1970
};

}  // namespace aipress::sandbox
