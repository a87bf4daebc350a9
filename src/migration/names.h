// What a migration makes is named after its tenant, so that whoever comes upon it knows whose it
// is, and a second try finds what the first one left.
#pragma once

#include <string>
#include <string_view>

#include "fleet/home.h"
#include "fleet/shard.h"

namespace aipress::migration {

// The home that a shard has for a tenant.
[[nodiscard]] fleet::Home home_in(fleet::Shard const& shard, std::string const& tenant);

struct Names {
    std::string mover_user = {};       // on both servers, while the migration lasts
    std::string mover_secret = {};     // its password, in the shard's project
    std::string old_side_secret = {};  // the new database's password, in the old project
};
// `id`: the migration's.
[[nodiscard]] Names names_of(fleet::Relocation const& relocation, std::string_view id);

// What is the migration's own is labelled so, and nothing else is ever adopted or deleted.
inline constexpr std::string_view kTenantLabel = "aipress-tenant";

// 32 letters and digits from the system's random numbers.
[[nodiscard]] std::string random_password();

}  // namespace aipress::migration
