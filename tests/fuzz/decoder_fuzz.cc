// libFuzzer's entry: see fuzz_input.h for the form of the data.
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    aipress::testing::decode_fuzz_input(std::as_bytes(std::span(data, size)));
    return 0;
}
