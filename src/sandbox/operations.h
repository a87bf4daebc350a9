// Long-running operations as google.longrunning has them. An operation's effect is in the store
// with it; only its being done is told later, by the clock: so a restart forgets none.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "sandbox/outcome.h"
#include "sandbox/service.h"

namespace aipress::sandbox {

enum class OperationTiming {
    Instant,    // done when first asked for
    Realistic,  // after as long as Google takes
};

// A number that was not given before: 1, 2, … for each `counter`.
[[nodiscard]] Outcome<std::uint64_t> next_number(Transaction& transaction,
                                                 std::string_view counter);

// Thread safe. The clock outlives it.
class Operations {
public:
    Operations(Clock& clock, OperationTiming timing) : clock_(clock), timing_(timing) {}

    // `prefix`: "operations/cp." is continued by a number. Returns what the client is told: the
    // operation's name. `response` has its "@type". Errors: the one that undoes the call, when its
    // operation is to fail on purpose.
    [[nodiscard]] Outcome<boost::json::value> start(Transaction& transaction, Call const& call,
                                                    std::string_view prefix,
                                                    boost::json::object metadata,
                                                    boost::json::object response,
                                                    milliseconds takes) const;
    // The same for one that will have failed; what it has done is in the store nevertheless.
    [[nodiscard]] Outcome<boost::json::value> start_failing(
        Transaction& transaction, Call const& call, std::string_view prefix,
        boost::json::object metadata, ApiError const& error, milliseconds takes) const;
    // Errors: NotFound.
    [[nodiscard]] Outcome<boost::json::value> get(Transaction& transaction,
                                                  std::string const& name) const;
    // When one that begins now and takes so long will be done.
    [[nodiscard]] WallTime done_at(milliseconds takes) const {
        return clock_.wall_now() + (timing_ == OperationTiming::Instant ? milliseconds(0) : takes);
    }
    // Those whose name begins with the prefix, as get() shows them; `next` as in Page.
    struct List {
        boost::json::array operations = {};
        std::string next = {};
    };
    [[nodiscard]] Outcome<List> list(Transaction& transaction, std::string const& prefix,
                                     std::string const& start, std::size_t most) const;
    // Its effect stays. Errors: NotFound.
    [[nodiscard]] static Outcome<Done> remove(Transaction& transaction, std::string const& name);

private:
    [[nodiscard]] Outcome<boost::json::value> store(Transaction& transaction,
                                                    std::string_view prefix,
                                                    boost::json::object operation,
                                                    WallTime done) const;
    [[nodiscard]] boost::json::value view(Document& document) const;

    Clock& clock_;
    OperationTiming const timing_;
};

// A resource as an operation's response holds it; `type`: "google.api.Thing".
[[nodiscard]] boost::json::object with_type(boost::json::value resource, std::string_view type);

// A change of Resource Manager; `metadata`: "v3.CreateFolderMetadata".
[[nodiscard]] Outcome<Reply> start_change(Operations const& operations, Transaction& transaction,
                                          Call const& call, std::string_view metadata,
                                          boost::json::object response, milliseconds takes);
// The same for one that will have failed.
[[nodiscard]] Outcome<Reply> start_failing_change(Operations const& operations,
                                                  Transaction& transaction, Call const& call,
                                                  std::string_view metadata, ApiError const& error,
                                                  milliseconds takes);

}  // namespace aipress::sandbox
