#include "migration/names.h"

#include <fmt/format.h>
#include <random>

namespace aipress::migration {
namespace {

constexpr std::size_t kPasswordLength = 32;

// The random part of "20261130-163000-1f2e3d4c".
std::string_view tail_of(std::string_view id) {
    return id.substr(id.rfind('-') + 1);
}

}  // namespace

fleet::Home home_in(fleet::Shard const& shard, std::string const& tenant) {
    return {.project = shard.project,
            .region = shard.region,
            .service = tenant,
            .service_account = fmt::format("{}@{}.iam.gserviceaccount.com", tenant, shard.project),
            .instance = shard.instance(),
            .database = tenant,
            .user = tenant,
            .password_secret = tenant + "-db-password",
            .bucket = shard.bucket(),
            .prefix = fleet::Shard::prefix(tenant)};
}

Names names_of(fleet::Relocation const& relocation, std::string_view id) {
    return {.mover_user = fmt::format("mover-{}", tail_of(id)),
            .mover_secret = relocation.tenant + "-mover-password",
            .old_side_secret = relocation.tenant + "-shard-db-password"};
}

std::string random_password() {
    static constexpr std::string_view kLetters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    std::random_device random;
    std::uniform_int_distribution<std::size_t> any(0, kLetters.size() - 1);
    std::string password;
    for (std::size_t i = 0; i < kPasswordLength; ++i) password += kLetters[any(random)];
    return password;
}

}  // namespace aipress::migration
