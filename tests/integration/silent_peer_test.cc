// A server that vanishes without closing its connections (a cable, a firewall that forgets) is
// noticed: the kernel asks for it, for as long as a statement waits for its answer.
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iomanip>
#include <optional>
#include <sstream>

#include "mysql/connection.h"
#include "testing/database_server.h"
#include "testing/status_matchers.h"
#include "testing/test_context.h"

namespace aipress::mysql {
namespace {

using testing::DatabaseServer;
using testing::must;
using testing::test_context;

constexpr long kTicksPerSecond = 100;  // of /proc/net/tcp, whatever the kernel's own
constexpr std::string_view kKeepaliveTimer = "02";

// When the kernel will ask for the peer of the established connection to that port. nullopt: it
// has no such timer.
std::optional<long> seconds_to_probe(std::uint16_t port) {
    std::ostringstream wanted;
    wanted << "0100007F:" << std::uppercase << std::hex << std::setfill('0') << std::setw(4)
           << port;
    std::ifstream table("/proc/net/tcp");
    for (std::string line; std::getline(table, line);) {
        std::istringstream fields(line);
        std::string number;
        std::string local;
        std::string remote;
        std::string state;
        std::string queues;
        std::string timer;
        fields >> number >> local >> remote >> state >> queues >> timer;
        if (remote != wanted.str() || state != "01") continue;
        auto const colon = timer.find(':');
        if (timer.substr(0, colon) != kKeepaliveTimer) continue;
        return std::stol(timer.substr(colon + 1), nullptr, 16) / kTicksPerSecond;
    }
    return std::nullopt;
}

TEST(SilentPeerTest, IsAskedForInSeconds) {
    auto const server = must(DatabaseServer::start({}));
    auto connection = must(Connection::open(test_context(), server.root()));
    auto const limit = test_context();
    // Another timer runs until the last packet is acknowledged.
    std::optional<long> seconds;
    while (!(seconds = seconds_to_probe(server.port()))) {
        ASSERT_TRUE(limit.sleep(milliseconds(5))) << "no keepalive";
    }
    EXPECT_LE(*seconds, 20);
    EXPECT_TRUE(connection.usable());
}

}  // namespace
}  // namespace aipress::mysql
