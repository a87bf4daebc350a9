// Empty databases of the metadata store's engines, as many as a test wants: for what has to hold on
// every one of them.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "sql/database.h"

namespace aipress::testing {

// Not thread safe.
class SqlEngine {
public:
    // Starts what the engine needs: a server, Google's emulator. Errors: NotFound when that is not
    // installed (say so and skip).
    [[nodiscard]] static Result<std::unique_ptr<SqlEngine>> start(sql::Engine engine);
    // The same one for the whole process, nullptr where it cannot be had; `why` says why.
    [[nodiscard]] static SqlEngine* shared(sql::Engine engine, std::string& why);
    virtual ~SqlEngine() = default;

    // The URL of an empty database that was not there before.
    [[nodiscard]] virtual Result<std::string> make_database() = 0;
    // What it is opened with, besides the URL. The engine outlives it.
    [[nodiscard]] virtual sql::DatabaseOptions options() const { return {}; }
};

}  // namespace aipress::testing
