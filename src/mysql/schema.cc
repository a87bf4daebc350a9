#include "mysql/schema.h"

#include <algorithm>
#include <fmt/format.h>
#include <xxhash.h>

#include "mysql/sql_text.h"

namespace aipress::mysql {
namespace {

// Keeps strings apart: ("ab","c") and ("a","bc") differ.
class TextHash {
public:
    void add(std::string_view text) { text_.append(fmt::format("{}:", text.size())).append(text); }
    [[nodiscard]] std::string hex() const {
        return fmt::format("{:016x}", XXH3_64bits(text_.data(), text_.size()));
    }

private:
    std::string text_;
};

}  // namespace

bool Column::has_unlogged_fraction() const {
    return kind == ColumnKind::Temporal &&
           column_type.find(") /* mariadb-5.3 */") != std::string::npos;
}

bool ForeignKey::cascades() const {
    auto const changes_rows = [](std::string_view rule) {
        return rule == "CASCADE" || rule == "SET NULL" || rule == "SET DEFAULT";
    };
    return changes_rows(on_delete) || changes_rows(on_update);
}

bool Table::has_secondary_unique_index() const {
    return std::any_of(indexes.begin(), indexes.end(), [](Index const& index) {
        return index.is_unique && index.name != "PRIMARY";
    });
}

Column const* Table::find_column(std::string_view column_name) const {
    auto const found = std::find_if(columns.begin(), columns.end(), [&](Column const& column) {
        return column.name == column_name;
    });
    return found == columns.end() ? nullptr : &*found;
}

std::string_view to_string(ObjectKind kind) {
    switch (kind) {
        case ObjectKind::View:
            return "view";
        case ObjectKind::Trigger:
            return "trigger";
        case ObjectKind::Function:
            return "function";
        case ObjectKind::Procedure:
            return "procedure";
        case ObjectKind::Event:
            return "event";
    }
    return "object";
}

Table const* Schema::find_table(std::string_view table_name) const {
    auto const found = std::find_if(tables.begin(), tables.end(),
                                    [&](Table const& table) { return table.name == table_name; });
    return found == tables.end() ? nullptr : &*found;
}

std::string canonical_create_table(std::string_view create_sql) {
    static constexpr std::string_view kCounter = " AUTO_INCREMENT=";
    auto const options = create_sql.find("\n) ");
    auto const at = options == std::string_view::npos
                        ? std::string_view::npos
                        : find_unquoted(create_sql, kCounter, options);
    if (at == std::string_view::npos) return std::string(create_sql);
    auto const end = create_sql.find_first_not_of("0123456789", at + kCounter.size());
    std::string canonical(create_sql.substr(0, at));
    if (end != std::string_view::npos) canonical.append(create_sql.substr(end));
    return canonical;
}

std::string schema_hash(Schema const& schema) {
    TextHash hash;
    hash.add(schema.character_set);
    hash.add(schema.collation);
    for (auto const& table : schema.tables) {
        hash.add(table.name);
        hash.add(canonical_create_table(table.create_sql));
    }
    for (auto const& object : schema.objects) {
        hash.add(to_string(object.kind));
        hash.add(object.name);
        hash.add(object.time_zone);
        if (object.kind == ObjectKind::Event) {
            auto const text = with_event_status(object.create_sql, "");
            auto const start = find_unquoted(text, " EVENT ");
            hash.add(std::string_view(text).substr(start == std::string::npos ? 0 : start));
            continue;
        }
        hash.add(object.sql_mode);
        hash.add(object.character_set_client);
        hash.add(object.collation_connection);
        hash.add(object.create_sql);
    }
    for (auto const& name : schema.unsupported) hash.add(name);
    return hash.hex();
}

}  // namespace aipress::mysql
