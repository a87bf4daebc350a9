#include "sandbox/compute/firewalls.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>

#include "sandbox/compute/ip_range.h"

namespace aipress::sandbox::compute {
namespace {

namespace json = boost::json;

constexpr std::int64_t kPriorityMost = 65535;

std::optional<unsigned> number_in(std::string_view text, unsigned most) {
    unsigned number = 0;
    auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    bool const is_good =
        failure == std::errc() && end == text.data() + text.size() && number <= most;
    return is_good ? std::optional(number) : std::nullopt;
}

// "80" or "80-90".
bool is_port_range(std::string_view text) {
    auto const dash = text.find('-');
    auto const first = number_in(text.substr(0, dash), 65535);
    if (dash == text.npos) return first.has_value();
    auto const last = number_in(text.substr(dash + 1), 65535);
    return first && last && *first <= *last;
}

bool is_protocol(std::string_view text) {
    constexpr std::array<std::string_view, 8> kNames{"all", "tcp", "udp",  "icmp",
                                                     "esp", "ah",  "ipip", "sctp"};
    return std::find(kNames.begin(), kNames.end(), text) != kNames.end() ||
           number_in(text, 255).has_value();
}

Outcome<Done> check_entries(json::object& body, std::string_view name) {
    auto* const entries = body.if_contains(name);
    if (entries == nullptr) return Done();
    std::size_t index = 0;
    for (auto& entry : entries->as_array()) {
        auto const field = fmt::format("resource.{}[{}]", name, index++);
        auto& fields = entry.as_object();
        auto protocol = text_field(fields, "IPProtocol");
        if (protocol.empty()) return required_field(field + ".IPProtocol");
        std::transform(protocol.begin(), protocol.end(), protocol.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        if (!is_protocol(protocol)) {
            return invalid_value(field + ".IPProtocol", protocol,
                                 "Must be a protocol's name or its number.");
        }
        fields["IPProtocol"] = protocol;
        auto* const ports = fields.if_contains("ports");
        if (ports == nullptr) continue;
        if (ports->as_array().empty()) {
            fields.erase("ports");
            continue;
        }
        std::size_t at = 0;
        for (auto const& port : ports->as_array()) {
            auto const text = std::string(port.as_string());
            auto const port_field = fmt::format("{}.ports[{}]", field, at++);
            if (is_port_range(text)) continue;
            return invalid_value(port_field, text, "Must be a port or a range of ports.");
        }
    }
    return Done();
}

Outcome<Done> check_ranges(json::object const& body, std::string_view name) {
    auto const* const ranges = body.if_contains(name);
    if (ranges == nullptr) return Done();
    std::size_t index = 0;
    for (auto const& range : ranges->as_array()) {
        auto const text = std::string(range.as_string());
        auto const field = fmt::format("resource.{}[{}]", name, index++);
        if (!is_any_range(text)) return invalid_value(field, text, "Must be a CIDR address range.");
    }
    return Done();
}

void drop_empty_lists(json::object& body) {
    for (auto const* const name :
         {"allowed", "denied", "sourceRanges", "destinationRanges", "sourceTags", "targetTags",
          "sourceServiceAccounts", "targetServiceAccounts"}) {
        auto const* const list = body.if_contains(name);
        if (list != nullptr && list->as_array().empty()) body.erase(name);
    }
}

Outcome<Done> check_direction(json::object& body) {
    if (text_field(body, "direction") == "EGRESS") {
        for (auto const* const name : {"sourceTags", "sourceServiceAccounts"}) {
            if (!body.contains(name)) continue;
            return invalid_value(fmt::format("resource.{}", name), "",
                                 "An egress rule has no source of this kind.");
        }
        set_default(body, "destinationRanges", json::array{"0.0.0.0/0"});
        return Done();
    }
    bool const has_source = body.contains("sourceRanges") || body.contains("sourceTags") ||
                            body.contains("sourceServiceAccounts");
    if (!has_source) body["sourceRanges"] = json::array{"0.0.0.0/0"};
    return Done();
}

Outcome<Done> complete_links(Change& change) {
    if (change.body.contains("network")) return Done();
    change.body["network"] =
        link_of(fmt::format("projects/{}/global/networks/default", change.project));
    return link_body(change.transaction, change.project, change.body, change.now);
}

Outcome<Done> complete(Change& change) {
    auto& body = change.body;
    TRY(complete_links(change));
    drop_empty_lists(body);
    if (body.contains("allowed") == body.contains("denied")) {
        return invalid_value("resource.allowed", "",
                             "Exactly one of allowed and denied must be specified.");
    }
    for (auto const* const name : {"allowed", "denied"}) TRY(check_entries(body, name));
    set_default(body, "direction", "INGRESS");
    set_default(body, "priority", 1000);
    set_default(body, "disabled", false);
    set_default(body, "logConfig", json::object{{"enable", false}});
    auto const priority = body.at("priority").to_number<std::int64_t>();
    if (priority < 0 || priority > kPriorityMost) {
        return invalid_value("resource.priority", fmt::format("{}", priority),
                             "Must be between 0 and 65535.");
    }
    for (auto const* const name : {"sourceRanges", "destinationRanges"}) {
        TRY(check_ranges(body, name));
    }
    return check_direction(body);
}

}  // namespace

void serve_firewalls(Methods& methods, ResourcesPointer const& resources) {
    auto const kind = std::make_shared<Kind const>(Kind{.api = "firewalls",
                                                        .collection = "firewalls",
                                                        .parameter = "firewall",
                                                        .type = "compute#firewall",
                                                        .takes = milliseconds(4'000),
                                                        .fixed = {"network", "direction"},
                                                        .complete = complete});
    serve_kind(methods, resources, kind, {"insert", "get", "list", "patch", "update", "delete"});
}

}  // namespace aipress::sandbox::compute
