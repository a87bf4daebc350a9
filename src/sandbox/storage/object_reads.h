// Objects as they are read: by name or generation, under conditions, with their bytes.
#pragma once

#include <string>
#include <utility>

#include "sandbox/storage/resources.h"

namespace aipress::sandbox {

// Thread safe. All that is passed outlives it.
class ObjectReads {
public:
    ObjectReads(Store const& store, Blobs const& blobs) : store_(store), blobs_(blobs) {}

    // The object that is named, and meets the conditions. Errors: NotFound for it or its bucket;
    // those of the conditions.
    [[nodiscard]] Outcome<StoredObject> find(std::string const& bucket, std::string const& name,
                                             std::string const& generation,
                                             Preconditions const& conditions,
                                             std::string_view verb) const;
    // The same, with the bytes. (They are gone when an overwrite has come between: then it is the
    // newer one that is meant.)
    [[nodiscard]] Outcome<std::pair<StoredObject, FileDescriptor>> open(
        std::string const& bucket, std::string const& name, std::string const& generation,
        Preconditions const& conditions, std::string_view verb) const;

private:
    Store const& store_;
    Blobs const& blobs_;
};

}  // namespace aipress::sandbox
