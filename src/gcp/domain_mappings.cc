#include "gcp/domain_mappings.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "gcp/fields.h"
#include "gcp/limits.h"

namespace aipress::gcp {
namespace {

namespace json = boost::json;

constexpr char const* kPageSize = "500";

DomainMapping read_mapping(json::object const& item) {
    DomainMapping mapping;
    if (auto const* const metadata = object_of(item, "metadata")) {
        mapping.host = text_of(*metadata, "name");
    }
    if (auto const* const spec = object_of(item, "spec")) {
        mapping.service = text_of(*spec, "routeName");
    }
    return mapping;
}

}  // namespace

Outcome<Done> list_domain_mappings(
    Connection const& connection, Context const& context, std::string const& project,
    std::string const& location, std::function<Outcome<Done>(DomainMapping const&)> const& visit) {
    auto const path = fmt::format("/v1/projects/{}/locations/{}/domainmappings",
                                  http::percent_encoded(project), http::percent_encoded(location));
    std::string token;
    for (std::size_t page = 0; page < limits::kPagesMost; ++page) {
        Call call{.api = "run.googleapis.com",
                  .path = path,
                  .query = {{"limit", kPageSize}},
                  .region = location};
        if (!token.empty()) call.query.emplace_back("continue", token);
        auto const answer = TRY(connection.call(context, call));
        if (auto const& places = array_of(answer, "unreachable"); !places.empty()) {
            return Error(ErrorCode::Unavailable,
                         fmt::format("GET {}: Google could not reach {}: try again later", path,
                                     json::serialize(places)));
        }
        for (auto const& item : array_of(answer, "items")) {
            if (item.is_object()) TRY(visit(read_mapping(item.get_object())));
        }
        auto const* const metadata = object_of(answer, "metadata");
        auto next = metadata == nullptr ? "" : text_of(*metadata, "continue");
        if (next.empty()) return Done();
        if (next == token) break;
        token = std::move(next);
    }
    return Error(ErrorCode::Internal, fmt::format("GET {}: the list's pages do not end", path));
}

}  // namespace aipress::gcp
