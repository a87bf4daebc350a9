// Cloud Storage, JSON API v1.
//
// Every change of an object names the generation that it expects to find (kAbsent: none), so each
// is safe to repeat: a repetition of what was carried out already fails with 412, and then the
// object tells whether it is this call's own doing. Nothing else written in between is ever lost.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "gcp/connection.h"
#include "gcp/iam_policy.h"

namespace aipress::gcp {

using Generation = std::int64_t;
inline constexpr Generation kAbsent = 0;

struct Object {
    std::string bucket = {};
    std::string name = {};  // UTF-8, up to 1,024 bytes, not encoded
    Generation generation = 0;
    std::int64_t metageneration = 0;
    std::uint64_t size = 0;
    std::string crc32c = {};  // base64, as Google writes it
    std::string md5 = {};     // "" of what was composed
    std::string content_type = {};
    std::uint64_t components = 1;
    std::map<std::string, std::string> metadata = {};
};

// What an upload makes.
struct NewObject {
    std::string bucket = {};
    std::string name = {};
    std::string content_type = "application/octet-stream";
    std::map<std::string, std::string> metadata = {};
    Generation expected = kAbsent;  // what it replaces
};

struct ObjectList {
    std::string bucket = {};
    std::string prefix = {};
    std::string start = {};  // names from here on
    std::string end = {};    // and before this one; "": all
    std::uint32_t page_size = 1'000;
};

struct ObjectPage {
    std::vector<Object> objects = {};
    std::string next = {};  // what the next page is asked for with; "": this is the last one
};

// Thread safe. The connection outlives it.
class Storage {
public:
    explicit Storage(Connection const& connection) : connection_(connection) {}

    [[nodiscard]] Outcome<boost::json::object> get_bucket(Context const& context,
                                                          std::string const& bucket) const;
    // Those of the project, as Google's Bucket.
    [[nodiscard]] Outcome<Done> list_buckets(Context const& context, std::string const& project,
                                             Connection::Visitor const& visit) const;
    // Repeated after a look for a bucket of that name in that project. Errors: AlreadyExists.
    [[nodiscard]] Outcome<boost::json::object> create_bucket(Context const& context,
                                                             std::string const& project,
                                                             boost::json::object bucket) const;
    // Safe by `metageneration`, that of the bucket as it was read. Errors: FailedPrecondition when
    // it was changed meanwhile.
    [[nodiscard]] Outcome<boost::json::object> patch_bucket(Context const& context,
                                                            std::string const& bucket,
                                                            boost::json::object fields,
                                                            std::int64_t metageneration) const;
    // Safe: what is gone is gone. Errors: AlreadyExists (Google's 409) when it is not empty.
    [[nodiscard]] Outcome<Done> delete_bucket(Context const& context,
                                              std::string const& bucket) const;
    // Safe by the policy's etag.
    [[nodiscard]] Outcome<Done> grant(Context const& context, std::string const& bucket,
                                      IamBinding const& binding) const;
    [[nodiscard]] Outcome<Done> revoke(Context const& context, std::string const& bucket,
                                       IamBinding const& binding) const;

    [[nodiscard]] Outcome<Object> get_object(Context const& context, std::string const& bucket,
                                             std::string const& name) const;
    using Visitor = std::function<Outcome<Done>(Object const&)>;
    // In the order of their names' bytes.
    [[nodiscard]] Outcome<Done> list_objects(Context const& context, ObjectList const& list,
                                             Visitor const& visit) const;
    // One page of that, for who reads at a pace of its own. `token`: "", or the last page's `next`.
    [[nodiscard]] Outcome<ObjectPage> list_page(Context const& context, ObjectList const& list,
                                                std::string const& token) const;
    // Copies at the server, metadata too, as many calls as it takes. `source` as it was read: the
    // copy is of that very generation. Safe by both generations.
    [[nodiscard]] Outcome<Object> rewrite_object(Context const& context, Object const& source,
                                                 std::string const& bucket, std::string const& name,
                                                 Generation expected) const;
    // That very generation. Safe: what is gone is gone. Errors: FailedPrecondition when it was
    // replaced by another.
    [[nodiscard]] Outcome<Done> delete_object(Context const& context, std::string const& bucket,
                                              std::string const& name, Generation generation) const;
    // The parts one behind the other, 32 at most, in the bucket of the new object.
    [[nodiscard]] Outcome<Object> compose(Context const& context, NewObject const& made,
                                          std::vector<Object> const& parts) const;
    // In one call, which carries the bytes' crc32c: what is stored is what was sent.
    [[nodiscard]] Outcome<Object> insert_object(Context const& context, NewObject const& made,
                                                std::string_view bytes) const;

    // A file, in pieces, each carried on from where the server says that it broke off. The file's
    // crc32c is sent ahead: it must not change meanwhile. Errors: NotFound for the file.
    [[nodiscard]] Outcome<Object> upload_file(Context const& context, NewObject const& made,
                                              std::filesystem::path const& file) const;
    // All bytes of that very generation, in pieces of 8 MiB at most: no more are in memory. Errors:
    // of the sink; NotFound when the object was replaced; DataLoss when the bytes are not the
    // object's (the sink has had them then).
    using ByteSink = std::function<Outcome<Done>(std::string_view)>;
    [[nodiscard]] Outcome<Done> read_bytes(Context const& context, Object const& object,
                                           ByteSink const& sink) const;
    // Into the file's folder under another name, and renamed once its crc32c is right and it is on
    // disk. In pieces of one generation. Errors: DataLoss when the bytes are not the object's.
    [[nodiscard]] Outcome<Object> download_file(Context const& context, std::string const& bucket,
                                                std::string const& name,
                                                std::filesystem::path const& file) const;

private:
    // The object as it is now if `is_own` says that it is what the call would have made.
    Check find_own(std::string const& bucket, std::string const& name,
                   std::function<bool(Object const&)> const& is_own) const;
    Outcome<std::string> start_upload(Context const& context, NewObject const& made,
                                      std::uint64_t size, std::string const& crc32c) const;
    Outcome<bool> is_of_project(Context const& context, boost::json::object const& bucket,
                                std::string const& project) const;
    Outcome<Done> change_bucket_policy(
        Context const& context, std::string const& bucket,
        std::function<bool(boost::json::object&)> const& change) const;

    Connection const& connection_;
};

// Errors: Internal when it is no object of Cloud Storage's.
[[nodiscard]] Outcome<Object> read_object(boost::json::object const& fields);
// The fields that an upload says of its object.
[[nodiscard]] boost::json::object upload_fields(NewObject const& made, std::string const& crc32c);

}  // namespace aipress::gcp
