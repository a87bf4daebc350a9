#include "dns/question.h"

#include <algorithm>
#include <fmt/format.h>
#include <ldns/ldns.h>
#include <memory>

namespace aipress::dns {
namespace {

struct Free {
    void operator()(ldns_pkt* packet) const { ldns_pkt_free(packet); }
    void operator()(ldns_rr* record) const { ldns_rr_free(record); }
    void operator()(ldns_rdf* name) const { ldns_rdf_deep_free(name); }
    void operator()(void* bytes) const { LDNS_FREE(bytes); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

std::string text_of(ldns_rdf const* field) {
    Owned<char> const text(ldns_rdf2str(field));
    return text ? std::string(text.get()) : "";
}

std::string data_of(ldns_rr const* record) {
    std::string data;
    for (std::size_t i = 0; i < ldns_rr_rd_count(record); ++i) {
        if (i > 0) data += ' ';
        data += text_of(ldns_rr_rdf(record, i));
    }
    return data;
}

Result<Owned<ldns_rdf>> parse_name(std::string const& name) {
    ldns_rdf* parsed = nullptr;
    auto const status = ldns_str2rdf_dname(&parsed, name.c_str());
    if (name.empty() || status != LDNS_STATUS_OK) {
        return Error(ErrorCode::InvalidArgument, fmt::format("'{}' is no name of DNS", name));
    }
    ldns_dname2canonical(parsed);
    return Owned<ldns_rdf>(parsed);
}

Result<ldns_rr_type> parse_type(std::string const& type) {
    auto const parsed = ldns_get_rr_type_by_name(type.c_str());
    if (type.empty() || parsed == 0) {
        return Error(ErrorCode::InvalidArgument, fmt::format("'{}' is no type of records", type));
    }
    return parsed;
}

void put_in_order(std::vector<std::string>& data) {
    std::sort(data.begin(), data.end());
    data.erase(std::unique(data.begin(), data.end()), data.end());
}

Result<Owned<ldns_pkt>> parse_message(std::string_view message) {
    ldns_pkt* packet = nullptr;
    auto const status = ldns_wire2pkt(
        &packet, reinterpret_cast<std::uint8_t const*>(message.data()), message.size());
    if (status != LDNS_STATUS_OK) {
        return Error(ErrorCode::Unavailable, fmt::format("the answer is no DNS message: {}",
                                                         ldns_get_errorstr_by_id(status)));
    }
    return Owned<ldns_pkt>(packet);
}

std::string response_of(ldns_pkt const* packet) {
    Owned<char> const text(ldns_pkt_rcode2str(ldns_pkt_get_rcode(packet)));
    return text ? std::string(text.get()) : "an unknown code";
}

}  // namespace

Result<RecordSet> canonical(RecordSet const& set) {
    auto const name = TRY(parse_name(set.name));
    auto const type = TRY(parse_type(set.type));
    Owned<char> const type_text(ldns_rr_type2str(type));
    RecordSet same{.name = text_of(name.get()), .type = type_text.get(), .ttl = set.ttl};
    for (auto const& data : set.data) {
        auto const line = fmt::format("{} {} IN {} {}", same.name, set.ttl, same.type, data);
        ldns_rr* record = nullptr;
        auto const status = ldns_rr_new_frm_str(&record, line.c_str(), 0, nullptr, nullptr);
        Owned<ldns_rr> const parsed(record);
        if (data.find('\n') != data.npos || status != LDNS_STATUS_OK) {
            return Error(ErrorCode::InvalidArgument,
                         fmt::format("'{}' is no data of a record of type {}", data, same.type));
        }
        ldns_rr2canonical(record);
        same.data.push_back(data_of(record));
    }
    put_in_order(same.data);
    return same;
}

std::string describe(RecordSet const& set) {
    if (set.data.empty()) return "no " + set.type;
    return fmt::format("{} {} (TTL {})", set.type, fmt::join(set.data, " "), set.ttl);
}

Result<std::string> write_question(std::uint16_t id, Question const& question,
                                   Recursion recursion) {
    auto name = TRY(parse_name(question.name));
    auto const type = TRY(parse_type(question.type));
    std::uint16_t const flags = recursion == Recursion::Desired ? LDNS_RD : 0;
    Owned<ldns_pkt> const packet(ldns_pkt_query_new(name.release(), type, LDNS_RR_CLASS_IN, flags));
    ldns_pkt_set_id(packet.get(), id);
    std::uint8_t* bytes = nullptr;
    std::size_t size = 0;
    auto const status = ldns_pkt2wire(&bytes, packet.get(), &size);
    Owned<std::uint8_t> const owned(bytes);
    if (status != LDNS_STATUS_OK) {
        return Error(ErrorCode::Internal,
                     fmt::format("writing a DNS question: {}", ldns_get_errorstr_by_id(status)));
    }
    return std::string(reinterpret_cast<char const*>(bytes), size);
}

bool is_answer_to(std::string_view message, std::string_view question) {
    auto const answer = parse_message(message);
    auto const asked = parse_message(question);
    if (!answer.ok() || !asked.ok()) return false;
    auto const* const packet = answer.value().get();
    if (!ldns_pkt_qr(packet) || ldns_pkt_id(packet) != ldns_pkt_id(asked.value().get())) {
        return false;
    }
    auto const* const theirs = ldns_pkt_question(packet);
    auto const* const ours = ldns_pkt_question(asked.value().get());
    if (ldns_rr_list_rr_count(theirs) == 0) {
        // Some servers refuse without repeating what.
        return ldns_pkt_get_rcode(packet) != LDNS_RCODE_NOERROR;
    }
    return ldns_rr_compare(ldns_rr_list_rr(theirs, 0), ldns_rr_list_rr(ours, 0)) == 0;
}

Result<Answer> read_answer(std::string_view message, Question const& question) {
    auto const packet = TRY(parse_message(message));
    auto const name = TRY(parse_name(question.name));
    auto const type = TRY(parse_type(question.type));
    Owned<char> const type_text(ldns_rr_type2str(type));
    Answer answer{.set = {.name = text_of(name.get()), .type = type_text.get()},
                  .response = response_of(packet.get()),
                  .is_authoritative = ldns_pkt_aa(packet.get()),
                  .is_truncated = ldns_pkt_tc(packet.get())};
    auto* const records = ldns_pkt_answer(packet.get());
    for (std::size_t i = 0; i < ldns_rr_list_rr_count(records); ++i) {
        auto* const record = ldns_rr_list_rr(records, i);
        ldns_rr2canonical(record);
        if (ldns_dname_compare(ldns_rr_owner(record), name.get()) != 0) continue;
        if (ldns_rr_get_type(record) == type) {
            answer.set.ttl = ldns_rr_ttl(record);
            answer.set.data.push_back(data_of(record));
        } else if (ldns_rr_get_type(record) == LDNS_RR_TYPE_CNAME) {
            answer.alias = data_of(record);
        }
    }
    put_in_order(answer.set.data);
    return answer;
}

}  // namespace aipress::dns
