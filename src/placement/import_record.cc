#include "placement/import_record.h"

#include "json/fields.h"

namespace aipress::placement {
namespace {

boost::json::object to_json(ImportReport const& report) {
    return {{"added", report.added},
            {"unchanged", report.unchanged},
            {"placed", report.placed},
            {"displaced", report.displaced}};
}

Result<ImportReport> read_report(boost::json::object const& fields) {
    ImportReport report;
    report.added = static_cast<std::uint64_t>(TRY(json::get_integer(fields, "added")));
    report.unchanged = static_cast<std::uint64_t>(TRY(json::get_integer(fields, "unchanged")));
    report.placed = static_cast<std::uint64_t>(TRY(json::get_integer(fields, "placed")));
    report.displaced = static_cast<std::uint64_t>(TRY(json::get_integer(fields, "displaced")));
    return report;
}

}  // namespace

Result<ImportReport> record_import(
    Context const& context, store::Store& store, std::string const& kind, ImportOrder const& order,
    std::size_t rows, std::function<Result<ImportReport>(sql::Transaction&)> const& work) {
    store::Change const change{.operation = order.operation,
                               .kind = kind,
                               .target = "fleet",
                               .request = {{"rows", rows}},
                               .actor = order.actor};
    std::vector<Fault> faults;
    auto const answered =
        store.change(context, change, [&](sql::Transaction& transaction) -> Result<store::Changed> {
            faults.clear();
            auto report = TRY(work(transaction));
            auto const fields = to_json(report);
            faults = std::move(report.faults);
            if (!faults.empty()) return Error(ErrorCode::InvalidArgument, "the file has faults");
            return store::Changed{.answer = fields, .after = fields};
        });
    if (!faults.empty()) {
        ImportReport report;
        report.faults = std::move(faults);
        return report;
    }
    if (!answered.ok()) return answered.error();
    return read_report(answered.value());
}

}  // namespace aipress::placement
