// A tenant's uploads: the files that WordPress makes of each picture, as the bucket has them and as
// the database describes them.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "poc/picture.h"
#include "poc/tenant.h"

namespace aipress::poc {

// One file of a picture.
struct UploadFile {
    std::string size = {};  // "thumbnail", "medium", …; empty: the original
    std::string name =
        {};  // of the object, below wp-content/uploads: "2024/03/bread-1-150x150.jpg"
    unsigned width = 0;
    unsigned height = 0;
};

// One picture: an attachment of the site, and its files.
struct Upload {
    std::uint64_t id = 0;  // the attachment's post
    std::uint64_t seed = 0;
    std::string title = {};
    std::string date = {};  // "2024-03-05 10:00:00"
    PictureFormat format = PictureFormat::Jpeg;
    std::vector<UploadFile> files = {};  // the original first

    [[nodiscard]] UploadFile const& original() const { return files.front(); }
    // The one of that size, else the original.
    [[nodiscard]] UploadFile const& file(std::string_view size) const;
};

[[nodiscard]] std::vector<Upload> plan_uploads(Tenant const& tenant);
[[nodiscard]] std::string bytes_of(Upload const& upload, UploadFile const& file);

// wp_postmeta's _wp_attachment_metadata, before serialize().
[[nodiscard]] boost::json::object attachment_metadata(Upload const& upload);

}  // namespace aipress::poc
