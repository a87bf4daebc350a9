#include "store/shape.h"

#include <optional>
#include <type_traits>

#include "store/tables.h"

namespace aipress::store {
namespace {

template <typename Field>
struct FieldType {
    static constexpr bool kMayBeNull = false;
    static constexpr sql::Type kType = [] {
        if constexpr (std::is_enum_v<Field> || std::is_same_v<Field, std::string>) {
            return sql::Type::Text;
        } else if constexpr (std::is_same_v<Field, std::int64_t>) {
            return sql::Type::Integer;
        } else {
            static_assert(std::is_same_v<Field, Timestamp>);
            return sql::Type::Timestamp;
        }
    }();
};

template <typename Field>
struct FieldType<std::optional<Field>> {
    static constexpr bool kMayBeNull = true;
    static constexpr sql::Type kType = FieldType<Field>::kType;
};

template <typename Record>
TableShape shape_of() {
    using Spec = TableOf<Record>;
    TableShape shape{.name = std::string(Spec::kName), .keys = Spec::kKeys};
    Record record;
    std::apply(
        [&](auto const&... fields) {
            (shape.columns.push_back(
                 {std::string(Spec::kColumns.at(shape.columns.size())),
                  FieldType<std::remove_cvref_t<decltype(fields)>>::kType,
                  FieldType<std::remove_cvref_t<decltype(fields)>>::kMayBeNull}),
             ...);
        },
        Spec::fields(record));
    return shape;
}

template <typename... Records>
std::vector<TableShape> shapes_of() {
    return {shape_of<Records>()...};
}

}  // namespace

std::vector<TableShape> const& table_shapes() {
    static auto const all = shapes_of<Project, Epoch, Shard, Tenant, Route, PastRoute, Migration,
                                      Step, LeaseRow, Operation, Event>();
    return all;
}

}  // namespace aipress::store
