#include <fmt/format.h>
#include <mutex>
#include <utility>

#include "gcp/storage.h"
#include "gcp/storage_paths.h"
#include "inventory/drift.h"
#include "inventory/limits.h"
#include "inventory/state_file.h"
#include "inventory/steps.h"
#include "inventory/workers.h"

namespace aipress::inventory {
namespace {

using gcp::Done;
using gcp::Outcome;

constexpr std::string_view kStateSuffix = ".tfstate";

struct StateObject {
    std::string name = {};
    std::uint64_t size = 0;
};

// "tenants/tenant-001/default.tfstate" -> "tenant-001"
std::string folder_of(std::string_view name) {
    auto const slash = name.rfind('/');
    if (slash == name.npos) return "";
    auto const path = name.substr(0, slash);
    return std::string(path.substr(path.rfind('/') + 1));
}

// Into memory only: there are passwords in it.
Outcome<StateFile> read_state(Context const& context, gcp::Connection const& connection,
                              Inventory const& inventory, StateObject const& object) {
    if (object.size > limits::kStateFileBytes) {
        return Error(ErrorCode::ResourceExhausted,
                     fmt::format("it has {} bytes; files of up to {} are read", object.size,
                                 limits::kStateFileBytes));
    }
    auto const answer =
        TRY(connection.send(context, {.api = gcp::kStorageApi,
                                      .path = gcp::object_path(inventory.state_bucket, object.name),
                                      .query = {{"alt", "media"}}}));
    return TRY(parse_state_file(answer.body, inventory.project));
}

}  // namespace

Outcome<Done> read_states(Context const& context, gcp::Connection const& connection,
                          Inventory& inventory) {
    for (auto& tenant : inventory.tenants) tenant.state = StateStatus::None;
    std::vector<StateObject> objects;
    auto const listed =
        gcp::Storage(connection)
            .list_objects(context, {.bucket = inventory.state_bucket},
                          [&](gcp::Object const& object) -> Outcome<Done> {
                              if (object.name.ends_with(kStateSuffix)) {
                                  objects.push_back({.name = object.name, .size = object.size});
                              }
                              return Done();
                          });
    auto const bucket = fmt::format("state files in gs://{}", inventory.state_bucket);
    bool is_complete = listed.ok();
    if (!listed.ok()) {
        for (auto& tenant : inventory.tenants) tenant.state = StateStatus::Unreadable;
        TRY(note_gap(context, inventory, bucket, listed.error()));
    }
    std::mutex mutex;
    TRY(for_each_index(
        context, objects.size(), [&](Context const& during, std::size_t index) -> Outcome<Done> {
            auto const& object = objects[index];
            auto const state = read_state(during, connection, inventory, object);
            std::lock_guard const lock(mutex);
            auto const folder = folder_of(object.name);
            if (state.ok()) {
                add_state(inventory, object.name, folder, *state);
                return Done();
            }
            auto* const tenant = inventory.find_tenant(folder);
            if (tenant == nullptr) {
                is_complete = false;
            } else {
                tenant->state = StateStatus::Unreadable;
                tenant->state_object = object.name;
            }
            return note_gap(during, inventory,
                            fmt::format("gs://{}/{}", inventory.state_bucket, object.name),
                            state.error());
        }));
    if (is_complete) {
        find_undeclared(inventory);
    } else {
        inventory.gaps.push_back(
            {"what Terraform does not know",
             "a state file that could not be read may declare it, so none is told of"});
    }
    return Done();
}

}  // namespace aipress::inventory
