#include "mysql/bulk_insert.h"

#include <string>
#include <vector>

#include "mysql/connection_internal.h"

namespace aipress::mysql {
namespace {

// One ? over all rows, as libmariadb wants it: an array of pointers, one of lengths, one of flags.
struct Column {
    std::vector<std::size_t> offsets;  // into the copied values
    std::vector<char*> values;
    std::vector<unsigned long> lengths;
    std::vector<char> indicators;

    void add(std::optional<std::string_view> const& value) {
        lengths.push_back(value ? value->size() : 0);
        indicators.push_back(value ? STMT_INDICATOR_NONE : STMT_INDICATOR_NULL);
    }
    void clear() {
        offsets.clear();
        values.clear();
        lengths.clear();
        indicators.clear();
    }
};

}  // namespace

struct BulkInsert::Impl {
    Impl(Connection::Impl& owner, MYSQL_STMT* prepared)
        : connection(owner), statement(prepared), columns(mysql_stmt_param_count(prepared)) {}
    ~Impl() { mysql_stmt_close(statement); }

    Error last_error(CallGuard const& guard) {
        if (auto interruption = guard.interruption()) {
            connection.broken = true;
            return std::move(*interruption);
        }
        auto error = server_error(mysql_stmt_errno(statement), mysql_stmt_error(statement));
        if (is_connection_error(error)) connection.broken = true;
        return error;
    }

    Result<ExecuteResult> send(Context const& context, unsigned row_count);
    void clear() {
        for (auto& column : columns) column.clear();
        values.clear();
        rows = 0;
    }

    Connection::Impl& connection;
    MYSQL_STMT* statement;
    std::vector<Column> columns;
    std::string values;  // of all rows that were added
    unsigned rows = 0;
};

Result<ExecuteResult> BulkInsert::Impl::send(Context const& context, unsigned row_count) {
    TRY(connection.check_usable(context));
    enter_library();
    std::vector<MYSQL_BIND> binds(columns.size());  // all zero, as the library wants them
    for (std::size_t i = 0; i < columns.size(); ++i) {
        binds[i].buffer_type = MYSQL_TYPE_STRING;
        binds[i].buffer = static_cast<void*>(columns[i].values.data());
        binds[i].length = columns[i].lengths.data();
        binds[i].u.indicator = columns[i].indicators.data();
    }
    CallGuard const guard(context, connection.handle);
    mysql_stmt_attr_set(statement, STMT_ATTR_ARRAY_SIZE, &row_count);
    if (mysql_stmt_bind_param(statement, binds.data()) != 0 || mysql_stmt_execute(statement) != 0) {
        return last_error(guard);
    }
    ExecuteResult result;
    result.affected_rows = mysql_stmt_affected_rows(statement);
    result.warnings = mysql_stmt_warning_count(statement);
    return result;
}

BulkInsert::BulkInsert(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BulkInsert::BulkInsert(BulkInsert&&) noexcept = default;
BulkInsert& BulkInsert::operator=(BulkInsert&&) noexcept = default;
BulkInsert::~BulkInsert() = default;

bool BulkInsert::supported_by(Connection const& connection) {
    unsigned long server = 0;
    unsigned long extended = 0;
    auto* const handle = connection.native();
    mariadb_get_infov(handle, MARIADB_CONNECTION_SERVER_CAPABILITIES, &server);
    mariadb_get_infov(handle, MARIADB_CONNECTION_EXTENDED_SERVER_CAPABILITIES, &extended);
    // MySQL sets the first, and means something else by the second.
    return (server & CLIENT_MYSQL) == 0 &&
           (extended & (MARIADB_CLIENT_STMT_BULK_OPERATIONS >> 32)) != 0;
}

Result<BulkInsert> BulkInsert::prepare(Context const& context, Connection& connection,
                                       std::string_view sql) {
    auto& owner = *connection.impl_;
    TRY(owner.check_usable(context));
    enter_library();
    CallGuard const guard(context, owner.handle);
    MYSQL_STMT* const statement = mysql_stmt_init(owner.handle);
    ASSERT(statement != nullptr);
    bool const failed = mysql_stmt_prepare(statement, sql.data(), sql.size()) != 0;
    auto impl = std::make_unique<Impl>(owner, statement);
    if (failed) return impl->last_error(guard);
    return BulkInsert(std::move(impl));
}

void BulkInsert::add(RowView row) {
    auto& columns = impl_->columns;
    ASSERT(row.size() == columns.size());
    for (std::size_t i = 0; i < columns.size(); ++i) {
        columns[i].offsets.push_back(impl_->values.size());
        columns[i].add(row[i]);
        if (row[i]) impl_->values += *row[i];
    }
    ++impl_->rows;
}

std::size_t BulkInsert::pending_rows() const {
    return impl_->rows;
}

std::size_t BulkInsert::pending_bytes() const {
    return impl_->values.size();
}

Result<ExecuteResult> BulkInsert::execute(Context const& context) {
    ASSERT(impl_->rows > 0);
    // Only now: the values move while rows are added.
    for (auto& column : impl_->columns) {
        for (auto const offset : column.offsets) {
            column.values.push_back(impl_->values.data() + offset);
        }
    }
    auto result = impl_->send(context, impl_->rows);
    impl_->clear();
    return result;
}

Result<ExecuteResult> BulkInsert::execute_alone(Context const& context, RowView row) {
    ASSERT(impl_->rows == 0);
    ASSERT(row.size() == impl_->columns.size());
    for (std::size_t i = 0; i < row.size(); ++i) {
        auto& column = impl_->columns[i];
        column.add(row[i]);
        // The library only reads through its pointer.
        column.values.push_back(row[i] ? const_cast<char*>(row[i]->data()) : nullptr);
    }
    auto result = impl_->send(context, 1);
    impl_->clear();
    return result;
}

}  // namespace aipress::mysql
