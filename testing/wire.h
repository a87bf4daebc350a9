// A TCP client that says exactly what it is told to, for what real clients are too polite to send.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>

#include "base/file_descriptor.h"

namespace aipress::testing {

// Connects to 127.0.0.1 and waits for at most a minute to hear something. Not thread safe, but one
// thread may say what another one hears.
class Wire {
public:
    explicit Wire(std::uint16_t port);
    [[nodiscard]] bool connected() const { return connected_; }
    // False when the server does not listen any more.
    bool say(std::string_view data);
    // Everything up to and including `end`; what came if the connection ends before.
    std::string hear_until(std::string_view end);
    std::string hear_all();
    // Head and body of one response with a Content-Length.
    std::string hear_response();

private:
    bool hear_more();

    FileDescriptor socket_;
    bool connected_ = false;
    std::string heard_;
};

// Of /proc/PID/status: "Threads:", or "VmRSS:", "VmHWM:" in kB; 0 when there is none.
[[nodiscard]] std::size_t process_number(pid_t pid, std::string_view field);

}  // namespace aipress::testing
