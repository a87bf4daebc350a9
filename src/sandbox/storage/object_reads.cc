#include "sandbox/storage/object_reads.h"

#include "sandbox/limits.h"

namespace aipress::sandbox {

Outcome<StoredObject> ObjectReads::find(std::string const& bucket, std::string const& name,
                                        std::string const& generation,
                                        Preconditions const& conditions,
                                        std::string_view verb) const {
    return read<StoredObject>(store_, [&](Transaction& transaction) -> Outcome<StoredObject> {
        TRY(find_bucket(transaction, bucket));
        auto object = TRY(find_object(transaction, bucket, name, generation));
        if (!object) return no_such_object(bucket, name);
        TRY(conditions.check(object, verb));
        return std::move(*object);
    });
}

Outcome<std::pair<StoredObject, FileDescriptor>> ObjectReads::open(std::string const& bucket,
                                                                   std::string const& name,
                                                                   std::string const& generation,
                                                                   Preconditions const& conditions,
                                                                   std::string_view verb) const {
    for (unsigned i = 0; i < limits::kOverwrittenMost; ++i) {
        auto object = TRY(find(bucket, name, generation, conditions, verb));
        auto bytes = blobs_.read(object.blob().id);
        if (bytes.ok()) return std::pair(std::move(object), bytes.release());
        if (bytes.error().code() != ErrorCode::NotFound) return bytes.error();
    }
    return Error(ErrorCode::Unavailable, "the object is overwritten all the time: try again");
}

}  // namespace aipress::sandbox
