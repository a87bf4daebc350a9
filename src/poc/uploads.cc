#include "poc/uploads.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <random>

namespace aipress::poc {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kFirstAttachment = 5'000;

// What WordPress makes of a picture that is larger: wp_get_registered_image_subsizes().
struct RegisteredSize {
    std::string_view name;
    unsigned width;
    unsigned height;  // 0: as the width asks for
    bool is_cropped;
};
constexpr std::array<RegisteredSize, 6> kSizes{{{"medium", 300, 300, false},
                                                {"large", 1024, 1024, false},
                                                {"thumbnail", 150, 150, true},
                                                {"medium_large", 768, 0, false},
                                                {"1536x1536", 1536, 1536, false},
                                                {"2048x2048", 2048, 2048, false}}};
constexpr std::array<std::string_view, 10> kSubjects{"bread",  "harbour", "team",   "winter-walk",
                                                     "coffee", "market",  "bridge", "sunset",
                                                     "studio", "café"};

void add_sizes(Upload& upload, std::string const& stem) {
    auto const width = upload.original().width;
    auto const height = upload.original().height;
    for (auto const& size : kSizes) {
        if (width <= size.width && (size.height == 0 || height <= size.height)) continue;
        UploadFile file{.size = std::string(size.name), .width = size.width, .height = size.height};
        if (!size.is_cropped) {
            // wp_constrain_dimensions(): within both sides, the proportions kept.
            double ratio = static_cast<double>(size.width) / width;
            if (size.height != 0) {
                ratio = std::min(ratio, static_cast<double>(size.height) / height);
            }
            file.width = std::max(1u, static_cast<unsigned>(std::lround(width * ratio)));
            file.height = std::max(1u, static_cast<unsigned>(std::lround(height * ratio)));
        }
        file.name =
            fmt::format("{}-{}x{}.{}", stem, file.width, file.height, extension_of(upload.format));
        upload.files.push_back(std::move(file));
    }
}

std::string file_name(std::string const& path) {
    return path.substr(path.rfind('/') + 1);
}

}  // namespace

UploadFile const& Upload::file(std::string_view size) const {
    auto const found = std::find_if(files.begin(), files.end(),
                                    [&](UploadFile const& one) { return one.size == size; });
    return found == files.end() ? original() : *found;
}

std::vector<Upload> plan_uploads(Tenant const& tenant) {
    std::mt19937_64 random(tenant.seed ^ 0x1ead);
    std::vector<Upload> uploads;
    for (unsigned i = 0; i < tenant.size.images; ++i) {
        auto const subject = kSubjects[random() % kSubjects.size()];
        auto const month = 1 + random() % 12;
        auto const year = 2019 + random() % 6;
        Upload upload{.id = kFirstAttachment + i, .seed = random()};
        upload.title = fmt::format("{} {}", subject, i + 1);
        upload.date = fmt::format("{}-{:02}-{:02} 10:{:02}:00", year, month, 1 + random() % 28,
                                  random() % 60);
        // Photographs, a few drawings, now and then an old animation.
        upload.format = i % 5 == 2   ? PictureFormat::Png
                        : i % 7 == 1 ? PictureFormat::Gif
                                     : PictureFormat::Jpeg;
        auto const longer = tenant.size.largest_image - static_cast<unsigned>(random() % 5) * 80;
        auto const shorter = longer * 3 / 4 - static_cast<unsigned>(random() % 50);
        bool const is_upright = random() % 4 == 0;
        auto const stem = fmt::format("{}/{:02}/{}-{}", year, month, subject, i + 1);
        upload.files.push_back({.name = fmt::format("{}.{}", stem, extension_of(upload.format)),
                                .width = is_upright ? shorter : longer,
                                .height = is_upright ? longer : shorter});
        add_sizes(upload, stem);
        uploads.push_back(std::move(upload));
    }
    return uploads;
}

std::string bytes_of(Upload const& upload, UploadFile const& file) {
    return encode(paint(upload.seed, file.width, file.height), upload.format);
}

json::object attachment_metadata(Upload const& upload) {
    json::object sizes;
    for (auto const& file : upload.files) {
        if (file.size.empty()) continue;
        sizes[file.size] = json::object{{"file", file_name(file.name)},
                                        {"width", file.width},
                                        {"height", file.height},
                                        {"mime-type", media_type_of(upload.format)}};
    }
    auto const& original = upload.original();
    return {{"width", original.width},
            {"height", original.height},
            {"file", original.name},
            {"sizes", std::move(sizes)},
            {"image_meta", json::object{{"aperture", "0"},
                                        {"credit", ""},
                                        {"camera", ""},
                                        {"caption", ""},
                                        {"created_timestamp", "0"},
                                        {"copyright", ""},
                                        {"focal_length", "0"},
                                        {"iso", "0"},
                                        {"shutter_speed", "0"},
                                        {"title", ""},
                                        {"orientation", "0"},
                                        {"keywords", json::array()}}}};
}

}  // namespace aipress::poc
