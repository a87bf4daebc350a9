// Questions and answers as name servers spell them: RFC 1035. `question.cc` knows ldns.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace aipress::dns {

struct RecordSet {
    std::string name = {};  // "tenant.aipress.io."
    std::string type = {};  // "CNAME"
    std::uint32_t ttl = 0;  // seconds
    // As text; empty: there is no such set.
    std::vector<std::string> data = {};

    bool operator==(RecordSet const&) const = default;
};

// In one spelling: names in lower case with their last dot, addresses as RFC 5952 has them, data
// sorted and each once. Two sets that are the same are equal then. Errors: InvalidArgument when a
// name, the type or data are not DNS's.
[[nodiscard]] Result<RecordSet> canonical(RecordSet const& set);

// "CNAME ghs.googlehosted.com. (TTL 300)", "no A": for errors.
[[nodiscard]] std::string describe(RecordSet const& set);

struct Question {
    std::string name = {};
    std::string type = {};
};

struct Answer {
    // Canonical; the name and type that were asked for, without data when there are none.
    RecordSet set = {};
    std::string alias = {};     // what the name is a CNAME of, when another type was asked for
    std::string response = {};  // "NOERROR", "NXDOMAIN", "REFUSED", …
    bool is_authoritative = false;
    bool is_truncated = false;

    // Whether the server knows: it has the set, or knows that there is none.
    [[nodiscard]] bool is_known() const { return response == "NOERROR" || response == "NXDOMAIN"; }
};

enum class Recursion {
    None,     // of an authoritative server: what it has itself
    Desired,  // of a resolver
};

// The message that asks. Errors: InvalidArgument for the name or the type.
[[nodiscard]] Result<std::string> write_question(std::uint16_t id, Question const& question,
                                                 Recursion recursion);
// Whether the message answers this very question: anyone may send one here.
[[nodiscard]] bool is_answer_to(std::string_view message, std::string_view question);
// Errors: Unavailable when it is no DNS message.
[[nodiscard]] Result<Answer> read_answer(std::string_view message, Question const& question);

}  // namespace aipress::dns
