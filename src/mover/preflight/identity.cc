// Are source and target two databases, and which are they?
#include <cctype>
#include <fmt/format.h>

#include "mover/preflight/inspection.h"

namespace aipress::mover {
namespace {

// A named lock taken through one connection is seen through the other only when both reach the same
// server: names, ports and ids may lie (proxies, containers, copied settings).
Result<bool> is_same_server(Inspection& inspection) {
    auto const& context = inspection.context;
    auto& source = *inspection.source.connection;
    auto& target = *inspection.target.connection;
    auto const token =
        TRY(source.query(context, "SELECT CONCAT('aipress-', REPLACE(UUID(), '-', ''))"))
            .scalar()
            .value_or("");
    auto const name = mysql::quote_text(token);
    auto const taken = TRY(source.query(context, fmt::format("SELECT GET_LOCK({}, 5)", name)));
    auto seen = target.query(context, fmt::format("SELECT IS_USED_LOCK({})", name));
    (void)TRY(source.query(context, fmt::format("SELECT RELEASE_LOCK({})", name)));
    if (!seen.ok()) return seen.release_error();
    return taken.scalar() == "1" && seen->scalar().has_value();
}

std::string folded(std::string text, bool ignores_case) {
    if (ignores_case) {
        for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return text;
}

}  // namespace

Result<void> check_identity(Inspection& inspection) {
    inspection.is_same_server = TRY(is_same_server(inspection));
    auto const& source = inspection.source;
    auto const& target = inspection.target;
    if (source.number("server_id", 1) == target.number("server_id", 2) &&
        !inspection.is_same_server) {
        inspection.notice(
            "both", "equal-server-id", "server_id",
            fmt::format("both servers have server_id {}; the mover does not mind, replication does",
                        source.number("server_id", 1)));
    }
    if (!inspection.is_same_server) return {};
    bool const ignores_case = !source.is("lower_case_table_names", "0");
    if (folded(source.database, ignores_case) == folded(target.database, ignores_case)) {
        inspection.fault("both", "same-database", source.database,
                         "source and target are the same database of the same server",
                         "name another target server or another target database");
    } else {
        inspection.notice("both", "same-server", "",
                          "source and target are two databases of one server");
    }
    return {};
}

}  // namespace aipress::mover
