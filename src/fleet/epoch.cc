#include "fleet/epoch.h"

#include <charconv>

#include "base/assert.h"
#include "base/sha256.h"
#include "fleet/shard.h"

namespace aipress::fleet {
namespace {

template <typename Number>
Number first_digits(std::string_view name, std::size_t count) {
    auto const digits = sha256_hex(name);
    Number number = 0;
    std::from_chars(digits.data(), digits.data() + count, number, 16);
    return number;
}

}  // namespace

unsigned home_number(std::string_view tenant, Epoch const& epoch) {
    ASSERT(epoch.shards > 0);
    return first_digits<std::uint32_t>(tenant, 8) % epoch.shards + 1;
}

std::string home_shard(std::string_view tenant, Epoch const& epoch) {
    return shard_name(home_number(tenant, epoch));
}

std::uint64_t name_hash(std::string_view name) {
    return first_digits<std::uint64_t>(name, 16);
}

std::uint64_t rendezvous_weight(std::uint64_t tenant_hash, std::uint64_t shard_hash) {
    auto mixed = tenant_hash ^ shard_hash;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
    return mixed ^ mixed >> 31;
}

}  // namespace aipress::fleet
