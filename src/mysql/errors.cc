#include "mysql/errors.h"

#include <errmsg.h>
#include <fmt/format.h>
#include <mysqld_error.h>

#include "mysql/connection.h"

namespace aipress::mysql {
namespace {

// Named only by MySQL 8's headers, or only by newer MariaDB's.
constexpr unsigned kErConnectionKilled = 1927;
constexpr unsigned kErQueryTimeout = 3024;
constexpr unsigned kErAccountLocked = 3118;
constexpr unsigned kErMariaDbAccountLocked = 4151;

ErrorCode code_of(unsigned number) {
    switch (number) {
        case CR_CONNECTION_ERROR:
        case CR_CONN_HOST_ERROR:
        case CR_SERVER_GONE_ERROR:
        case CR_SERVER_LOST:
        case CR_SERVER_LOST_EXTENDED:
        case CR_UNKNOWN_HOST:
        case ER_SERVER_SHUTDOWN:
        case ER_NORMAL_SHUTDOWN:
        case ER_QUERY_INTERRUPTED:
        case ER_CON_COUNT_ERROR:
        case ER_TOO_MANY_USER_CONNECTIONS:
        case ER_NET_READ_INTERRUPTED:
        case ER_NET_READ_ERROR:
        case kErConnectionKilled:
            return ErrorCode::Unavailable;
        case ER_ACCESS_DENIED_ERROR:
        case CR_SSL_CONNECTION_ERROR:  // a certificate that is not to be trusted
        case kErAccountLocked:
        case kErMariaDbAccountLocked:
            return ErrorCode::Unauthenticated;
        case ER_DBACCESS_DENIED_ERROR:
        case ER_TABLEACCESS_DENIED_ERROR:
        case ER_COLUMNACCESS_DENIED_ERROR:
        case ER_SPECIFIC_ACCESS_DENIED_ERROR:
        case ER_PROCACCESS_DENIED_ERROR:
        case ER_KILL_DENIED_ERROR:
            return ErrorCode::PermissionDenied;
        case ER_DUP_ENTRY:
        case ER_DB_CREATE_EXISTS:
        case ER_TABLE_EXISTS_ERROR:
        case ER_DUP_ENTRY_WITH_KEY_NAME:
            return ErrorCode::AlreadyExists;
        case ER_BAD_DB_ERROR:
        case ER_NO_SUCH_TABLE:
        case ER_BAD_TABLE_ERROR:
            return ErrorCode::NotFound;
        case ER_LOCK_WAIT_TIMEOUT:
        case kErQueryTimeout:
            return ErrorCode::DeadlineExceeded;
        case ER_LOCK_DEADLOCK:
            return ErrorCode::Aborted;
        case ER_DISK_FULL:
        case ER_RECORD_FILE_FULL:
        case ER_OUTOFMEMORY:
        case ER_OUT_OF_RESOURCES:
        case ER_NET_PACKET_TOO_LARGE:
        case CR_NET_PACKET_TOO_LARGE:
            return ErrorCode::ResourceExhausted;
        case ER_OPTION_PREVENTS_STATEMENT:
        case ER_NO_BINARY_LOGGING:
        case ER_TABLE_DEF_CHANGED:
            return ErrorCode::FailedPrecondition;
        case ER_PARSE_ERROR:
            return ErrorCode::InvalidArgument;
        default:
            return ErrorCode::Unknown;
    }
}

}  // namespace

Error server_error(unsigned number, std::string_view message) {
    return Error(code_of(number), fmt::format("{} (error {})", message, number))
        .with_native_code(number);
}

bool is_connection_error(Error const& error) {
    return error.code() == ErrorCode::Unavailable;
}

}  // namespace aipress::mysql
