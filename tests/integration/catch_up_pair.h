// Two servers with the same database `wp`, and catch-up from one to the other: no copy, no fence.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/probe.h"
#include "mover/catch_up.h"
#include "testing/database_server.h"
#include "testing/temporary_directory.h"

namespace aipress::mover {

// The probe outlives the pair.
class CatchUpPair {
public:
    // `statements` make the tables and their first rows, on both sides.
    CatchUpPair(Context const& context, std::vector<std::string> const& statements, Probe& probe);

    [[nodiscard]] testing::DatabaseServer& source() { return source_; }
    [[nodiscard]] testing::DatabaseServer& target() { return target_; }
    [[nodiscard]] CatchUp& catch_up() { return *catch_up_; }

private:
    testing::DatabaseServer source_;
    testing::DatabaseServer target_;
    testing::TemporaryDirectory folder_;
    Layouts layouts_;
    std::unique_ptr<CatchUp> catch_up_;
};

}  // namespace aipress::mover
