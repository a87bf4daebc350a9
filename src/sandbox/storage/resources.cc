#include "sandbox/storage/resources.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "http/base64.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

std::uint64_t number_field(json::object const& body, std::string_view name) {
    return parse_number(text_field(body, name)).value_or(0);
}

ApiError condition_not_met() {
    return {.code = ErrorCode::FailedPrecondition,
            .message = "At least one of the pre-conditions you specified did not hold.",
            .http_status = 412,
            .legacy_reason = "conditionNotMet"};
}

}  // namespace

std::string object_key(std::string_view bucket, std::string_view name) {
    return fmt::format("{}/{}", bucket, name);
}

std::string old_object_key(std::string_view bucket, std::string_view name,
                           std::uint64_t generation) {
    return fmt::format("{}/{}\n{:020}", bucket, name, generation);
}

Outcome<Document> find_bucket(Transaction& transaction, std::string const& name) {
    auto found = TRY(transaction.get(kBuckets, name));
    if (!found) {
        return ApiError{.code = ErrorCode::NotFound,
                        .message = "The specified bucket does not exist.",
                        .legacy_reason = "notFound"};
    }
    return std::move(*found);
}

std::uint64_t StoredObject::generation() const {
    return number_field(body(), "generation");
}

std::uint64_t StoredObject::metageneration() const {
    return number_field(body(), "metageneration");
}

Blob StoredObject::blob() const {
    return {.id = text_field(body(), "blob"),
            .size = number_field(body(), "size"),
            .md5 = text_field(body(), "md5Hash"),
            .crc32c = text_field(body(), "crc32c")};
}

Outcome<std::optional<StoredObject>> find_object(Transaction& transaction,
                                                 std::string const& bucket, std::string const& name,
                                                 std::string const& generation) {
    std::optional<StoredObject> object;
    if (auto live = TRY(transaction.get(kObjects, object_key(bucket, name)))) {
        object = StoredObject{std::move(*live), true};
    }
    if (generation.empty()) return object;
    if (object && text_field(object->body(), "generation") == generation) return object;
    auto const number = parse_number(generation);
    if (!number) return std::optional<StoredObject>();
    auto old = TRY(transaction.get(kOldObjects, old_object_key(bucket, name, *number)));
    if (!old) return std::optional<StoredObject>();
    return std::optional(StoredObject{std::move(*old), false});
}

ApiError no_such_object(std::string_view bucket, std::string_view name) {
    return {.code = ErrorCode::NotFound,
            .message = fmt::format("No such object: {}/{}", bucket, name),
            .legacy_reason = "notFound"};
}

std::string object_etag(json::object const& body) {
    return http::encode_base64(text_field(body, "generation") + "/" +
                               text_field(body, "metageneration"));
}

json::value object_view(json::object const& body, std::string const& origin) {
    auto const bucket = text_field(body, "bucket");
    auto const name = encode_segment(text_field(body, "name"));
    auto const generation = text_field(body, "generation");
    json::object view = body;
    view.erase("blob");
    view["kind"] = "storage#object";
    view["id"] = fmt::format("{}/{}/{}", bucket, text_field(body, "name"), generation);
    view["selfLink"] = fmt::format("{}/storage/v1/b/{}/o/{}", origin, bucket, name);
    view["mediaLink"] = fmt::format("{}/download/storage/v1/b/{}/o/{}?generation={}&alt=media",
                                    origin, bucket, name, generation);
    view["etag"] = object_etag(body);
    return view;
}

json::value bucket_view(json::object const& body, std::string const& origin) {
    auto const name = text_field(body, "name");
    json::object view = body;
    view["kind"] = "storage#bucket";
    view["id"] = name;
    view["selfLink"] = fmt::format("{}/storage/v1/b/{}", origin, name);
    view["etag"] = http::encode_base64(text_field(body, "metageneration"));
    return view;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
    std::uint64_t number = 0;
    auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || failure != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return number;
}

std::string lower_case(std::string_view text) {
    std::string lowered(text);
    std::transform(lowered.begin(), lowered.end(), lowered.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return lowered;
}

std::string encode_segment(std::string_view text) {
    std::string encoded;
    for (char const c : text) {
        auto const byte = static_cast<unsigned char>(c);
        bool const is_plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                              (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' ||
                              byte == '_' || byte == '~';
        if (is_plain) {
            encoded += c;
        } else {
            encoded += fmt::format("%{:02X}", byte);
        }
    }
    return encoded;
}

Outcome<Preconditions> Preconditions::parse(http::Parameters const& parameters,
                                            std::string_view prefix) {
    Preconditions conditions;
    auto const read = [&](std::string_view name) -> Outcome<std::optional<std::uint64_t>> {
        auto const full_name = fmt::format("if{}{}", prefix, name);
        for (auto const& [key, value] : parameters) {
            if (key != full_name) continue;
            auto const number = parse_number(value);
            if (!number) {
                return ApiError{.code = ErrorCode::InvalidArgument,
                                .message = fmt::format("Invalid value '{}' for {}", value, key)};
            }
            return number;
        }
        return std::optional<std::uint64_t>();
    };
    conditions.generation_match_ = TRY(read("GenerationMatch"));
    conditions.generation_not_match_ = TRY(read("GenerationNotMatch"));
    conditions.metageneration_match_ = TRY(read("MetagenerationMatch"));
    conditions.metageneration_not_match_ = TRY(read("MetagenerationNotMatch"));
    return conditions;
}

Outcome<Done> Preconditions::check(std::uint64_t generation, std::uint64_t metageneration,
                                   std::string_view verb) const {
    if (generation_match_ && *generation_match_ != generation) return condition_not_met();
    if (metageneration_match_ && *metageneration_match_ != metageneration) {
        return condition_not_met();
    }
    bool const is_unchanged =
        (generation_not_match_ && *generation_not_match_ == generation) ||
        (metageneration_not_match_ && *metageneration_not_match_ == metageneration);
    if (!is_unchanged) return Done();
    if (verb != "GET" && verb != "HEAD") return condition_not_met();
    return ApiError{.code = ErrorCode::FailedPrecondition,
                    .message = "Not Modified",
                    .http_status = 304,
                    .legacy_reason = "notModified"};
}

Outcome<Done> Preconditions::check(std::optional<StoredObject> const& object,
                                   std::string_view verb) const {
    if (!object) return check(0, 0, verb);
    return check(object->generation(), object->metageneration(), verb);
}

}  // namespace aipress::sandbox
