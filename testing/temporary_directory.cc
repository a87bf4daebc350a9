#include "testing/temporary_directory.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace aipress::testing {

namespace fs = std::filesystem;

Result<TemporaryDirectory> TemporaryDirectory::make(fs::path const& parent) {
    fs::path const below = parent.empty() ? fs::temp_directory_path() : parent;
    std::string pattern = (below / "aipress-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr)
        return Error(ErrorCode::Unavailable, pattern + ": " + std::strerror(errno));
    return TemporaryDirectory(fs::path(pattern));
}

TemporaryDirectory::TemporaryDirectory(TemporaryDirectory&& other) noexcept {
    path_.swap(other.path_);
}

TemporaryDirectory& TemporaryDirectory::operator=(TemporaryDirectory&& other) noexcept {
    path_.swap(other.path_);
    return *this;
}

TemporaryDirectory::~TemporaryDirectory() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
}

}  // namespace aipress::testing
