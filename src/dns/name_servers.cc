#include "dns/name_servers.h"

#include <algorithm>
#include <fmt/format.h>
#include <ldns/ldns.h>
#include <memory>
#include <optional>
#include <thread>

#include "dns/limits.h"

namespace aipress::dns {
namespace {

struct FreeResolver {
    void operator()(ldns_resolver* resolver) const { ldns_resolver_deep_free(resolver); }
};

template <typename Ask>
Result<Answer> first_answer(std::vector<ServerAddress> const& addresses, Ask const& ask) {
    Result<Answer> last = Error(ErrorCode::NotFound, "it has no address");
    for (auto const& address : addresses) {
        last = ask(address);
        if (last.ok() || last.error().code() == ErrorCode::Cancelled) break;
    }
    return last;
}

Result<Answer> ask_one(Context const& context, NameServer const& server, Question const& question) {
    return first_answer(server.addresses, [&](ServerAddress const& address) {
        return ask(context, address, question);
    });
}

bool is_as_wanted(Answer const& answer, RecordSet const& wanted) {
    if (!answer.is_authoritative || !answer.is_known()) return false;
    return wanted.data.empty() ? answer.set.data.empty() : answer.set == wanted;
}

std::string describe(ServerAnswer const& asked) {
    if (!asked.answer.ok()) return asked.answer.error().message();
    auto const& answer = asked.answer.value();
    std::string text = describe(answer.set);
    if (!answer.alias.empty()) text += fmt::format(", but CNAME {}", answer.alias);
    if (answer.response != "NOERROR") text += fmt::format(" ({})", answer.response);
    if (!answer.is_authoritative) text += ", without authority";
    return fmt::format("{} answers {}", asked.server, text);
}

struct Round {
    std::vector<std::string> others = {};  // what is not as wanted
    std::optional<Error> stopped = std::nullopt;
};

Round ask_round(Context const& context, std::vector<NameServer> const& servers,
                std::vector<RecordSet> const& wanted) {
    Round round;
    for (auto const& set : wanted) {
        for (auto const& asked :
             ask_every(context, servers, {.name = set.name, .type = set.type})) {
            if (!asked.answer.ok() && asked.answer.error().code() == ErrorCode::Cancelled) {
                round.stopped = asked.answer.error();
            }
            if (asked.answer.ok() && is_as_wanted(asked.answer.value(), set)) continue;
            round.others.push_back(describe(asked));
        }
    }
    return round;
}

}  // namespace

Result<std::vector<ServerAddress>> system_resolvers(std::string const& file) {
    ldns_resolver* read = nullptr;
    auto const status = ldns_resolver_new_frm_file(&read, file.c_str());
    std::unique_ptr<ldns_resolver, FreeResolver> const resolver(read);
    std::vector<ServerAddress> servers;
    for (std::size_t i = 0; resolver && i < ldns_resolver_nameserver_count(read); ++i) {
        std::unique_ptr<char, decltype(&std::free)> const text(
            ldns_rdf2str(ldns_resolver_nameservers(read)[i]), &std::free);
        if (text) servers.push_back({.host = text.get(), .port = ldns_resolver_port(read)});
    }
    if (status != LDNS_STATUS_OK || servers.empty()) {
        return Error(ErrorCode::NotFound,
                     fmt::format("{} names no name server to resolve names with", file));
    }
    return servers;
}

Result<std::vector<NameServer>> find_addresses(Context const& context,
                                               std::vector<ServerAddress> const& resolvers,
                                               std::vector<std::string> const& names) {
    if (names.empty() || names.size() > limits::kServersMost) {
        return Error(ErrorCode::InvalidArgument,
                     fmt::format("a zone of {} name servers", names.size()));
    }
    std::vector<NameServer> servers;
    for (auto const& name : names) {
        NameServer server{.name = name};
        std::string problem = "it has none";
        for (auto const* const type : {"A", "AAAA"}) {
            Question const question{.name = name, .type = type};
            auto const answer = first_answer(resolvers, [&](ServerAddress const& resolver) {
                return ask(context, resolver, question, Recursion::Desired);
            });
            if (!answer.ok()) problem = answer.error().message();
            if (!answer.ok() && context.stopped()) return answer.error();
            if (!answer.ok()) continue;
            for (auto const& address : answer->set.data) {
                if (server.addresses.size() == limits::kAddressesMost) break;
                server.addresses.push_back({.host = address});
            }
        }
        if (server.addresses.empty()) {
            return Error(ErrorCode::NotFound,
                         fmt::format("the address of name server {}: {}", name, problem));
        }
        servers.push_back(std::move(server));
    }
    return servers;
}

std::vector<ServerAnswer> ask_every(Context const& context, std::vector<NameServer> const& servers,
                                    Question const& question) {
    std::vector<ServerAnswer> answers;
    answers.reserve(servers.size());
    for (auto const& server : servers) {
        answers.push_back(
            {.server = server.name, .answer = Error(ErrorCode::Unavailable, "it was not asked")});
    }
    std::vector<std::jthread> asking;
    for (std::size_t i = 0; i < servers.size(); ++i) {
        asking.emplace_back([&, i] { answers[i].answer = ask_one(context, servers[i], question); });
    }
    for (auto& thread : asking) thread.join();
    return answers;
}

Result<void> wait_until_served(Context const& context, std::vector<NameServer> const& servers,
                               std::vector<RecordSet> const& wanted) {
    std::vector<RecordSet> sets;
    for (auto const& set : wanted) sets.push_back(TRY(canonical(set)));
    Round last;
    for (auto interval = limits::kPollFirst;;
         interval = std::min(interval * 3 / 2, limits::kPollMost)) {
        auto round = ask_round(context, servers, sets);
        if (round.stopped) return *round.stopped;
        if (round.others.empty()) return {};
        // A round that the deadline cut off tells less than the one before it.
        if (!context.expired() || last.others.empty()) last = std::move(round);
        if (!context.sleep(interval)) {
            if (context.stopped()) return Error(ErrorCode::Cancelled, "called off");
            std::vector<std::string> texts;
            for (auto const& set : sets) texts.push_back(dns::describe(set));
            return Error(ErrorCode::DeadlineExceeded,
                         fmt::format("{} should be {}, but {}", sets.at(0).name,
                                     fmt::join(texts, " and "), fmt::join(last.others, "; ")));
        }
    }
}

}  // namespace aipress::dns
