#include "sandbox/compute/service_networking.h"

#include <algorithm>
#include <fmt/format.h>
#include <memory>

#include "sandbox/compute/networks.h"
#include "sandbox/resource_names.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view kConnections = "service_connections";  // by NETWORK|SERVICE
constexpr std::string_view kPrefix = "operations/pssn.";
constexpr std::string_view kConnection =
    "type.googleapis.com/google.cloud.servicenetworking.v1.Connection";
constexpr std::string_view kNothing = "type.googleapis.com/google.protobuf.Empty";
constexpr milliseconds kConnectTime{20'000};

ApiError failed(std::string message) {
    return {.code = ErrorCode::FailedPrecondition, .message = std::move(message)};
}

// "servicenetworking.googleapis.com" of "services/…[/connections/…]".
Outcome<std::string> service_of(std::string_view name) {
    auto const service = std::string(segment(name, 1));
    if (service.find('.') != service.npos) return service;
    return invalid_body({{"parent", fmt::format("'{}' is not the name of a service.", name)}});
}

std::string peering_of(std::string service) {
    std::replace(service.begin(), service.end(), '.', '-');
    return service;
}

// A network as clients of this API name it.
struct Network {
    Project project;
    std::string path;  // as Compute has it

    // With the project's number, as this API answers it.
    [[nodiscard]] std::string shown() const {
        return fmt::format("projects/{}/global/networks/{}", project.number,
                           compute::name_of(path));
    }
};

class ServiceNetworking {
public:
    ServiceNetworking(Store& store, Clock& clock, Operations const& operations)
        : store_(store), clock_(clock), operations_(operations) {}

    Outcome<Reply> create(Call& call);
    Outcome<Reply> list(Call& call);
    Outcome<Reply> patch(Call& call);
    Outcome<Reply> remove(Call& call);
    Outcome<Reply> operation(Call& call);

private:
    Outcome<Network> network_of(Transaction& transaction, std::string const& name) const;
    Outcome<json::array> ranges_in(Transaction& transaction, json::object const& content,
                                   Network const& network) const;
    // A connection goes with its peering, whoever takes that away.
    Outcome<std::optional<Document>> find_connection(Transaction& transaction,
                                                     Network const& network,
                                                     std::string const& service) const;
    Outcome<Done> connect(Transaction& transaction, Network const& network,
                          std::string const& service, json::array const& ranges) const;
    Outcome<Done> write_peering(Transaction& transaction, Network const& network,
                                compute::Step const& step) const;
    Outcome<Reply> start(Transaction& transaction, Call const& call, json::object response) const;

    Store& store_;
    Clock& clock_;
    Operations const& operations_;
};

ApiError service_disabled(Project const& project) {
    return {.code = ErrorCode::PermissionDenied,
            .message = fmt::format("Service Networking API has not been used in project {} before "
                                   "or it is disabled.",
                                   project.number),
            .details = {error_info("SERVICE_DISABLED", "googleapis.com",
                                   {{"service", "servicenetworking.googleapis.com"},
                                    {"consumer", "projects/" + project.number}})}};
}

// A range may be taken away with force only.
Outcome<Done> check_removed(json::array const& before, json::array const& after, bool is_forced) {
    if (is_forced) return Done();
    for (auto const& range : before) {
        if (std::find(after.begin(), after.end(), range) != after.end()) continue;
        return failed(fmt::format("The range '{}' may only be removed with force.",
                                  std::string(range.as_string())));
    }
    return Done();
}

std::string connection_key(Network const& network, std::string_view service) {
    return fmt::format("{}|{}", network.path, service);
}

json::object connection_view(Network const& network, std::string const& service,
                             json::value const& ranges) {
    return {{"network", network.shown()},
            {"reservedPeeringRanges", ranges},
            {"peering", peering_of(service)},
            {"service", "services/" + service}};
}

Outcome<Network> ServiceNetworking::network_of(Transaction& transaction,
                                               std::string const& name) const {
    auto const path = compute::path_of(name, "");
    if (!path || segment(*path, 1).empty() || compute::collection_of(*path) != "networks") {
        return invalid_body({{"network", fmt::format("Invalid network '{}': it must be "
                                                     "projects/PROJECT/global/networks/NAME.",
                                                     name)}});
    }
    auto project = TRY(find_active_project(transaction, segment(*path, 1)));
    if (!TRY(is_enabled(transaction, project, "servicenetworking.googleapis.com"))) {
        return service_disabled(project);
    }
    auto own_path =
        fmt::format("projects/{}/global/networks/{}", project.id, compute::name_of(*path));
    return Network{.project = std::move(project), .path = std::move(own_path)};
}

Outcome<json::array> ServiceNetworking::ranges_in(Transaction& transaction,
                                                  json::object const& content,
                                                  Network const& network) const {
    auto const* const given = content.if_contains("reservedPeeringRanges");
    json::array ranges;
    if (given != nullptr && !given->as_array().empty()) ranges = given->as_array();
    if (ranges.empty()) {
        return invalid_body(
            {{"connection.reserved_peering_ranges", "At least one reserved range is required."}});
    }
    for (auto const& range : ranges) {
        auto const name = std::string(range.as_string());
        auto const path = fmt::format("projects/{}/global/addresses/{}", network.project.id, name);
        auto const found = TRY(transaction.get(compute::kResources, path));
        json::object const body = found ? found->body.as_object() : json::object();
        bool const is_good = text_field(body, "purpose") == "VPC_PEERING" &&
                             text_field(body, "network") == compute::link_of(network.path);
        if (is_good) continue;
        return invalid_body({{"connection.reserved_peering_ranges",
                              fmt::format("The reserved range '{}' is not found in the network "
                                          "'{}', or has not the purpose VPC_PEERING.",
                                          name, network.shown())}});
    }
    return ranges;
}

Outcome<Done> ServiceNetworking::write_peering(Transaction& transaction, Network const& network,
                                               compute::Step const& step) const {
    auto const now = clock_.wall_now();
    auto const document = TRY(compute::find_ready(transaction, network.path, now));
    compute::Change change{.transaction = transaction,
                           .project = network.project.id,
                           .path = network.path,
                           .now = now,
                           .body = document.body.as_object(),
                           .before = document.body.as_object()};
    TRY(step(change));
    return compute::update_resource(transaction, network.path, *change.before, change.body);
}

Outcome<Reply> ServiceNetworking::start(Transaction& transaction, Call const& call,
                                        json::object response) const {
    json::object typed{{"@type", response.empty() ? kNothing : kConnection}};
    for (auto& field : response) typed[field.key()] = std::move(field.value());
    return reply(
        TRY(operations_.start(transaction, call, kPrefix, {}, std::move(typed), kConnectTime)));
}

Outcome<std::optional<Document>> ServiceNetworking::find_connection(
    Transaction& transaction, Network const& network, std::string const& service) const {
    auto const document = TRY(transaction.get(compute::kResources, network.path));
    bool const has_peering = document && compute::find_peering(document->body.as_object(),
                                                               peering_of(service)) != nullptr;
    if (!has_peering) return std::optional<Document>();
    return TRY(transaction.get(kConnections, connection_key(network, service)));
}

Outcome<Done> ServiceNetworking::connect(Transaction& transaction, Network const& network,
                                         std::string const& service,
                                         json::array const& ranges) const {
    auto const key = connection_key(network, service);
    json::value const body = json::object{{"ranges", ranges}};
    if (TRY(transaction.get(kConnections, key))) {
        TRY(transaction.update(kConnections, key, std::nullopt, body));
    } else {
        TRY(transaction.insert(kConnections, key, body));
    }
    return write_peering(transaction, network, [&](compute::Change& change) {
        return compute::add_service_peering(
            change, peering_of(service),
            fmt::format("projects/p{}-tp/global/networks/servicenetworking",
                        network.project.number));
    });
}

Outcome<Reply> ServiceNetworking::create(Call& call) {
    auto const service = TRY(service_of(call.path_parameter("parent")));
    auto const content = compute::content_of(call, compute::Nulls::Dropped);
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const network = TRY(network_of(transaction, text_field(content, "network")));
        TRY(compute::find_ready(transaction, network.path, clock_.wall_now()));
        auto const ranges = TRY(ranges_in(transaction, content, network));
        auto const known = TRY(find_connection(transaction, network, service));
        if (known && known->body.at("ranges") != ranges) {
            return failed(
                "Cannot modify allocated ranges in CreateConnection. Please use "
                "UpdateConnection.");
        }
        TRY(connect(transaction, network, service, ranges));
        return start(transaction, call, connection_view(network, service, ranges));
    });
}

