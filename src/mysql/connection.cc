#include "mysql/connection.h"

#include <algorithm>
#include <cstring>
#include <errmsg.h>
#include <fmt/format.h>
#include <mysql.h>
#include <mysqld_error.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "mysql/connection_internal.h"

namespace aipress::mysql {
namespace {

// Rows up to the protocol's limit must pass, whatever libmariadb's own default is.
constexpr unsigned long kLargestPacketBytes = 1ul << 30;

// Zero and invalid dates, and 0 in an AUTO_INCREMENT column, exist in real tenants and must arrive
// as they are; everything else that a server would "adjust" must be an error.
constexpr std::string_view kSqlMode = "STRICT_ALL_TABLES,ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO";

// A peer that is gone without a word (a cable, a firewall) is asked for after so long, and given up
// when it leaves that many questions unanswered. The kernel's own default is two hours. Its answer
// comes from the peer's kernel, so a statement may take as long as it likes.
constexpr int kSecondsBeforeProbe = 20;
constexpr int kSecondsBetweenProbes = 5;
constexpr int kProbesUnanswered = 4;

void probe_silent_peer(int socket) {
    int const on = 1;
    // What cannot be set leaves the default, which is right as well, only late.
    ::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &kSecondsBeforeProbe, sizeof(int));
    ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &kSecondsBetweenProbes, sizeof(int));
    ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &kProbesUnanswered, sizeof(int));
}

struct LibraryThread {
    LibraryThread() { mysql_thread_init(); }
    ~LibraryThread() { mysql_thread_end(); }
};

ServerVersion parse_version(char const* text) {
    ServerVersion version;
    version.text = text;
    version.family =
        version.text.find("MariaDB") != std::string::npos ? Family::MariaDb : Family::MySql;
    // Old MariaDB servers send "5.5.5-10.11.19-MariaDB" for the sake of old replicas.
    char const* numbers = text;
    if (version.is_mariadb() && std::strncmp(text, "5.5.5-", 6) == 0) numbers += 6;
    unsigned major = 0;
    unsigned minor = 0;
    unsigned patch = 0;
    if (std::sscanf(numbers, "%u.%u.%u", &major, &minor, &patch) >= 2) {
        version.number = major * 10'000 + minor * 100 + patch;
    }
    return version;
}

}  // namespace

void enter_library() {
    static bool const initialised = mysql_library_init(0, nullptr, nullptr) == 0;
    ASSERT(initialised);
    thread_local LibraryThread const thread;
}

std::string const& ResultSet::text(std::size_t row, std::string_view column) const {
    static std::string const empty;
    auto const at = std::find(columns.begin(), columns.end(), column);
    ASSERT(at != columns.end());
    ASSERT(row < rows.size());
    auto const& value = rows[row][static_cast<std::size_t>(at - columns.begin())];
    return value ? *value : empty;
}

bool ResultSet::is_null(std::size_t row, std::string_view column) const {
    auto const at = std::find(columns.begin(), columns.end(), column);
    ASSERT(at != columns.end());
    ASSERT(row < rows.size());
    return !rows[row][static_cast<std::size_t>(at - columns.begin())].has_value();
}

std::optional<std::string> ResultSet::scalar() const {
    if (rows.empty() || rows[0].empty()) return std::nullopt;
    return rows[0][0];
}

struct RowStream::Impl {
    Impl(Connection::Impl& owner, MYSQL_RES* result, Context const& context)
        : connection(owner),
          rows(result),
          columns(mysql_num_fields(result)),
          guard(context, owner.handle),
          views(columns) {}
    ~Impl() {
        mysql_free_result(rows);  // reads what is left
        connection.open_stream = nullptr;
    }

    Connection::Impl& connection;
    MYSQL_RES* rows;
    unsigned columns;
    CallGuard guard;
    std::vector<std::optional<std::string_view>> views;
};

RowStream::RowStream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RowStream::RowStream(RowStream&&) noexcept = default;
RowStream& RowStream::operator=(RowStream&&) noexcept = default;
RowStream::~RowStream() = default;

