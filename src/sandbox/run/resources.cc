#include "sandbox/run/resources.h"

#include <array>
#include <fmt/format.h>

#include "http/base64.h"
#include "http/checksums.h"
#include "sandbox/resource_names.h"

namespace aipress::sandbox::run {
namespace {

namespace json = boost::json;

constexpr std::size_t kPage = 500;
constexpr std::size_t kHashLetters = 10;

// What Google abbreviates regions to in hosts, where it is known.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kRegionCodes{
    {{"us-central1", "uc"},
     {"us-east1", "ue"},
     {"us-east4", "uk"},
     {"us-west1", "uw"},
     {"europe-west1", "ew"},
     {"europe-west3", "ey"},
     {"europe-west4", "ez"},
     {"asia-northeast1", "an"}}};

std::string region_code(std::string_view region) {
    for (auto const& [name, code] : kRegionCodes) {
        if (name == region) return std::string(code);
    }
    std::string code;
    bool is_first = true;
    for (char const letter : region) {
        if (is_first || (letter >= '0' && letter <= '9')) code += letter;
        is_first = letter == '-';
    }
    return code;
}

std::string digest(std::string_view text) {
    http::Checksums sums;
    sums.add(text);
    return http::decode_base64(sums.md5()).value_or("");
}

// The same for all services of a project in a region.
std::string host_hash(Place const& place) {
    constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz234567";
    std::string hash;
    for (char const byte : digest(place.number + "/" + place.region).substr(0, kHashLetters)) {
        hash += kLetters[static_cast<unsigned char>(byte) % kLetters.size()];
    }
    return hash;
}

}  // namespace

std::string Place::prefix() const {
    if (region == "-") return fmt::format("projects/{}/locations/", project);
    return fmt::format("projects/{}/locations/{}", project, region);
}

std::string ServiceName::key() const {
    return fmt::format("{}/services/{}", place.prefix(), service);
}

std::string ServiceName::revision_key(std::string_view revision) const {
    return fmt::format("{}/revisions/{}", key(), revision);
}

std::string ServiceName::host() const {
    return fmt::format("{}-{}-{}.a.run.app", service, host_hash(place), region_code(place.region));
}

std::string ServiceName::numbered_host() const {
    return fmt::format("{}-{}.{}.run.app", service, place.number, place.region);
}

std::string ServiceName::tag_host(std::string_view tag) const {
    return fmt::format("{}---{}", tag, host());
}

Outcome<ServiceName> service_of_key(Transaction& transaction, std::string_view key) {
    auto const project = TRY(find_project(transaction, segment(key, 1)));
    return ServiceName{.place = {.project = project.id,
                                 .number = project.number,
                                 .region = std::string(segment(key, 3))},
                       .service = std::string(segment(key, 5))};
}

Outcome<Place> place_of(Transaction& transaction, Call const& call, std::string_view name) {
    auto const project = TRY(find_active_project(transaction, segment(name, 1)));
    Place place{.project = project.id, .number = project.number, .region = "-"};
    if (segment(name, 2) == "locations" && !segment(name, 3).empty()) {
        place.region = segment(name, 3);
        return place;
    }
    constexpr std::string_view kHost = "-run.googleapis.com";
    auto const& host = call.request.host;
    if (host.ends_with(kHost)) place.region = host.substr(0, host.size() - kHost.size());
    return place;
}

std::string uid_of(std::string_view text) {
    std::string hex;
    for (char const byte : digest(text)) {
        hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
    }
    return fmt::format("{}-{}-4{}-8{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(13, 3),
                       hex.substr(17, 3), hex.substr(20, 12));
}

json::object const* find_object(json::object const& fields, std::string_view name) {
    auto const* const value = fields.if_contains(name);
    return value == nullptr ? nullptr : value->if_object();
}

json::array const* find_array(json::object const& fields, std::string_view name) {
    auto const* const value = fields.if_contains(name);
    return value == nullptr ? nullptr : value->if_array();
}

std::int64_t number_field(json::object const& fields, std::string_view name,
                          std::int64_t otherwise) {
    auto const* const value = fields.if_contains(name);
    return value == nullptr || !value->is_number() ? otherwise : value->to_number<std::int64_t>();
}

json::object& object_field(json::object& fields, std::string_view name) {
    auto& value = fields[name];
    if (!value.is_object()) value = json::object();
    return value.get_object();
}

Outcome<Done> each_document(Transaction& transaction, std::string_view collection,
                            std::string const& prefix,
                            std::function<Outcome<bool>(Document&)> const& visit) {
    std::string start;
    do {
        auto page = TRY(transaction.list(collection, prefix, start, kPage));
        for (auto& document : page.documents) {
            if (!TRY(visit(document))) return Done();
        }
        start = std::move(page.next);
    } while (!start.empty());
    return Done();
}

}  // namespace aipress::sandbox::run