Outcome<Reply> ServiceNetworking::list(Call& call) {
    auto const parent = call.path_parameter("parent");
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const network = TRY(network_of(transaction, call.query("network")));
        auto const wanted = std::string(segment(parent, 1));
        auto const prefix = connection_key(network, wanted == "-" ? "" : wanted);
        json::array connections;
        std::string begin;
        do {
            auto const page = TRY(transaction.list(kConnections, prefix, begin, 100));
            begin = page.next;
            for (auto const& document : page.documents) {
                auto const service = document.name.substr(document.name.find('|') + 1);
                if (!TRY(find_connection(transaction, network, service))) continue;
                connections.push_back(
                    connection_view(network, service, document.body.at("ranges")));
            }
        } while (!begin.empty());
        json::object result;
        if (!connections.empty()) result["connections"] = std::move(connections);
        return reply(std::move(result));
    });
}

// "connections/-" is the one of the service, and is made when it is not there: as Terraform and
// gcloud's `vpc-peerings update --force` have it.
Outcome<Reply> ServiceNetworking::patch(Call& call) {
    auto const service = TRY(service_of(call.path_parameter("name")));
    auto const content = compute::content_of(call, compute::Nulls::Dropped);
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const network = TRY(network_of(transaction, text_field(content, "network")));
        TRY(compute::find_ready(transaction, network.path, clock_.wall_now()));
        auto const ranges = TRY(ranges_in(transaction, content, network));
        if (auto const known = TRY(find_connection(transaction, network, service))) {
            TRY(check_removed(known->body.at("ranges").as_array(), ranges, call.flag("force")));
        }
        TRY(connect(transaction, network, service, ranges));
        return start(transaction, call, connection_view(network, service, ranges));
    });
}

