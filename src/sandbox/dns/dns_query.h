// One question to a name server: RFC 1035.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/context.h"
#include "base/result.h"

namespace aipress::sandbox::dns {

// The serial of the SOA record that the server on this port of the loopback answers for a zone, by
// UDP. Errors: NotFound when it does not answer for the zone, Unavailable when it answers nothing
// or nonsense, Cancelled.
[[nodiscard]] Result<std::uint32_t> ask_serial(Context const& context, std::uint16_t port,
                                               std::string_view zone);

// The message that asks for it, and what an answer to it says. For ask_serial() and its test.
[[nodiscard]] std::string soa_question(std::uint16_t id, std::string_view zone);
[[nodiscard]] Result<std::uint32_t> serial_in(std::string_view answer, std::string_view question);

}  // namespace aipress::sandbox::dns
