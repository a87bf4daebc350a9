#include "testing/proxysql_stand_in.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <mutex>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <optional>
#include <set>
#include <sqlite3.h>
#include <stdexcept>
#include <string_view>
#include <sys/socket.h>
#include <thread>

#include "base/file_descriptor.h"

namespace aipress::testing {
namespace {

constexpr std::string_view kSalt = "abcdefghijklmnopqrst";  // 20 bytes
constexpr std::string_view kPlugin = "mysql_native_password";
constexpr char kQuit = 1, kInitDb = 2, kQuery = 3, kPing = 14;

constexpr auto kTables = R"sql(
ATTACH ':memory:' AS disk;
CREATE TABLE main.mysql_servers (hostgroup_id INT CHECK (hostgroup_id >= 0) NOT NULL DEFAULT 0,
  hostname VARCHAR NOT NULL, port INT CHECK (port >= 0 AND port <= 65535) NOT NULL DEFAULT 3306,
  status VARCHAR NOT NULL DEFAULT 'ONLINE', max_connections INT NOT NULL DEFAULT 1000,
  comment VARCHAR NOT NULL DEFAULT '', PRIMARY KEY (hostgroup_id, hostname, port));
CREATE TABLE main.mysql_users (username VARCHAR NOT NULL, password VARCHAR,
  active INT NOT NULL DEFAULT 1, default_hostgroup INT NOT NULL DEFAULT 0, default_schema VARCHAR,
  backend INT NOT NULL DEFAULT 1, frontend INT NOT NULL DEFAULT 1,
  max_connections INT CHECK (max_connections >= 0) NOT NULL DEFAULT 10000,
  comment VARCHAR NOT NULL DEFAULT '', PRIMARY KEY (username, backend), UNIQUE (username, frontend));
CREATE TABLE main.runtime_mysql_servers AS SELECT * FROM main.mysql_servers;
CREATE TABLE main.runtime_mysql_users AS SELECT * FROM main.mysql_users;
CREATE TABLE disk.mysql_servers AS SELECT * FROM main.mysql_servers;
CREATE TABLE disk.mysql_users AS SELECT * FROM main.mysql_users;
CREATE TABLE main.stats_mysql_connection_pool (hostgroup INT, srv_host VARCHAR, srv_port INT,
  status VARCHAR, ConnUsed INT, ConnFree INT);
)sql";
constexpr auto kUsersToRuntime = R"sql(
DELETE FROM main.runtime_mysql_users;
INSERT INTO main.runtime_mysql_users SELECT username, native_hash(password), active,
  default_hostgroup, default_schema, 0, 1, max_connections, comment FROM main.mysql_users;
INSERT INTO main.runtime_mysql_users SELECT username, native_hash(password), active,
  default_hostgroup, default_schema, 1, 0, max_connections, comment FROM main.mysql_users;
)sql";

std::string sha1(std::string_view bytes) {
    std::string digest(20, '\0');
    EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr,
               EVP_sha1(), nullptr);
    return digest;
}

// '*' and SHA1(SHA1(password)), as MySQL keeps it.
void native_hash(sqlite3_context* context, int, sqlite3_value** values) {
    auto const* const text = reinterpret_cast<char const*>(sqlite3_value_text(values[0]));
    std::string hash = "*";
    for (char const c : sha1(sha1(text == nullptr ? "" : text))) {
        hash += fmt::format("{:02X}", static_cast<unsigned char>(c));
    }
    sqlite3_result_text(context, hash.c_str(), -1, SQLITE_TRANSIENT);
}

std::string little_endian(std::size_t number, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) text += static_cast<char>(number >> 8 * i & 0xff);
    return text;
}

// A length-encoded string.
std::string counted(std::string_view text) {
    auto const size = text.size();
    auto const length = size < 251 ? little_endian(size, 1) : "\xfc" + little_endian(size, 2);
    return length + std::string(text);
}

using Packets = std::vector<std::string>;
std::string const kEnd("\xfe\0\0\2\0", 5);
std::string ok_packet(std::size_t changes) {
    return std::string(1, '\0') + little_endian(changes % 251, 1) + std::string("\0\2\0\0\0", 5);
}
std::string error_packet(unsigned number, std::string_view text) {
    return "\xff" + little_endian(number, 2) + "#HY000" + std::string(text);
}

