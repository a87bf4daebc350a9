#include <boost/json/array.hpp>
#include <fmt/format.h>
#include <mutex>
#include <optional>

#include "gcp/fields.h"
#include "gcp/storage.h"
#include "gcp/storage_paths.h"
#include "inventory/limits.h"
#include "inventory/steps.h"
#include "inventory/workers.h"

namespace aipress::inventory {
namespace {

using gcp::Done;
using gcp::Outcome;

constexpr std::string_view kSitesFolder = "sites/";
constexpr std::string_view kWooCommerceFolder = "woocommerce_uploads/";

struct Look {
    bool has_sites_folder = false;
    bool has_woocommerce_folder = false;
    bool is_counted = false;
    bool is_at_least = false;
    std::uint64_t objects = 0;
    std::uint64_t bytes = 0;
};

Outcome<bool> has_folder(Context const& context, gcp::Connection const& connection,
                         std::string const& bucket, std::string_view folder) {
    auto const page = TRY(connection.call(
        context, {.api = gcp::kStorageApi,
                  .path = gcp::bucket_path(bucket) + "/o",
                  .query = {{"prefix", std::string(folder)}, {"maxResults", "1"}}}));
    return !gcp::array_of(page, "items").empty();
}

Outcome<Done> count(Context const& context, gcp::Connection const& connection,
                    std::string const& bucket, Look& look) {
    // Counting ends with an error of its own, which is none.
    auto const outcome = gcp::Storage(connection)
                             .list_objects(context, {.bucket = bucket},
                                           [&](gcp::Object const& object) -> Outcome<Done> {
                                               if (look.objects == limits::kListedObjects) {
                                                   look.is_at_least = true;
                                                   return Error(ErrorCode::OutOfRange, "enough");
                                               }
                                               ++look.objects;
                                               look.bytes += object.size;
                                               return Done();
                                           });
    if (!outcome.ok() && !look.is_at_least) return outcome.error();
    look.is_counted = true;
    return Done();
}

Outcome<Look> look_into(Context const& context, gcp::Connection const& connection,
                        std::string const& bucket, bool is_measured) {
    Look look;
    look.has_sites_folder = TRY(has_folder(context, connection, bucket, kSitesFolder));
    look.has_woocommerce_folder = TRY(has_folder(context, connection, bucket, kWooCommerceFolder));
    if (!is_measured) TRY(count(context, connection, bucket, look));
    return look;
}

void merge(Answer& answer, bool found) {
    if (found) {
        answer = Answer::Yes;
    } else if (answer == Answer::Unknown) {
        answer = Answer::No;
    }
}

void add(Tenant& tenant, Look const& look) {
    merge(tenant.uploads.has_sites_folder, look.has_sites_folder);
    merge(tenant.uploads.has_woocommerce_folder, look.has_woocommerce_folder);
    if (!look.is_counted) return;
    constexpr std::string_view kSource = "counted";
    tenant.media_bytes = {
        .value = tenant.media_bytes.value.value_or(0) + static_cast<double>(look.bytes),
        .source = kSource};
    tenant.media_objects = {
        .value = tenant.media_objects.value.value_or(0) + static_cast<double>(look.objects),
        .source = kSource};
    tenant.is_at_least = tenant.is_at_least || look.is_at_least;
}

}  // namespace

Outcome<Done> look_into_buckets(Context const& context, gcp::Connection const& connection,
                                Inventory& inventory) {
    std::mutex mutex;  // of the gaps; a tenant is one thread's at a time
    return for_each_index(
        context, inventory.tenants.size(),
        [&](Context const& during, std::size_t index) -> Outcome<Done> {
            auto& tenant = inventory.tenants[index];
            bool const is_measured = tenant.media_bytes.value.has_value();
            for (auto const& held : tenant.holds) {
                auto const& resource = inventory.resources.at(held.resource);
                if (resource.kind != Kind::Bucket) continue;
                auto const look = look_into(during, connection, resource.key, is_measured);
                if (look.ok()) {
                    add(tenant, *look);
                    continue;
                }
                std::lock_guard const lock(mutex);
                TRY(note_gap(during, inventory, fmt::format("objects in gs://{}", resource.key),
                             look.error()));
            }
            return Done();
        });
}

}  // namespace aipress::inventory
