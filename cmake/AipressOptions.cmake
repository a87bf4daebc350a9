# Compiler settings common to every target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
# Extensions stay on for the statement expression in TRY (src/base/result.h).
set(CMAKE_CXX_EXTENSIONS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")

set(AIPRESS_SANITIZE "" CACHE STRING "Sanitizers, comma separated, e.g. address,undefined")
option(AIPRESS_FUZZ "Build the libFuzzer targets (needs clang)" OFF)

add_compile_options(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    add_compile_options(-Wno-gnu-statement-expression)
endif()
if(AIPRESS_SANITIZE)
    add_compile_options(-fsanitize=${AIPRESS_SANITIZE} -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${AIPRESS_SANITIZE})
endif()
if(AIPRESS_FUZZ)
    # Some optimization: the more inputs a second, the more is found.
    add_compile_options(-fsanitize=fuzzer-no-link -O1)
endif()

find_program(MOLD mold)
if(MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_link_options(-fuse-ld=mold)
endif()
find_program(CCACHE ccache)
if(CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE}")
endif()