Result<std::optional<RowView>> RowStream::next() {
    auto& stream = *impl_;
    MYSQL_ROW const row = mysql_fetch_row(stream.rows);
    if (row == nullptr) {
        if (mysql_errno(stream.connection.handle) != 0) {
            return stream.connection.last_error(stream.guard);
        }
        return std::optional<RowView>();
    }
    unsigned long const* lengths = mysql_fetch_lengths(stream.rows);
    for (unsigned i = 0; i < stream.columns; ++i) {
        if (row[i] == nullptr) {
            stream.views[i] = std::nullopt;
        } else {
            stream.views[i] = std::string_view(row[i], lengths[i]);
        }
    }
    return std::optional<RowView>(RowView(stream.views));
}

Connection::Connection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

namespace {

void set_tls(MYSQL* handle, Endpoint const& endpoint) {
    if (endpoint.tls == TlsMode::Disabled) return;
    my_bool const enforce = 1;
    mysql_optionsv(handle, MYSQL_OPT_SSL_ENFORCE, &enforce);
    my_bool const verify = endpoint.tls == TlsMode::Verified || !endpoint.tls_ca.empty() ? 1 : 0;
    mysql_optionsv(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
    if (!endpoint.tls_ca.empty()) {
        mysql_optionsv(handle, MYSQL_OPT_SSL_CA, endpoint.tls_ca.c_str());
    }
}

unsigned connect_timeout_s(Context const& context, SessionOptions const& options) {
    auto const wait =
        std::min(options.connect_timeout, context.deadline().remaining(context.clock()));
    // The library counts in seconds, and 0 would mean for ever.
    return static_cast<unsigned>(std::max<std::int64_t>(1, (wait.count() + 999) / 1000));
}

}  // namespace

Result<Connection> Connection::open(Context const& context, Endpoint const& endpoint,
                                    SessionOptions options) {
    if (context.stopped()) return Error(ErrorCode::Cancelled, "stopped on request");
    if (context.expired()) return Error(ErrorCode::DeadlineExceeded, "deadline passed");
    enter_library();
    auto impl = std::make_unique<Impl>();
    impl->endpoint = endpoint;
    impl->handle = mysql_init(nullptr);
    ASSERT(impl->handle != nullptr);

    unsigned const timeout_s = connect_timeout_s(context, options);
    mysql_optionsv(impl->handle, MYSQL_OPT_CONNECT_TIMEOUT, &timeout_s);
    mysql_optionsv(impl->handle, MYSQL_OPT_MAX_ALLOWED_PACKET, &kLargestPacketBytes);
    mysql_optionsv(impl->handle, MYSQL_SET_CHARSET_NAME, "binary");
    unsigned int const allow_local = 1;
    mysql_optionsv(impl->handle, MYSQL_OPT_LOCAL_INFILE, &allow_local);
    unsigned int const tcp = MYSQL_PROTOCOL_TCP;  // "localhost" must not mean a socket file
    mysql_optionsv(impl->handle, MYSQL_OPT_PROTOCOL, &tcp);
    set_tls(impl->handle, endpoint);

    auto const* database =
        options.use_database && !endpoint.database.empty() ? endpoint.database.c_str() : nullptr;
    if (mysql_real_connect(impl->handle, endpoint.host.c_str(), endpoint.user.c_str(),
                           endpoint.password.c_str(), database, endpoint.port, nullptr,
                           CLIENT_MULTI_RESULTS) == nullptr) {
        return impl->last_error().in_context(
            fmt::format("connecting to {}:{}", endpoint.host, endpoint.port));
    }
    probe_silent_peer(mysql_get_socket(impl->handle));
    // The library's "enforce" lets a server (or whoever stands in between) do without.
    if (endpoint.tls != TlsMode::Disabled && mysql_get_ssl_cipher(impl->handle) == nullptr) {
        return Error(ErrorCode::Unauthenticated,
                     fmt::format("connecting to {}:{}: TLS is required, and the server offers none",
                                 endpoint.host, endpoint.port));
    }
    impl->version = parse_version(mysql_get_server_info(impl->handle));

    Connection connection(std::move(impl));
    if (!options.is_database) return connection;
    TRY(connection.execute(
        context, fmt::format("SET SESSION sql_mode='{}', time_zone='+00:00', foreign_key_checks=0, "
                             "wait_timeout=28800, net_write_timeout=3600, net_read_timeout=3600",
                             kSqlMode)));
    return connection;
}

Result<ExecuteResult> Connection::execute(Context const& context, std::string_view sql) {
    TRY(impl_->check_usable(context));
    enter_library();
    CallGuard const guard(context, impl_->handle);
    if (mysql_real_query(impl_->handle, sql.data(), sql.size()) != 0) {
        return impl_->last_error(guard);
    }
    return impl_->finish_statement(guard);
}

Result<ResultSet> Connection::query(Context const& context, std::string_view sql) {
    ResultSet result;
    TRY(impl_->check_usable(context));
    enter_library();
    CallGuard const guard(context, impl_->handle);
    if (mysql_real_query(impl_->handle, sql.data(), sql.size()) != 0) {
        return impl_->last_error(guard);
    }
    MYSQL_RES* const rows = mysql_store_result(impl_->handle);
    if (rows == nullptr) {
        if (mysql_errno(impl_->handle) != 0) return impl_->last_error(guard);
        return result;
    }
    std::unique_ptr<MYSQL_RES, decltype(&mysql_free_result)> const owner(rows, mysql_free_result);
    unsigned const columns = mysql_num_fields(rows);
    MYSQL_FIELD const* fields = mysql_fetch_fields(rows);
    for (unsigned i = 0; i < columns; ++i) result.columns.emplace_back(fields[i].name);
    while (MYSQL_ROW const row = mysql_fetch_row(rows)) {
        unsigned long const* lengths = mysql_fetch_lengths(rows);
        Row& copied = result.rows.emplace_back(columns);
        for (unsigned i = 0; i < columns; ++i) {
            if (row[i] != nullptr) copied[i].emplace(row[i], lengths[i]);
        }
    }
    return result;
}

Result<RowStream> Connection::stream(Context const& context, std::string_view sql) {
    TRY(impl_->check_usable(context));
    enter_library();
    {
        CallGuard const guard(context, impl_->handle);
        if (mysql_real_query(impl_->handle, sql.data(), sql.size()) != 0) {
            return impl_->last_error(guard);
        }
    }
    MYSQL_RES* const rows = mysql_use_result(impl_->handle);
    if (rows == nullptr) return impl_->last_error();
    auto stream = std::make_unique<RowStream::Impl>(*impl_, rows, context);
    impl_->open_stream = stream.get();
    return RowStream(std::move(stream));
}

namespace {

// libmariadb's view of a LoadSource.
struct LoadState {
    LoadSource* source = nullptr;
    std::optional<Error> failure;
};

int load_init(void** state, char const*, void* user) {
    *state = user;
    return 0;
}

int load_read(void* state_pointer, char* buffer, unsigned int size) {
    auto& state = *static_cast<LoadState*>(state_pointer);
    auto result = state.source->read({buffer, size});
    if (!result.ok()) {
        state.failure = result.release_error();
        return -1;
    }
    return static_cast<int>(result.release());
}

void load_end(void*) {}

int load_error(void*, char* message, unsigned int size) {
    fmt::format_to_n(message, size - 1, "the source of the rows failed{}", '\0');
    return CR_UNKNOWN_ERROR;
}

}  // namespace

Result<ExecuteResult> Connection::load_data(Context const& context, std::string_view sql,
                                            LoadSource& source) {
    TRY(impl_->check_usable(context));
    enter_library();
    LoadState state{&source, std::nullopt};
    mysql_set_local_infile_handler(impl_->handle, load_init, load_read, load_end, load_error,
                                   &state);
    CallGuard const guard(context, impl_->handle);
    bool const failed = mysql_real_query(impl_->handle, sql.data(), sql.size()) != 0;
    if (state.failure) return std::move(*state.failure);
    if (failed) return impl_->last_error(guard);
    return impl_->finish_statement(guard);
}

Result<std::vector<std::string>> Connection::warnings(Context const& context, std::size_t limit) {
    auto const shown = TRY(query(context, fmt::format("SHOW WARNINGS LIMIT {}", limit)));
    std::vector<std::string> warnings;
    for (auto const& row : shown.rows) {
        warnings.push_back(fmt::format("{} {}: {}", row[0].value_or(""), row[1].value_or(""),
                                       row[2].value_or("")));
    }
    return warnings;
}

ServerVersion const& Connection::version() const {
    return impl_->version;
}

std::uint64_t Connection::thread_id() const {
    return mysql_thread_id(impl_->handle);
}

Endpoint const& Connection::endpoint() const {
    return impl_->endpoint;
}

bool Connection::usable() const {
    return !impl_->broken;
}

st_mysql* Connection::native() const {
    return impl_->handle;
}

}  // namespace aipress::mysql
