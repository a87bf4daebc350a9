// Services and revisions as Cloud Run v2 shows them.
#pragma once

#include <boost/json/object.hpp>

#include "sandbox/run/conditions.h"
#include "sandbox/run/resources.h"

namespace aipress::sandbox::run {

[[nodiscard]] boost::json::object service_view(Document const& document, ServiceName const& name,
                                               Moment const& moment);
// `revision`: the last part of its name. `service`: the body of the service it belongs to.
[[nodiscard]] boost::json::object revision_view(Document const& document, ServiceName const& name,
                                                boost::json::object const& service,
                                                Moment const& moment);

[[nodiscard]] std::string etag_text(std::uint64_t version);

}  // namespace aipress::sandbox::run
