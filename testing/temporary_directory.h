// A folder of its own below the temporary folder, removed with everything in it at the end.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace aipress::testing {

// Not thread safe.
class TemporaryDirectory {
public:
    // Below `parent`; empty: the temporary folder (TMPDIR).
    [[nodiscard]] static Result<TemporaryDirectory> make(std::filesystem::path const& parent = {});
    TemporaryDirectory(TemporaryDirectory&& other) noexcept;
    TemporaryDirectory& operator=(TemporaryDirectory&& other) noexcept;
    ~TemporaryDirectory();

    [[nodiscard]] std::filesystem::path const& path() const { return path_; }
    [[nodiscard]] std::filesystem::path operator/(std::string_view name) const {
        return path_ / name;
    }

private:
    explicit TemporaryDirectory(std::filesystem::path path) : path_(std::move(path)) {}
    std::filesystem::path path_;
};

}  // namespace aipress::testing
