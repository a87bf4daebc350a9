#include "base/version.h"

#ifndef AIPRESS_VERSION
#error "src/base/CMakeLists.txt defines AIPRESS_VERSION"
#endif

namespace aipress {

std::string_view version() {
    return AIPRESS_VERSION;
}

}  // namespace aipress
