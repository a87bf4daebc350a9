#include "sandbox/telemetry/buckets.h"

#include <cstdlib>

#include "base/log.h"
#include "sandbox/limits.h"
#include "sandbox/projects.h"
#include "sandbox/storage/resources.h"

namespace aipress::sandbox {
namespace {

constexpr std::size_t kPage = 1000;
constexpr int kRestPerCount = 20;

std::string lower(std::string text) {
    for (auto& letter : text) {
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    }
    return text;
}

// What the points of a bucket have in common. nullopt: it, or its project, is gone.
Outcome<std::optional<Measurement>> frame_of(Transaction& transaction, std::string const& name,
                                             std::string const& storage_class) {
    auto const bucket = TRY(transaction.get(kBuckets, name));
    if (!bucket) return std::optional<Measurement>();
    auto const& body = bucket->body.as_object();
    auto found = find_active_project(transaction, text_field(body, "projectNumber"));
    if (!found.ok()) return std::optional<Measurement>();
    auto const project = found.release();
    return std::optional<Measurement>(
        Measurement{.project = project.id,
                    .metric_labels = {{"storage_class", storage_class}},
                    .resource = "gcs_bucket",
                    .resource_labels = {{"project_id", project.id},
                                        {"bucket_name", name},
                                        {"location", lower(text_field(body, "location"))}}});
}

}  // namespace

// Live objects and noncurrent ones: both are stored.
Outcome<BucketContents::Contents> BucketContents::count_objects(Transaction& transaction) {
    Contents contents;
    for (auto const collection : {kObjects, kOldObjects}) {
        std::string start;
        do {
            auto page = TRY(transaction.list(collection, "", start, kPage));
            for (auto const& document : page.documents) {
                auto const& body = document.body.as_object();
                auto& content =
                    contents[{text_field(body, "bucket"), text_field(body, "storageClass")}];
                ++content.objects;
                content.bytes += std::strtod(text_field(body, "size").c_str(), nullptr);
            }
            start = std::move(page.next);
        } while (!start.empty());
    }
    return contents;
}

Outcome<Done> BucketContents::count() {
    auto const began = clock_.now();
    if (began < next_count_) return Done();
    TRY(read<Done>(store_, [&](Transaction& transaction) -> Outcome<Done> {
        auto counted = TRY(count_objects(transaction));
        for (auto const& [key, before] : contents_) {
            if (before.objects > 0) counted.try_emplace(key);
        }
        contents_.clear();
        frames_.clear();
        for (auto const& [key, content] : counted) {
            if (frames_.size() == limits::kSampledBuckets) break;
            auto frame = TRY(frame_of(transaction, key.first, key.second));
            if (!frame) continue;
            contents_.emplace(key, content);
            frames_.push_back(std::move(*frame));
        }
        return Done();
    }));
    next_count_ = began + (clock_.now() - began) * kRestPerCount;
    return Done();
}

std::vector<Measurement> BucketContents::sample(Nanoseconds now) {
    std::vector<Measurement> measurements;
    if (auto counted = count(); !counted.ok()) {
        log::error("Cloud Storage is not measured: {}", counted.release_error().message);
        return measurements;
    }
    auto frame = frames_.begin();
    for (auto const& [key, content] : contents_) {
        auto one = *frame++;
        one.from = one.to = now;
        one.metric = "storage.googleapis.com/storage/object_count";
        one.value = whole_value(content.objects);
        measurements.push_back(one);
        one.metric = "storage.googleapis.com/storage/total_bytes";
        one.value = real_value(content.bytes);
        measurements.push_back(std::move(one));
    }
    return measurements;
}

}  // namespace aipress::sandbox
