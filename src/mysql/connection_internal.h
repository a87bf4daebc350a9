// What connection.cc and the other sources that call libmariadb on a Connection share. Internal to
// mysql/.
#pragma once

#include <atomic>
#include <errmsg.h>
#include <memory>
#include <mysql.h>
#include <mysqld_error.h>
#include <stop_token>
#include <sys/socket.h>

#include "base/assert.h"
#include "mysql/connection.h"
#include "mysql/errors.h"

namespace aipress::mysql {

// libmariadb wants to be told of every thread that uses it.
void enter_library();

// Shuts the socket down at the deadline or on stop, so that a call blocked in the library returns.
class CallGuard {
public:
    CallGuard(Context const& context, MYSQL* handle)
        : socket_(mysql_get_socket(handle)), on_stop_(context.stop(), Shutdown{*this, stopped_}) {
        if (!context.deadline().is_never()) {
            alarm_ = context.clock().call_at(context.deadline().time(), Shutdown{*this, expired_});
        }
    }

    // The reason for the failure, if it was this guard.
    [[nodiscard]] std::optional<Error> interruption() const {
        if (stopped_) return Error(ErrorCode::Cancelled, "stopped on request");
        if (expired_) return Error(ErrorCode::DeadlineExceeded, "deadline passed");
        return std::nullopt;
    }

private:
    struct Shutdown {
        CallGuard& guard;
        std::atomic<bool>& reason;
        void operator()() const {
            reason = true;
            ::shutdown(guard.socket_, SHUT_RDWR);
        }
    };

    int socket_;
    std::atomic<bool> stopped_ = false;
    std::atomic<bool> expired_ = false;
    std::unique_ptr<Alarm> alarm_;
    std::stop_callback<Shutdown> on_stop_;
};

struct Connection::Impl {
    MYSQL* handle = nullptr;
    Endpoint endpoint;
    ServerVersion version;
    bool broken = false;
    RowStream::Impl* open_stream = nullptr;

    ~Impl() {
        if (handle != nullptr) mysql_close(handle);
    }

    // The library's last error, or the guard's reason for it.
    Error last_error(CallGuard const& guard) {
        if (auto interruption = guard.interruption()) {
            broken = true;
            return std::move(*interruption);
        }
        return last_error();
    }
    Error last_error() {
        auto error = server_error(mysql_errno(handle), mysql_error(handle));
        if (is_connection_error(error)) broken = true;
        return error;
    }

    Result<void> check_usable(Context const& context) const {
        if (context.stopped()) return Error(ErrorCode::Cancelled, "stopped on request");
        if (context.expired()) return Error(ErrorCode::DeadlineExceeded, "deadline passed");
        if (broken) {
            return Error(ErrorCode::Unavailable, "the connection to the server was lost earlier")
                .with_native_code(CR_SERVER_LOST);
        }
        ASSERT(open_stream == nullptr);
        return {};
    }

    Result<ExecuteResult> finish_statement(CallGuard const& guard) {
        if (MYSQL_RES* rows = mysql_store_result(handle); rows != nullptr) mysql_free_result(rows);
        if (mysql_errno(handle) != 0) return last_error(guard);
        ExecuteResult result;
        result.affected_rows = mysql_affected_rows(handle);
        result.warnings = mysql_warning_count(handle);
        if (char const* info = mysql_info(handle); info != nullptr) result.info = info;
        return result;
    }
};

}  // namespace aipress::mysql
