// Services, revisions, configurations and routes as Cloud Run v1 shows them, and a v1 service as a
// wish in v2's words.
#pragma once

#include <boost/json/object.hpp>

#include "sandbox/run/conditions.h"
#include "sandbox/run/resources.h"

namespace aipress::sandbox::run {

[[nodiscard]] boost::json::object wish_of_knative(boost::json::object const& service);

enum class KnativeKind { Service, Configuration, Route };
[[nodiscard]] boost::json::object knative_view(KnativeKind kind, Document const& document,
                                               ServiceName const& name, Moment const& moment);
[[nodiscard]] boost::json::object knative_revision_view(Document const& document,
                                                        ServiceName const& name,
                                                        Document const& service,
                                                        Moment const& moment);

}  // namespace aipress::sandbox::run
