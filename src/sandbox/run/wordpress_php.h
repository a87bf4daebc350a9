// The PHP that goes with Debian's WordPress, as text.
#pragma once

#include <string_view>

namespace aipress::sandbox::run {

// Run before every script: the environment of the revision, and where WordPress is to look for its
// configuration (its files are links into the package, and PHP resolves those).
[[nodiscard]] std::string_view prepend_php();
// wp-config.php: everything from the environment, but keys and salts that it does not have: those
// are WordPress's own, in its database.
[[nodiscard]] std::string_view configuration_php();
// A plugin that is always on: nothing leaves the machine, and uploads go to the bucket that is
// mounted, through the sandbox's own Cloud Storage.
[[nodiscard]] std::string_view plugin_php();

}  // namespace aipress::sandbox::run
