// Buckets and objects as the store keeps them, and as Cloud Storage's JSON API shows them.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "sandbox/service.h"
#include "sandbox/storage/blobs.h"

namespace aipress::sandbox {

// Collections of the store.
inline constexpr std::string_view kBuckets = "buckets";         // by name
inline constexpr std::string_view kObjects = "objects";         // by BUCKET/NAME
inline constexpr std::string_view kOldObjects = "old_objects";  // noncurrent: old_object_key()

[[nodiscard]] std::string object_key(std::string_view bucket, std::string_view name);
// Behind the name a line feed, which no name can hold: a name's versions stand together.
[[nodiscard]] std::string old_object_key(std::string_view bucket, std::string_view name,
                                         std::uint64_t generation);

// Errors: NotFound.
[[nodiscard]] Outcome<Document> find_bucket(Transaction& transaction, std::string const& name);
// The live object, or with a generation that one, wherever it is.
struct StoredObject {
    Document document;
    bool is_live = true;

    [[nodiscard]] boost::json::object const& body() const { return document.body.as_object(); }
    [[nodiscard]] boost::json::object& body() { return document.body.as_object(); }
    [[nodiscard]] std::uint64_t generation() const;
    [[nodiscard]] std::uint64_t metageneration() const;
    [[nodiscard]] Blob blob() const;
};
[[nodiscard]] Outcome<std::optional<StoredObject>> find_object(Transaction& transaction,
                                                               std::string const& bucket,
                                                               std::string const& name,
                                                               std::string const& generation);
[[nodiscard]] ApiError no_such_object(std::string_view bucket, std::string_view name);

// The entity tag of the JSON API: opaque, another one with every change of the object.
[[nodiscard]] std::string object_etag(boost::json::object const& body);

// With the links that name this server.
[[nodiscard]] boost::json::value object_view(boost::json::object const& body,
                                             std::string const& origin);
[[nodiscard]] boost::json::value bucket_view(boost::json::object const& body,
                                             std::string const& origin);

// An unsigned number and nothing else.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text);

// Of the ASCII letters.
[[nodiscard]] std::string lower_case(std::string_view text);

// Percent-encoded as a path's segment: "a/b" is "a%2Fb".
[[nodiscard]] std::string encode_segment(std::string_view text);

// The if…Match parameters of a request; with `prefix` "Source": ifSourceGenerationMatch, ….
class Preconditions {
public:
    // Errors: InvalidArgument.
    [[nodiscard]] static Outcome<Preconditions> parse(http::Parameters const& parameters,
                                                      std::string_view prefix = "");

    // 0 stands for "there is none". Errors: 412; for a GET, 304 when it is unchanged.
    [[nodiscard]] Outcome<Done> check(std::uint64_t generation, std::uint64_t metageneration,
                                      std::string_view verb) const;
    [[nodiscard]] Outcome<Done> check(std::optional<StoredObject> const& object,
                                      std::string_view verb) const;

private:
    std::optional<std::uint64_t> generation_match_;
    std::optional<std::uint64_t> generation_not_match_;
    std::optional<std::uint64_t> metageneration_match_;
    std::optional<std::uint64_t> metageneration_not_match_;
};

}  // namespace aipress::sandbox
