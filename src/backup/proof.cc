#include "backup/proof.h"

#include <boost/json/array.hpp>
#include <boost/json/value_from.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <mutex>

#include "backup/files.h"
#include "backup/limits.h"
#include "backup/site_secrets.h"
#include "backup/terraform_states.h"
#include "base/sha256.h"
#include "inventory/workers.h"

namespace aipress::backup {
namespace {

namespace json = boost::json;
using gcp::Done;
using gcp::Outcome;
using inventory::for_each_index;

constexpr std::string_view kScratchPrefix = "aipress_scratch_";
constexpr std::size_t kSumDigits = 12;

// Objects whose bytes are others.
class Faults {
public:
    void add(std::string what) {
        std::lock_guard const lock(mutex_);
        if (all_.size() < limits::kTold) all_.push_back(std::move(what));
        ++count_;
    }
    [[nodiscard]] Outcome<Done> outcome(Folder const& folder) const {
        if (count_ == 0) return Done();
        return Error(ErrorCode::DataLoss,
                     fmt::format("{}: {} objects are not what was backed up ({}{}): take another "
                                 "backup",
                                 folder.url(""), count_, fmt::join(all_, "; "),
                                 count_ > all_.size() ? "; …" : ""));
    }

private:
    std::mutex mutex_;
    std::vector<std::string> all_;
    std::size_t count_ = 0;
};

// One object against its sums.
Outcome<Done> check_entry(Context const& context, Folder const& folder, std::string const& name,
                          Sums const& expected, Faults& faults) {
    auto const object = TRY(folder.find(context, name));
    if (!object) {
        faults.add(name + " is missing");
        return Done();
    }
    if (object->size != expected.size) {
        faults.add(fmt::format("{} has {} bytes and not {}", name, object->size, expected.size));
        return Done();
    }
    auto const sums = TRY(folder.sum(context, *object));
    if (sums.sha256 != expected.sha256) faults.add(name + " has another SHA-256");
    return Done();
}

Outcome<Done> check_secret(Context const& context, gcp::SecretManager const& secrets,
                           KeptSecret const& kept, TenantKey const& key, Proof& proof) {
    auto const payload = TRY(kept.open(key));
    auto const live = secrets.access_version(context, kept.use.name, kept.use.version);
    if (!live.ok()) {
        auto const code = live.error().code();
        bool const is_gone = code == ErrorCode::NotFound || code == ErrorCode::FailedPrecondition;
        if (!is_gone) return live.error();
        proof.secrets_gone.push_back(kept.use.title());
        return Done();
    }
    if (live->reveal() != payload.reveal()) {
        return Error(ErrorCode::DataLoss,
                     fmt::format("{} is not what the backup holds", kept.use.title()));
    }
    ++proof.secrets;
    return Done();
}

}  // namespace

std::string scratch_database(std::string_view tenant) {
    std::string name(kScratchPrefix);
    for (char const letter : tenant) name += letter == '-' ? '_' : letter;
    if (name.size() <= limits::kDatabaseNameBytes) return name;
    name.resize(limits::kDatabaseNameBytes - kSumDigits - 1);
    return fmt::format("{}_{}", name, sha256_hex(tenant).substr(0, kSumDigits));
}

Outcome<Done> check_sums(Context const& context, Folder const& folder, Manifest const& manifest,
                         Proof& proof) {
    Faults faults;
    TRY(for_each_index(context, manifest.objects.size(),
                       [&](Context const& during, std::size_t index) {
                           auto const& object = manifest.objects[index];
                           return check_entry(during, folder, object.name, object.sums, faults);
                       }));
    proof.objects = manifest.objects.size() + manifest.file_lists.size();
    TRY(for_each_list(
        context, folder, manifest, [&](std::vector<Entry> const& files) -> Outcome<Done> {
            TRY(for_each_index(
                context, files.size(), [&](Context const& during, std::size_t index) {
                    auto const& file = files[index];
                    return check_entry(during, folder, std::string(kFiles) + file.name, file.sums,
                                       faults);
                }));
            proof.objects += files.size();
            proof.files += files.size();
            return Done();
        }));
    proof.bytes = manifest.bytes();
    if (proof.files != manifest.files()) {
        faults.add(fmt::format("{} files are listed and not {}", proof.files, manifest.files()));
    }
    return faults.outcome(folder);
}

Outcome<Done> check_sealed(Context const& context, gcp::Connection const& connection,
                           Folder const& folder, Manifest const& manifest, Proof& proof) {
    gcp::SecretManager const secrets(connection);
    auto const key = TRY(TenantKey::find(context, secrets, manifest.key, manifest.tenant));
    for (auto const& kept : TRY(read_secrets(context, folder))) {
        TRY(check_secret(context, secrets, kept, key, proof));
    }
    for (auto const& object : manifest.objects) {
        if (!is_state(object.name)) continue;
        auto const text = TRY(folder.read(context, object.name, limits::kPartBytes));
        TRY(open_state(object.name, text.value_or(""), key));
        ++proof.states;
    }
    return Done();
}

Outcome<Done> check_dump(Context const& context, gcp::Connection const& connection,
                         Folder const& folder, Manifest const& manifest, Scratch const& scratch,
                         Proof& proof) {
    auto const record = TRY(read_record(context, folder));
    gcp::SqlAdmin const sql(connection);
    DatabasePlace const place{.instance = scratch.instance,
                              .database = scratch_database(manifest.tenant)};
    auto const prove = [&]() -> Outcome<DatabaseCheck> {
        // Drops what a killed process left.
        TRY(make_database_anew(context, sql, place, record));
        TRY(import_dump(context, connection, folder, record, place));
        auto endpoint = scratch.endpoint;
        endpoint.database = place.database;
        return check_database(context, endpoint, record);
    };
    auto proven = prove();
    auto const dropped =
        sql.delete_database(clean_up_context(context), place.instance, place.database);
    if (!proven.ok()) {
        return Error(proven.release_error()).in_context("loading the dump of " + folder.url(""));
    }
    if (!dropped.ok()) {
        return Error(dropped.error()).in_context("dropping the scratch database " + place.database);
    }
    proof.database = proven.release();
    return Done();
}

json::object to_json(DatabaseCheck const& check) {
    return {{"tables", check.tables},
            {"rows", check.rows},
            {"compared_rows", check.compared_rows},
            {"compared_ranges", check.compared_ranges},
            {"changed_meanwhile", check.changed_meanwhile},
            {"changed_tables", json::value_from(check.changed_tables)},
            {"rounded_tables", json::value_from(check.rounded_tables)},
            {"not_in_dump", json::value_from(check.not_in_dump)}};
}

json::object to_json(Proof const& proof) {
    return {{"tenant", proof.tenant},
            {"backup", proof.backup},
            {"objects", proof.objects},
            {"files", proof.files},
            {"bytes", proof.bytes},
            {"terraform_states", proof.states},
            {"secrets", proof.secrets},
            {"secrets_gone", json::value_from(proof.secrets_gone)},
            {"database", to_json(proof.database)},
            {"took_ms", proof.took.count()}};
}

}  // namespace aipress::backup
