// An object's checksums. MD5 takes longer than anything else that is done with the bytes, and
// cannot be cut into parts: of a large object it is taken on a thread of its own, beside the
// network and the disk.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "http/checksums.h"

namespace aipress::sandbox {

// Not thread safe.
class ObjectSums {
public:
    ObjectSums();
    ObjectSums(ObjectSums&&) noexcept;
    ObjectSums& operator=(ObjectSums&&) noexcept;
    ~ObjectSums();

    // Takes a copy when they are many. Waits while the thread is far behind.
    void add(std::string_view bytes);
    // Of all that was added; nothing is added afterwards.
    [[nodiscard]] http::Checksums take();

private:
    class Line;
    http::Checksums sums_;
    std::size_t added_ = 0;
    std::unique_ptr<Line> line_;  // of a large object; it has sums_ until take()
};

}  // namespace aipress::sandbox
