// From a request to its method's handler and back: what all APIs have in common.
//
//     path -> method -> who asks -> body (gzip, JSON, shape) -> may they -> handler -> `fields`,
//     gzip -> journal
//
// and what goes wrong on purpose: see faults.h.
#pragma once

#include <functional>

#include "base/clock.h"
#include "sandbox/answered.h"
#include "sandbox/credentials.h"
#include "sandbox/faults.h"
#include "sandbox/request_journal.h"
#include "sandbox/service.h"

namespace aipress::sandbox {

// Thread safe. All that it is given outlives it.
class Frontend {
public:
    // Answers what is for an API that the catalogue does not have; nullopt: it is not. `is_method`:
    // whether the catalogue has a method there.
    using OtherApi = std::function<std::optional<Answered>(http::Request const&, http::BodyReader&,
                                                           bool is_method)>;

    Frontend(Clock& clock, Catalogue const& catalogue, Methods const& methods,
             Credentials& credentials, RequestJournal& journal, Store& store, Faults& faults,
             Admission admission, OtherApi other_api)
        : clock_(clock),
          catalogue_(catalogue),
          methods_(methods),
          credentials_(credentials),
          journal_(journal),
          store_(store),
          faults_(faults),
          admission_(std::move(admission)),
          other_api_(std::move(other_api)) {}

    [[nodiscard]] http::Response handle(http::Request const& request, http::BodyReader& body);

private:
    struct Asked;  // what is known of a request, for its journal entry
    http::Response answer(http::Request const& request, http::BodyReader& body, Asked& asked);
    Outcome<http::Response> serve(http::Request const& request, http::BodyReader& body,
                                  MatchedMethod const& matched, Asked& asked);
    Outcome<Reply> run(Call& call, MethodHandler const& handler, FaultRule const* met,
                       Asked& asked);

    Clock& clock_;
    Catalogue const& catalogue_;
    Methods const& methods_;
    Credentials& credentials_;
    RequestJournal& journal_;
    Store& store_;
    Faults& faults_;
    Admission const admission_;
    OtherApi const other_api_;
};

}  // namespace aipress::sandbox
