// Record data in presentation format: RFC 1035 (5.1) and those of each type.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace aipress::sandbox::dns {

// The types that can be kept and answered: A AAAA CAA CNAME DNSKEY DS HTTPS IPSECKEY MX NAPTR NS
// PTR SOA SPF SRV SSHFP SVCB TLSA TXT.
[[nodiscard]] bool is_record_type(std::string_view type);

// One spelling for all that mean the same: names and addresses in lower case, one space between
// the fields, texts in quotes. nullopt when it is no data of the type; names must be absolute.
// REQUIRES: a record type.
[[nodiscard]] std::optional<std::string> canonical_data(std::string_view type,
                                                        std::string_view text);

// Of canonical SOA data.
[[nodiscard]] std::uint32_t serial_of(std::string_view soa);
[[nodiscard]] std::string with_serial(std::string_view soa, std::uint32_t serial);

}  // namespace aipress::sandbox::dns
