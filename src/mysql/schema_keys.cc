#include "mysql/schema_keys.h"

#include <algorithm>
#include <map>

namespace aipress::mysql {
namespace {

// Kinds whose value a row event gives exactly, so that it can name a row.
bool can_be_key(ColumnKind kind) {
    switch (kind) {
        case ColumnKind::Integer:
        case ColumnKind::Decimal:
        case ColumnKind::Bit:
        case ColumnKind::Enumerated:
        case ColumnKind::Temporal:
        case ColumnKind::Text:
        case ColumnKind::Binary:
            return true;
        case ColumnKind::Float:
        case ColumnKind::Double:
        case ColumnKind::Json:
        case ColumnKind::Geometry:
        case ColumnKind::Other:
            return false;
    }
    return false;
}

bool names_rows(Table const& table, Index const& index) {
    bool const is_primary = index.name == "PRIMARY";
    if (!index.is_unique || !index.is_ordered || (index.has_prefix_part && !is_primary)) {
        return false;
    }
    return std::all_of(index.columns.begin(), index.columns.end(), [&](std::string const& name) {
        auto const* column = table.find_column(name);
        return column != nullptr && !column->is_nullable && can_be_key(column->kind);
    });
}

}  // namespace

ColumnKind kind_of(std::string_view data_type, bool is_mariadb) {
    static std::map<std::string_view, ColumnKind> const kKinds = {
        {"tinyint", ColumnKind::Integer},
        {"smallint", ColumnKind::Integer},
        {"mediumint", ColumnKind::Integer},
        {"int", ColumnKind::Integer},
        {"bigint", ColumnKind::Integer},
        {"year", ColumnKind::Integer},
        {"decimal", ColumnKind::Decimal},
        {"float", ColumnKind::Float},
        {"double", ColumnKind::Double},
        {"bit", ColumnKind::Bit},
        {"enum", ColumnKind::Enumerated},
        {"set", ColumnKind::Enumerated},
        {"date", ColumnKind::Temporal},
        {"time", ColumnKind::Temporal},
        {"datetime", ColumnKind::Temporal},
        {"timestamp", ColumnKind::Temporal},
        {"char", ColumnKind::Text},
        {"varchar", ColumnKind::Text},
        {"tinytext", ColumnKind::Text},
        {"text", ColumnKind::Text},
        {"mediumtext", ColumnKind::Text},
        {"longtext", ColumnKind::Text},
        {"binary", ColumnKind::Binary},
        {"varbinary", ColumnKind::Binary},
        {"tinyblob", ColumnKind::Binary},
        {"blob", ColumnKind::Binary},
        {"mediumblob", ColumnKind::Binary},
        {"longblob", ColumnKind::Binary},
        {"geometry", ColumnKind::Geometry},
        {"point", ColumnKind::Geometry},
        {"linestring", ColumnKind::Geometry},
        {"polygon", ColumnKind::Geometry},
        {"multipoint", ColumnKind::Geometry},
        {"multilinestring", ColumnKind::Geometry},
        {"multipolygon", ColumnKind::Geometry},
        {"geometrycollection", ColumnKind::Geometry},
        {"geomcollection", ColumnKind::Geometry},
    };
    if (data_type == "json") return is_mariadb ? ColumnKind::Text : ColumnKind::Json;
    auto const found = kKinds.find(data_type);
    return found == kKinds.end() ? ColumnKind::Other : found->second;
}

std::vector<std::size_t> choose_key(Table const& table) {
    Index const* chosen = nullptr;
    for (auto const& index : table.indexes) {
        if (!names_rows(table, index)) continue;
        if (chosen == nullptr || index.name == "PRIMARY") chosen = &index;
    }
    std::vector<std::size_t> key;
    if (chosen == nullptr) return key;
    for (auto const& name : chosen->columns) key.push_back(table.find_column(name)->ordinal);
    return key;
}

}  // namespace aipress::mysql
