// Putting an object in place and taking it away: generations, versioning, retention. Everything
// that writes objects goes through here.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "sandbox/storage/resources.h"

namespace aipress::sandbox {

// Thread safe. All that is passed outlives it.
class ObjectChanges {
public:
    ObjectChanges(Store& store, Blobs const& blobs, Clock& clock)
        : store_(store), blobs_(blobs), clock_(clock) {}

    struct NewObject {
        std::string bucket;
        std::string name;
        boost::json::object fields = {};  // what the client says of it
        Blob blob;
        std::uint64_t components = 0;  // of a composed one
    };
    // In place of the live one, if the conditions hold. The blob is the object's afterwards, and
    // gone when this fails. Errors: NotFound for the bucket, 412, 403 for retention,
    // InvalidArgument for the name or a checksum that is not the bytes'. `also` is done in the same
    // transaction, with the resource as it is stored.
    using Also = std::function<Outcome<Done>(Transaction&, boost::json::object const&)>;
    [[nodiscard]] Outcome<boost::json::object> put(NewObject const& object,
                                                   Preconditions const& conditions,
                                                   Also const& also = {});
    // The live one (kept as a version where versioning is on), or exactly that generation. Errors:
    // as above.
    [[nodiscard]] Outcome<Done> remove(std::string const& bucket, std::string const& name,
                                       std::string const& generation,
                                       Preconditions const& conditions);
    // Its metadata. `change` gets the resource's members.
    [[nodiscard]] Outcome<boost::json::object> change(
        std::string const& bucket, std::string const& name, std::string const& generation,
        Preconditions const& conditions, std::string_view verb,
        std::function<Outcome<Done>(boost::json::object&)> const& change);

private:
    // What was live makes room. Blobs that nobody holds any more are added to `freed`.
    Outcome<Done> retire(Transaction& transaction, Document const& bucket, StoredObject& object,
                         std::vector<std::string>& freed);
    std::uint64_t next_generation();
    void free(std::vector<std::string> const& blobs) const;

    Store& store_;
    Blobs const& blobs_;
    Clock& clock_;
    std::uint64_t last_generation_ = 0;  // used in write transactions only, which run one by one
};

// What put() checks before it looks at anything else. Errors: InvalidArgument.
[[nodiscard]] Outcome<Done> check_new_object(std::string const& name,
                                             boost::json::object const& fields);

// The members that a client may set.
void copy_writable(boost::json::object const& from, boost::json::object& to);
[[nodiscard]] bool is_writable(std::string_view field);

}  // namespace aipress::sandbox
