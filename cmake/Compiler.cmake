# Build type, warnings, sanitizers, ccache.
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release, Debug or Sanitize" FORCE)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2")
set(CMAKE_CXX_FLAGS_SANITIZE "-O1 -g1")

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # A precompiled header holds times and macros that ccache would otherwise refuse.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
endif()

# Language and sanitizer options: one set for all targets, or they could not share the precompiled header.
add_library(luvit_flags INTERFACE)
target_include_directories(luvit_flags INTERFACE ${CMAKE_SOURCE_DIR}/include)
target_compile_options(luvit_flags INTERFACE -pthread $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
target_link_options(luvit_flags INTERFACE -pthread)
foreach(sanitizer IN LISTS LUVIT_SANITIZE)
  target_compile_options(luvit_flags INTERFACE -fsanitize=${sanitizer} -fno-omit-frame-pointer)
  target_link_options(luvit_flags INTERFACE -fsanitize=${sanitizer})
endforeach()
if("undefined" IN_LIST LUVIT_SANITIZE)
  # vptr wants type information that LibTorch does not export.
  target_compile_options(luvit_flags INTERFACE -fno-sanitize=vptr -fno-sanitize-recover=undefined)
endif()

add_library(luvit_warnings INTERFACE)
target_compile_options(luvit_warnings INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
  -Wno-missing-field-initializers $<$<BOOL:${LUVIT_WARNINGS_AS_ERRORS}>:-Werror>)
if(LUVIT_SANITIZE)
  # g++ 12 takes std::function inside std::regex for uninitialised when sanitizers keep it from inlining.
  target_compile_options(luvit_warnings INTERFACE -Wno-maybe-uninitialized)
endif()
