#include "backup/backups.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include "backup/configuration.h"
#include "backup/files.h"
#include "backup/limits.h"
#include "backup/site_secrets.h"
#include "backup/terraform_states.h"
#include "gcp/fields.h"
#include "gcp/limits.h"
#include "gcp/storage_paths.h"

namespace aipress::backup {
namespace {

namespace json = boost::json;
using gcp::Outcome;

constexpr std::string_view kManifest = "manifest.json";
constexpr std::string_view kConfiguration = "configuration.json";
constexpr std::string_view kJson = "application/json";
constexpr std::size_t kIdBytes = 100;

Result<void> check_name(std::string_view what, std::string_view name) {
    constexpr std::string_view kLetters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    bool const is_good = !name.empty() && name.size() <= kIdBytes && name != "." && name != ".." &&
                         name.find_first_not_of(kLetters) == name.npos;
    if (is_good) return {};
    return Error(ErrorCode::InvalidArgument,
                 fmt::format("'{}' is no {}: letters, digits, '-', '_' and '.', {} at most", name,
                             what, kIdBytes));
}

std::string wall_text(WallTime time) {
    return fmt::format(
        "{:%Y-%m-%dT%H:%M:%S}Z",
        fmt::gmtime(std::chrono::system_clock::to_time_t(
            std::chrono::time_point_cast<std::chrono::system_clock::duration>(time))));
}

// The folders below TENANT/. The list of a bucket gives them as text.
Outcome<std::vector<std::string>> list_folders(Context const& context,
                                               gcp::Connection const& connection,
                                               std::string const& bucket,
                                               std::string const& prefix) {
    std::vector<std::string> folders;
    std::string token;
    for (std::size_t page = 0; page < gcp::limits::kPagesMost; ++page) {
        gcp::Call call{.api = gcp::kStorageApi,
                       .path = gcp::bucket_path(bucket) + "/o",
                       .query = {{"prefix", prefix}, {"delimiter", "/"}}};
        if (!token.empty()) call.query.emplace_back("pageToken", token);
        auto const answer = TRY(connection.call(context, call));
        for (auto const& folder : gcp::array_of(answer, "prefixes")) {
            if (!folder.is_string()) continue;
            std::string name(folder.get_string());
            if (name.size() <= prefix.size() + 1) continue;
            folders.push_back(name.substr(prefix.size(), name.size() - prefix.size() - 1));
        }
        token = gcp::text_of(answer, "nextPageToken");
        if (token.empty()) return folders;
    }
    return Error(ErrorCode::Internal, fmt::format("the list of gs://{} does not end", bucket));
}

Outcome<Entry> sum_object(Context const& context, Folder const& folder, std::string name) {
    auto const object = TRY(folder.find(context, name));
    if (!object) {
        return Error(ErrorCode::Aborted,
                     fmt::format("{} was deleted while the backup was taken", folder.url(name)));
    }
    Entry entry{.name = std::move(name)};
    entry.sums = TRY(folder.sum(context, *object));
    entry.generation = object->generation;
    return entry;
}

}  // namespace

Outcome<Folder> Backups::folder(std::string const& tenant, std::string const& id) const {
    TRY(check_name("tenant's name", tenant));
    TRY(check_name("id of a backup", id));
    return Folder(connection_, vault_.bucket, fmt::format("{}/{}/", tenant, id));
}

// All but the manifest itself. The database comes first: a file that its rows name is then in the
// copy of the files, which comes later.
Outcome<Manifest> Backups::write_parts(Context const& context, Site const& site,
                                       Folder const& folder, Progress const& progress) const {
    gcp::SecretManager const secrets(connection_);
    gcp::Storage const storage(connection_);
    auto const key = TRY(TenantKey::ensure(context, secrets, vault_.key_project, site.tenant));
    Manifest manifest{.tenant = site.tenant,
                      .taken_at = wall_text(context.clock().wall_now()),
                      .host = site.host,
                      .home = site.home,
                      .key = key.name()};
    std::vector<std::string> names{std::string(kDump), std::string(kRecord),
                                   std::string(kConfiguration), std::string(kSecrets)};
    progress("exporting the database");
    TRY(export_database(context, connection_, site, folder));
    progress("reading configuration and secrets");
    auto const configuration = TRY(read_configuration(context, connection_, site));
    TRY(folder.put(context, kConfiguration, std::string(kJson), json::serialize(configuration)));
    auto const* const service = gcp::object_of(configuration, "service");
    auto const uses = secrets_of(service == nullptr ? json::object() : *service, site.home);
    auto const kept = TRY(keep_secrets(context, secrets, uses, key));
    TRY(folder.put(context, kSecrets, std::string(kJson), write_secrets(kept)));
    if (!vault_.state_bucket.empty()) {
        progress("reading Terraform's state");
        auto const states = TRY(find_states(context, connection_, vault_.state_bucket, site));
        for (auto& name : TRY(keep_states(context, connection_, states, folder, key))) {
            names.push_back(std::move(name));
        }
    }
    progress("copying files");
    TRY(copy_files(context, storage, {.bucket = site.home.bucket, .prefix = site.home.prefix},
                   {.bucket = folder.bucket(), .prefix = folder.full_name(kFiles)}));
    progress("summing up");
    manifest.file_lists = TRY(list_files(context, storage, folder));
    for (auto& name : names) {
        manifest.objects.push_back(TRY(sum_object(context, folder, std::move(name))));
    }
    return manifest;
}

Outcome<Manifest> Backups::take(Context const& context, Site const& site, std::string const& id,
                                Progress const& progress) const {
    auto const place = TRY(folder(site.tenant, id));
    TRY(ensure_bucket(
        context, gcp::Storage(connection_),
        {.project = vault_.project, .name = vault_.bucket, .location = vault_.location}));
    auto known = read_manifest(context, site.tenant, id);
    if (known.ok() || known.error().code() != ErrorCode::NotFound) return known;
    auto manifest = TRY(write_parts(context, site, place, progress));
    manifest.backup = id;
    TRY(place.put(context, kManifest, std::string(kJson), write_manifest(manifest)));
    return manifest;
}

Outcome<Manifest> Backups::read_manifest(Context const& context, std::string const& tenant,
                                         std::string const& id) const {
    auto const place = TRY(folder(tenant, id));
    auto const text = TRY(place.read(context, kManifest, limits::kManifestBytes));
    if (!text) {
        return Error(ErrorCode::NotFound,
                     fmt::format("{} is missing: there is no such backup, or it was not finished; "
                                 "taking it again under this id carries on with it",
                                 place.url(kManifest)));
    }
    auto manifest = parse_manifest(*text);
    if (!manifest.ok()) return manifest.release_error().in_context(place.url(kManifest));
    if (manifest.value().tenant != tenant || manifest.value().backup != id) {
        return Error(ErrorCode::DataLoss,
                     fmt::format("{} is of backup {} of {}", place.url(kManifest),
                                 manifest.value().backup, manifest.value().tenant));
    }
    return manifest.release();
}

Outcome<Proof> Backups::verify(Context const& context, std::string const& tenant,
                               std::string const& id, Scratch const& scratch,
                               Progress const& progress) const {
    auto const began = context.clock().now();
    auto const place = TRY(folder(tenant, id));
    auto const manifest = TRY(read_manifest(context, tenant, id));
    Proof proof{.tenant = tenant, .backup = id};
    progress("reading every object back");
    TRY(check_sums(context, place, manifest, proof));
    progress("decrypting secrets");
    TRY(check_sealed(context, connection_, place, manifest, proof));
    progress("loading the dump into a scratch database");
    TRY(check_dump(context, connection_, place, manifest, scratch, proof));
    proof.took = elapsed_ms(began, context.clock().now());
    return proof;
}

Outcome<std::vector<Listed>> Backups::list(Context const& context,
                                           std::string const& tenant) const {
    TRY(check_name("tenant's name", tenant));
    std::vector<Listed> all;
    for (auto const& id : TRY(list_folders(context, connection_, vault_.bucket, tenant + "/"))) {
        Listed listed{.backup = id};
        auto const manifest = read_manifest(context, tenant, id);
        if (manifest.ok()) {
            listed.taken_at = manifest->taken_at;
            listed.files = manifest->files();
            listed.bytes = manifest->bytes();
        } else {
            auto const code = manifest.error().code();
            bool const is_its_own = code == ErrorCode::NotFound || code == ErrorCode::DataLoss ||
                                    code == ErrorCode::Unimplemented ||
                                    code == ErrorCode::InvalidArgument;
            if (!is_its_own) return manifest.error();
            listed.fault = manifest.error().message();
        }
        all.push_back(std::move(listed));
    }
    return all;
}

json::object to_json(Listed const& listed) {
    json::object made{{"backup", listed.backup}, {"is_whole", listed.fault.empty()}};
    if (!listed.fault.empty()) {
        made["fault"] = listed.fault;
        return made;
    }
    made["taken_at"] = listed.taken_at;
    made["files"] = listed.files;
    made["bytes"] = listed.bytes;
    return made;
}

// The manifest holds no secrets.
json::object to_json(Manifest const& manifest) {
    return json::parse(write_manifest(manifest)).as_object();
}

}  // namespace aipress::backup