Outcome<Reply> ServiceNetworking::remove(Call& call) {
    auto const service = TRY(service_of(call.path_parameter("name")));
    auto const content = compute::content_of(call, compute::Nulls::Dropped);
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const network = TRY(network_of(transaction, text_field(content, "consumerNetwork")));
        if (!TRY(find_connection(transaction, network, service))) {
            return ApiError{.code = ErrorCode::NotFound,
                            .message = fmt::format("There is no connection of {} with '{}'.",
                                                   service, network.shown())};
        }
        TRY(transaction.remove(kConnections, connection_key(network, service)));
        TRY(write_peering(transaction, network, [&](compute::Change& change) {
            compute::remove_peering(change.body, peering_of(service));
            return Outcome<Done>(Done());
        }));
        return start(transaction, call, {});
    });
}

Outcome<Reply> ServiceNetworking::operation(Call& call) {
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        return reply(TRY(operations_.get(transaction, call.path_parameter("name"))));
    });
}

}  // namespace

void serve_service_networking(Methods& methods, Store& store, Clock& clock,
                              Operations const& operations) {
    auto const networking = std::make_shared<ServiceNetworking>(store, clock, operations);
    auto const serve = [&](std::string_view verb, MethodHandler const& handler) {
        methods.serve(fmt::format("servicenetworking.{}", verb), "v1", handler);
    };
    serve("services.connections.create", [=](Call& call) { return networking->create(call); });
    serve("services.connections.list", [=](Call& call) { return networking->list(call); });
    serve("services.connections.patch", [=](Call& call) { return networking->patch(call); });
    serve("services.connections.deleteConnection",
          [=](Call& call) { return networking->remove(call); });
    serve("operations.get", [=](Call& call) { return networking->operation(call); });
}

}  // namespace aipress::sandbox
