# A folder of src/ is one module; its DEPENDS list is the whole of what it may include
# (tools/check_layers reads the includes and compares).
#   aipress_module(NAME mysql DEPENDS base json PRIVATE PkgConfig::LIBMARIADB)
# Sources are every .cc of the folder and its sub-folders, but the tests; x_test.cc files become
# one test binary, mysql_test.
function(aipress_module)
    cmake_parse_arguments(ARG "" "NAME" "DEPENDS;PUBLIC;PRIVATE;TEST_DEPENDS" ${ARGN})
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS "*.cc")
    set(tests ${sources})
    list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
    list(FILTER tests INCLUDE REGEX "_test\\.cc$")

    add_library(aipress_${ARG_NAME} STATIC ${sources})
    set_target_properties(aipress_${ARG_NAME} PROPERTIES LINKER_LANGUAGE CXX)
    target_include_directories(aipress_${ARG_NAME} PUBLIC "${CMAKE_SOURCE_DIR}/src")
    list(TRANSFORM ARG_DEPENDS PREPEND "aipress_")
    target_link_libraries(aipress_${ARG_NAME} PUBLIC ${ARG_DEPENDS} ${ARG_PUBLIC} Threads::Threads
                          PRIVATE ${ARG_PRIVATE})

    if(GTest_FOUND AND tests)
        aipress_test(NAME ${ARG_NAME}_test SOURCES ${tests}
                     DEPENDS aipress_${ARG_NAME} ${ARG_TEST_DEPENDS} LABELS unit TIMEOUT 900)
    endif()
endfunction()

# One test binary and one CTest entry for it. Labels: unit, integration, slow.
function(aipress_test)
    cmake_parse_arguments(ARG "" "NAME;TIMEOUT" "SOURCES;DEPENDS;LABELS" ${ARGN})
    add_executable(${ARG_NAME} ${ARG_SOURCES})
    target_include_directories(${ARG_NAME} PRIVATE "${CMAKE_SOURCE_DIR}" "${CMAKE_SOURCE_DIR}/src")
    target_link_libraries(${ARG_NAME} PRIVATE ${ARG_DEPENDS} GTest::gmock_main)
    add_test(NAME ${ARG_NAME} COMMAND ${ARG_NAME})
    if(NOT ARG_TIMEOUT)
        set(ARG_TIMEOUT 120)
    endif()
    set_tests_properties(${ARG_NAME} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT}
        ENVIRONMENT "AIPRESS_BINARY=${CMAKE_BINARY_DIR}/aipress;AIPRESS_SOURCE_DIR=${CMAKE_SOURCE_DIR}")
endfunction()
