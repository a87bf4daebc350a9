// A site's content as an SQL dump, for Cloud SQL's import into a database that WordPress's own
// installer has made: posts, pages, comments, attachments, terms, options, and the tables of its
// plugins. It takes the place of what the installer wrote, and may be imported again.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "poc/tenant.h"
#include "poc/uploads.h"

namespace aipress::poc {

// "http://HOST/wp-content/uploads/…" is where its posts find their pictures.
[[nodiscard]] Result<std::string> make_site_dump(Tenant const& tenant,
                                                 std::vector<Upload> const& uploads);

// "/winter-market-12/", of the post with that index.
[[nodiscard]] std::string post_path(Tenant const& tenant, unsigned index);

}  // namespace aipress::poc
