// Cloud Storage's XML API, as far as its clients use it: reads, lists, simple and resumable uploads
// and deletions of objects, with credentials, by signed URLs, or by everyone where IAM or an ACL
// lets them. https://cloud.google.com/storage/docs/xml-api/overview
#pragma once

#include <optional>

#include "sandbox/answered.h"
#include "sandbox/credentials.h"
#include "sandbox/faults.h"
#include "sandbox/service.h"
#include "sandbox/storage/object_changes.h"
#include "sandbox/storage/object_reads.h"
#include "sandbox/storage/resumable.h"
#include "sandbox/storage/xml_target.h"

namespace aipress::sandbox {

// Thread safe. All that is passed outlives it.
class XmlApi {
public:
    struct Parts {
        Store& store;
        Blobs const& blobs;
        ObjectChanges& changes;
        ResumableUploads& uploads;
        Credentials& credentials;
        Clock& clock;
        Catalogue const& catalogue;
        Faults& faults;
        Admission admission;
    };
    explicit XmlApi(Parts parts) : parts_(std::move(parts)), reads_(parts_.store, parts_.blobs) {}

    // nullopt: the request is not for this API. `is_method`: whether a JSON API has its path.
    [[nodiscard]] std::optional<Answered> answer(http::Request const& request,
                                                 http::BodyReader& body, bool is_method);

private:
    struct Asked;  // a request, what it names, and who asks
    Outcome<http::Response> serve(Asked& asked);
    Outcome<http::Response> serve_object(Asked& asked);
    // `name`: the method's for the journal. `like`: the JSON API's method that does the same, as
    // which it meets faults and is charged.
    Outcome<Done> admit(Asked& asked, std::string_view name, std::string_view like);
    Outcome<http::Response> get(Asked const& asked);
    Outcome<http::Response> put(Asked const& asked);
    Outcome<http::Response> remove(Asked const& asked);
    Outcome<http::Response> begin_upload(Asked const& asked);
    Outcome<http::Response> go_on(Asked const& asked, std::string const& upload);
    Outcome<http::Response> list(Asked const& asked);

    static Outcome<Done> check_characters(Asked const& asked);
    Outcome<Document> bucket_of(Asked const& asked) const;
    // Errors: AccessDenied when nobody in particular asks for what not everyone may do.
    Outcome<Done> check_access(Asked const& asked, std::string_view permission) const;
    Outcome<bool> is_public(Asked const& asked, StoredObject const* object,
                            std::string_view permission) const;

    Parts const parts_;
    ObjectReads const reads_;
};

}  // namespace aipress::sandbox
