#include "base/free_port.h"

#include <cerrno>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/file_descriptor.h"
#include "base/forking.h"

namespace aipress {

Result<std::uint16_t> free_port() {
    FileDescriptor const descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    bool const is_bound = descriptor.valid() && ::bind(descriptor.get(), any, size) == 0 &&
                          ::getsockname(descriptor.get(), any, &size) == 0;
    if (!is_bound) return system_error(ErrorCode::Unavailable, errno, "looking for a free port");
    return ntohs(address.sin_port);
}

}  // namespace aipress
