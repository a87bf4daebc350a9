// All authoritative servers of a zone, asked side by side.
#pragma once

#include <string>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "dns/query.h"

namespace aipress::dns {

// One of them answers for all: a server has several addresses, of which some are not reached.
struct NameServer {
    std::string name = {};  // "ns-cloud-a1.googledomains.com.", for errors
    std::vector<ServerAddress> addresses = {};
};

// This machine's, from a file as resolv.conf(5). Errors: NotFound when it names none.
[[nodiscard]] Result<std::vector<ServerAddress>> system_resolvers(
    std::string const& file = "/etc/resolv.conf");

// With their addresses (IPv4 first), as one of the resolvers knows them. Errors: NotFound when one
// has no address; InvalidArgument when there are none or too many; and those of ask().
[[nodiscard]] Result<std::vector<NameServer>> find_addresses(
    Context const& context, std::vector<ServerAddress> const& resolvers,
    std::vector<std::string> const& names);

struct ServerAnswer {
    std::string server = {};  // NameServer::name
    Result<Answer> answer;    // of the first of its addresses that answers
};
// In the order of `servers`.
[[nodiscard]] std::vector<ServerAnswer> ask_every(Context const& context,
                                                  std::vector<NameServer> const& servers,
                                                  Question const& question);

// Returns when each server answers, with authority, every one of `wanted`: the same data and TTL,
// or, where a set has no data, that there is none. Until then they are asked again and again: a
// DNS server sends no event. Errors: DeadlineExceeded, with what each of the others answers;
// Cancelled; InvalidArgument.
[[nodiscard]] Result<void> wait_until_served(Context const& context,
                                             std::vector<NameServer> const& servers,
                                             std::vector<RecordSet> const& wanted);

}  // namespace aipress::dns
