// That a backup can be restored: every byte read back, every secret decrypted, the dump loaded.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "backup/database_record.h"
#include "backup/dump.h"
#include "backup/manifest.h"
#include "mysql/endpoint.h"

namespace aipress::backup {

// Where a dump is tried: normally the shard's instance. A database of its own is made there and
// dropped again.
struct Scratch {
    gcp::SqlInstanceName instance = {};
    mysql::Endpoint endpoint = {};  // its database is not looked at
};
// "aipress_scratch_tenant_001"; of a long name a part and its sum.
[[nodiscard]] std::string scratch_database(std::string_view tenant);

struct Proof {
    std::string tenant = {};
    std::string backup = {};
    std::uint64_t objects = 0;  // that were read back, files among them
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
    std::uint64_t states = 0;                    // of Terraform, decrypted
    std::uint64_t secrets = 0;                   // that equal their live versions
    std::vector<std::string> secrets_gone = {};  // decrypted, but their live versions are no more
    DatabaseCheck database = {};
    milliseconds took{0};
};
[[nodiscard]] boost::json::object to_json(Proof const& proof);
[[nodiscard]] boost::json::object to_json(DatabaseCheck const& check);

// All objects and files against their sums. Errors: DataLoss, naming the first limits::kTold that
// differ.
[[nodiscard]] gcp::Outcome<gcp::Done> check_sums(Context const& context, Folder const& folder,
                                                 Manifest const& manifest, Proof& proof);
// All that is encrypted. Errors: DataLoss.
[[nodiscard]] gcp::Outcome<gcp::Done> check_sealed(Context const& context,
                                                   gcp::Connection const& connection,
                                                   Folder const& folder, Manifest const& manifest,
                                                   Proof& proof);
// Errors: DataLoss, naming tables and ranges that differ.
[[nodiscard]] gcp::Outcome<gcp::Done> check_dump(Context const& context,
                                                 gcp::Connection const& connection,
                                                 Folder const& folder, Manifest const& manifest,
                                                 Scratch const& scratch, Proof& proof);

}  // namespace aipress::backup
