// auto server = must(DatabaseServer::start({}));
#pragma once

#include <stdexcept>
#include <string>

#include "base/result.h"

namespace aipress::testing {

// The value; an error becomes an exception, which GoogleTest reports as the test's failure with
// its text. For set-up, where nothing can go on without the value.
// Result, or what is like it: gcp::Outcome.
template <template <typename> typename Fallible, typename T>
T must(Fallible<T> result) {
    if (!result.ok())
        throw std::runtime_error(std::string(to_string(result.error().code())) + ": " +
                                 result.error().message());
    return result.release();
}

}  // namespace aipress::testing
