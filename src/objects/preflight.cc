#include "objects/preflight.h"

#include <fmt/format.h>

#include "objects/changes.h"
#include "objects/limits.h"

namespace aipress::objects {

gcp::Outcome<Contents> preflight(Context const& context, gcp::Storage const& storage,
                                 FolderPair const& folders) {
    TRY(check_folders(folders));
    Contents contents;
    std::uint64_t too_long = 0;
    std::string shown;
    auto const see = [&](Pair const& pair) -> gcp::Outcome<gcp::Done> {
        if (pair.to != nullptr) ++contents.at_target;
        if (pair.from == nullptr) return gcp::Done();
        ++contents.objects;
        contents.bytes += pair.from->size;
        auto const checked = check_name(pair.name, folders.to);
        if (checked.ok()) return gcp::Done();
        if (++too_long <= limits::kNamesShown) shown += "\n  " + checked.error().message();
        return gcp::Done();
    };
    TRY(each_pair(context, storage, folders, {}, see));
    if (too_long == 0) return contents;
    return Error(ErrorCode::InvalidArgument,
                 fmt::format("{} of {} names in {} are too long for {}:{}{}", too_long,
                             contents.objects, folders.from.url(), folders.to.url(), shown,
                             too_long > limits::kNamesShown ? "\n  …" : ""));
}

}  // namespace aipress::objects
