#include "migration/options.h"

#include "json/fields.h"

namespace aipress::migration {

namespace bj = boost::json;

bj::object to_json(Options const& options) {
    return {{"backup_project", options.backup_project},
            {"backup_bucket", options.backup_bucket},
            {"state_bucket", options.state_bucket},
            {"ttl_seconds", options.ttl_seconds},
            {"fence_budget_ms", options.fence_budget.count()},
            {"workers", std::int64_t{options.workers}},
            {"file_workers", std::int64_t{options.file_workers}},
            {"observe_for_ms", options.observe_for.count()},
            {"observe_every_ms", options.observe_every.count()},
            {"pooler", options.pooler},
            {"pooler_address", options.pooler_address},
            {"strict", options.strict},
            {"administrator", options.administrator},
            {"administrator_secret", options.administrator_secret}};
}

Result<Options> options_of(bj::object const& object) {
    Options options;
    options.backup_project = TRY(json::get_string(object, "backup_project"));
    options.backup_bucket = TRY(json::get_string(object, "backup_bucket"));
    options.state_bucket = TRY(json::get_string(object, "state_bucket"));
    options.ttl_seconds = TRY(json::get_integer(object, "ttl_seconds"));
    options.fence_budget = milliseconds(TRY(json::get_integer(object, "fence_budget_ms")));
    options.workers = static_cast<unsigned>(TRY(json::get_integer(object, "workers")));
    options.file_workers = static_cast<unsigned>(TRY(json::get_integer(object, "file_workers")));
    options.observe_for = milliseconds(TRY(json::get_integer(object, "observe_for_ms")));
    options.observe_every = milliseconds(TRY(json::get_integer(object, "observe_every_ms")));
    // Not in journals that were begun before there was a pooler.
    if (object.contains("pooler")) {
        options.pooler = TRY(json::get_string(object, "pooler"));
        options.pooler_address = TRY(json::get_string(object, "pooler_address"));
    }
    options.strict = TRY(json::get_bool(object, "strict"));
    options.administrator = TRY(json::get_string(object, "administrator"));
    options.administrator_secret = TRY(json::get_string(object, "administrator_secret"));
    return options;
}

}  // namespace aipress::migration
