#include "sandbox/quota_consumer.h"

#include "sandbox/projects.h"
#include "sandbox/storage/resources.h"

namespace aipress::sandbox {
namespace {

std::string named_project(Call const& call) {
    if (auto const given = call.request.headers.find("X-Goog-User-Project")) {
        return std::string(*given);
    }
    for (auto const* const parameter : {"userProject", "$userProject", "project"}) {
        if (auto project = call.query(parameter); !project.empty()) return project;
    }
    auto const reference = project_reference_of(call);
    return reference == "-" || reference == "_" ? "" : std::string(reference);
}

}  // namespace

Outcome<QuotaConsumer> quota_consumer_of(Transaction& transaction, Call const& call) {
    QuotaConsumer consumer{.project_number = {}, .principal = call.principal};
    auto const named = named_project(call);
    if (!named.empty()) {
        auto project = find_project(transaction, named);
        if (project.ok()) {
            consumer.project_number = project.release().number;
            return consumer;
        }
    }
    // One that is not there is the handler's to refuse.
    if (auto const bucket = call.path.find("bucket"); bucket != call.path.end()) {
        if (auto const found = TRY(transaction.get(kBuckets, bucket->second))) {
            consumer.project_number = text_field(found->body.as_object(), "projectNumber");
            return consumer;
        }
    }
    consumer.project_number = TRY(find_project(transaction, kFirstProject)).number;
    return consumer;
}

}  // namespace aipress::sandbox
