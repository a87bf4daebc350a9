#include "mover/foreign_writes.h"

#include <fmt/format.h>

#include "mover/metadata.h"
#include "mover/statement_filter.h"
#include "mysql/binlog/stream.h"
#include "mysql/sql_text.h"

namespace aipress::mover {
namespace {

namespace binlog = mysql::binlog;

constexpr std::size_t kShownText = 120;
constexpr milliseconds kConnectTime{10'000};

bool is_movers_definition(std::string_view text) {
    bool const is_trigger = text.starts_with("CREATE") || text.starts_with("DROP");
    if (is_trigger && mysql::find_unquoted(text, " TRIGGER ") != std::string::npos) return true;
    if (text.starts_with("ALTER TABLE") &&
        mysql::find_unquoted(text, " AUTO_INCREMENT=") != std::string::npos) {
        return true;
    }
    return text.starts_with("CREATE TABLE IF NOT EXISTS aipress_mover.") ||
           text.starts_with("CREATE DATABASE IF NOT EXISTS aipress_mover");
}

// Transaction by transaction: the mover's are those that it has signed.
class Search {
public:
    explicit Search(ForeignSearch const& search) : search_(search) {}

    [[nodiscard]] binlog::TableInterest interest(std::string_view schema,
                                                 std::string_view table) const {
        if (schema == metadata::kDatabase) return {table == metadata::kSignatureTable, {}};
        bool const is_looked_at = schema == search_.endpoint.database &&
                                  !search_.unsigned_tables.contains(std::string(table));
        return {is_looked_at, {false}};
    }
    void accept(binlog::Event const& event) {
        if (auto const* rows = std::get_if<binlog::Rows>(&event.body)) {
            accept_rows(*rows);
        } else if (auto const* query = std::get_if<binlog::Query>(&event.body)) {
            if (query->text == "BEGIN") return begin();
            accept_statement(*query);
        } else if (std::holds_alternative<binlog::Commit>(event.body) ||
                   std::holds_alternative<binlog::XaPrepare>(event.body)) {
            end();
        }
    }
    [[nodiscard]] std::string const& found() const { return found_; }

private:
    void begin() {
        rows_ = 0;
        is_signed_ = false;
    }
    void end() {
        if (rows_ > 0 && !is_signed_ && found_.empty()) {
            found_ = fmt::format("{} rows of {} were changed by somebody else", rows_, table_);
        }
        begin();
    }
    void accept_rows(binlog::Rows const& rows) {
        if (rows.table->schema != metadata::kDatabase) {
            rows_ += rows.changes.size();
            table_ = rows.table->table;
            return;
        }
        for (auto const& change : rows.changes) {
            // A MINIMAL after image leaves the unchanged move_id out.
            for (auto const* const image : {&change.before, &change.after}) {
                if (!*image || (*image)->empty()) continue;
                is_signed_ = is_signed_ || (*image)->front().bytes == search_.move_id;
            }
        }
    }
    void accept_statement(binlog::Query const& query) {
        auto const meaning = classify_statement(query, search_.endpoint.database);
        if (meaning == StatementMeaning::Harmless || !found_.empty()) return;
        if (meaning == StatementMeaning::Ddl && is_movers_definition(query.text)) return;
        found_ = "somebody else ran " + query.text.substr(0, kShownText);
    }

    ForeignSearch const& search_;
    std::uint64_t rows_ = 0;
    std::string table_;
    bool is_signed_ = false;
    std::string found_;
};

}  // namespace

Result<std::string> find_foreign_write(Context const& context, ForeignSearch const& search) {
    if (search.upto <= search.from) return std::string();
    Search reading(search);
    binlog::StreamOptions options;
    options.server_id = search.server_id;
    auto stream = TRY(binlog::Stream::open(
        context.within(kConnectTime), search.endpoint, search.from,
        [&](std::string_view schema, std::string_view table) {
            return reading.interest(schema, table);
        },
        options));
    while (reading.found().empty() && stream.position() < search.upto) {
        auto const events = TRY(stream.next(context));
        for (auto const& event : events) reading.accept(event);
    }
    return reading.found();
}

}  // namespace aipress::mover
