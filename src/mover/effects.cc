#include "mover/effects.h"

namespace aipress::mover {

std::string_view to_string(Side side) {
    return side == Side::Source ? "source" : "target";
}

}  // namespace aipress::mover
