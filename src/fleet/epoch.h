// Which shard a tenant's name points to. That is its home, a hint: where it lives is said by the
// directory alone, since at 50 tenants a shard the plain hash overflows almost every second one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace aipress::fleet {

// The formula's number of shards, frozen: a larger fleet begins a new epoch for *new* tenants, and
// nobody moves. (mod-N alone moves 99.9 % when one shard is added to 1,000.)
struct Epoch {
    unsigned number = 1;
    unsigned shards = 0;  // at least 1

    bool operator==(Epoch const&) const = default;
};

// The migration plan's formula: int(hex(sha256(tenant))[:8], 16) % shards + 1. Eight *digits*, so
// 32 bits. REQUIRES: epoch.shards > 0.
[[nodiscard]] unsigned home_number(std::string_view tenant, Epoch const& epoch);
// "aipress-shard-383".
[[nodiscard]] std::string home_shard(std::string_view tenant, Epoch const& epoch);

// Of equally loaded shards a tenant takes the one with the highest random weight (rendezvous):
// the same one whoever asks, another one for the next tenant.
//     weight = finalizer of SplitMix64(name_hash(tenant) ^ name_hash(shard))
// where name_hash is the number that the first 16 hexadecimal digits of SHA-256 write.
[[nodiscard]] std::uint64_t name_hash(std::string_view name);
[[nodiscard]] std::uint64_t rendezvous_weight(std::uint64_t tenant_hash, std::uint64_t shard_hash);

}  // namespace aipress::fleet