std::string column_packet(std::string_view name) {
    return counted("def") + counted("") + counted("") + counted("") + counted(name) +
           counted(name) + "\x0c" + little_endian(33, 2) + little_endian(1'024, 4) + "\xfd" +
           std::string(5, '\0');
}

// Packets of one connection; each command begins the numbers anew.
class Line {
public:
    explicit Line(int socket) : socket_(socket) {}

    bool send(Packets const& packets) {
        std::string bytes;
        for (auto const& packet : packets) {
            bytes += little_endian(packet.size(), 3) + static_cast<char>(number_++) + packet;
        }
        std::string_view rest = bytes;
        while (!rest.empty()) {
            auto const sent = ::send(socket_, rest.data(), rest.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            rest.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    std::optional<std::string> receive() {
        std::array<unsigned char, 4> head{};
        if (!fill(head.data(), head.size())) return std::nullopt;
        std::string packet(static_cast<std::size_t>(head[0] | head[1] << 8 | head[2] << 16), '\0');
        number_ = head[3] + 1u;
        if (!packet.empty() && !fill(packet.data(), packet.size())) return std::nullopt;
        return packet;
    }

private:
    bool fill(void* buffer, std::size_t size) const {
        return ::recv(socket_, buffer, size, MSG_WAITALL) == static_cast<ssize_t>(size);
    }
    int socket_;
    unsigned number_ = 0;
};

}  // namespace

struct ProxySqlStandIn::Impl {
    Impl(std::string with_user, std::string with_password)
        : user(std::move(with_user)), password(std::move(with_password)) {
        sqlite3_open(":memory:", &tables);
        sqlite3_create_function(tables, "native_hash", 1, SQLITE_UTF8, nullptr, native_hash,
                                nullptr, nullptr);
        run(kTables);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* const any = reinterpret_cast<sockaddr*>(&address);
        if (::bind(listener.get(), any, size) != 0 || ::listen(listener.get(), 16) != 0 ||
            ::getsockname(listener.get(), any, &size) != 0) {
            throw std::runtime_error("the stand-in for ProxySQL cannot listen");
        }
        port = ntohs(address.sin_port);
        acceptor = std::jthread([this] { accept(); });
    }
    ~Impl() {
        ::shutdown(listener.get(), SHUT_RDWR);
        acceptor.join();
        {
            std::lock_guard const lock(mutex);
            for (int const socket : sockets) ::shutdown(socket, SHUT_RDWR);
        }
        threads.clear();
        sqlite3_close(tables);
    }
    Impl(Impl const&) = delete;
    Impl& operator=(Impl const&) = delete;

    void run(std::string const& sql) const {
        if (sqlite3_exec(tables, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return;
        throw std::runtime_error(sqlite3_errmsg(tables));
    }
    void accept() {
        while (true) {
            FileDescriptor socket(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (!socket.valid()) return;
            std::lock_guard const lock(mutex);
            sockets.insert(socket.get());
            threads.emplace_back([this, socket = std::move(socket)] {
                serve(socket.get());
                std::lock_guard const leaving(mutex);
                sockets.erase(socket.get());
                ::shutdown(socket.get(), SHUT_RDWR);
            });
        }
    }
    void serve(int socket);
    [[nodiscard]] bool knows(std::string_view answer) const;
    std::optional<Packets> answer(std::string const& sql);
    Packets select(std::string const& sql) const;

    std::string const user;
    std::string const password;
    FileDescriptor listener{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    std::uint16_t port = 0;
    std::mutex mutex;  // of all below
    sqlite3* tables = nullptr;
    std::vector<std::string> statements;
    unsigned until_break = 0;
    std::set<int> sockets;
    std::vector<std::jthread> threads;
    std::jthread acceptor;
};

// HandshakeResponse41: 32 bytes, the name and a zero, the length of the proof, the proof.
bool ProxySqlStandIn::Impl::knows(std::string_view answer) const {
    if (answer.size() < 34) return false;
    answer.remove_prefix(32);
    if (answer.substr(0, answer.find('\0')) != user) return false;
    answer.remove_prefix(user.size() + 1);
    auto const once = sha1(password);
    auto proof = sha1(std::string(kSalt) + sha1(once));
    for (std::size_t i = 0; i < proof.size(); ++i) proof[i] = static_cast<char>(proof[i] ^ once[i]);
    return answer.size() > 20 && answer[0] == 20 && answer.substr(1, 20) == proof;
}

void ProxySqlStandIn::Impl::serve(int socket) {
    Line line(socket);
    // CLIENT_PROTOCOL_41, CONNECT_WITH_DB, SECURE_CONNECTION, PLUGIN_AUTH and the like.
    auto const greeting = "\x0a" + std::string("8.0.27\0", 7) + little_endian(1, 4) +
                          std::string(kSalt.substr(0, 8)) + std::string(1, '\0') +
                          little_endian(0xa20b, 2) + "\x21" + little_endian(2, 2) +
                          little_endian(0x0008, 2) + "\x15" + std::string(10, '\0') +
                          std::string(kSalt.substr(8)) + std::string(1, '\0') +
                          std::string(kPlugin) + std::string(1, '\0');
    if (!line.send({greeting})) return;
    auto const login = line.receive();
    if (!login) return;
    if (!knows(*login)) {
        (void)line.send({error_packet(1045, "ProxySQL Error: Access denied for user")});
        return;
    }
    if (!line.send({ok_packet(0)})) return;
    while (auto const command = line.receive()) {
        if (command->empty() || command->front() == kQuit) return;
        std::optional<Packets> reply{{error_packet(1047, "Unknown command")}};
        if (command->front() == kPing || command->front() == kInitDb) reply = {{ok_packet(0)}};
        if (command->front() == kQuery) reply = answer(command->substr(1));
        if (!reply || !line.send(*reply)) return;
    }
}

std::optional<Packets> ProxySqlStandIn::Impl::answer(std::string const& sql) {
    std::lock_guard const lock(mutex);
    if (until_break == 1) return std::nullopt;
    if (until_break > 1) --until_break;
    statements.push_back(sql);
    try {
        if (sql == "LOAD MYSQL USERS TO RUNTIME") {
            run(kUsersToRuntime);
        } else if (sql == "LOAD MYSQL SERVERS TO RUNTIME") {
            run("DELETE FROM main.runtime_mysql_servers;"
                "INSERT INTO main.runtime_mysql_servers SELECT * FROM main.mysql_servers");
        } else if (sql == "SAVE MYSQL USERS TO DISK" || sql == "SAVE MYSQL SERVERS TO DISK") {
            auto const* const name = sql[11] == 'U' ? "mysql_users" : "mysql_servers";
            run(fmt::format("DELETE FROM disk.{0}; INSERT INTO disk.{0} SELECT * FROM main.{0}",
                            name));
        } else {
            return select(sql);
        }
        return Packets{ok_packet(0)};
    } catch (std::runtime_error const& thrown) {
        return Packets{error_packet(1045, fmt::format("ProxySQL Admin Error: {}", thrown.what()))};
    }
}

// Any statement of SQLite's.
Packets ProxySqlStandIn::Impl::select(std::string const& sql) const {
    sqlite3_stmt* statement = nullptr;
    auto const refusal = [&] {
        // As ProxySQL: it may quote the statement.
        return Packets{error_packet(
            1045, fmt::format("ProxySQL Admin Error: {}: {}", sqlite3_errmsg(tables), sql))};
    };
    if (sqlite3_prepare_v2(tables, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
        return refusal();
    }
    std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> const owner(statement,
                                                                           sqlite3_finalize);
    int const columns = sqlite3_column_count(statement);
    Packets packets{little_endian(static_cast<std::size_t>(columns), 1)};
    for (int i = 0; i < columns; ++i) {
        packets.push_back(column_packet(sqlite3_column_name(statement, i)));
    }
    packets.push_back(kEnd);
    int state = sqlite3_step(statement);
    for (; state == SQLITE_ROW; state = sqlite3_step(statement)) {
        std::string row;
        for (int i = 0; i < columns; ++i) {
            auto const* const text =
                reinterpret_cast<char const*>(sqlite3_column_text(statement, i));
            row += text == nullptr ? std::string("\xfb") : counted(text);
        }
        packets.push_back(std::move(row));
    }
    if (state != SQLITE_DONE) return refusal();
    if (columns == 0) return {ok_packet(static_cast<std::size_t>(sqlite3_changes(tables)))};
    packets.push_back(kEnd);
    return packets;
}

ProxySqlStandIn::ProxySqlStandIn(std::string user, std::string password)
    : impl_(std::make_unique<Impl>(std::move(user), std::move(password))) {}
ProxySqlStandIn::~ProxySqlStandIn() = default;

std::uint16_t ProxySqlStandIn::port() const {
    return impl_->port;
}

std::vector<std::string> ProxySqlStandIn::statements() const {
    std::lock_guard const lock(impl_->mutex);
    return impl_->statements;
}

void ProxySqlStandIn::break_off_at(unsigned n) {
    std::lock_guard const lock(impl_->mutex);
    impl_->until_break = n;
}

void ProxySqlStandIn::run(std::string const& sql) {
    std::lock_guard const lock(impl_->mutex);
    impl_->run(sql);
}

}  // namespace aipress::testing
