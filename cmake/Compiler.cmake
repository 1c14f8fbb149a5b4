# Build type, warnings, sanitizers, ccache.
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2")

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # A precompiled header holds times and macros that ccache would otherwise refuse.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
endif()

add_library(luvit_flags INTERFACE)
target_include_directories(luvit_flags INTERFACE ${CMAKE_SOURCE_DIR}/include)
target_compile_options(luvit_flags INTERFACE -fpch-preprocess)
foreach(sanitizer IN LISTS LUVIT_SANITIZE)
  target_compile_options(luvit_flags INTERFACE -fsanitize=${sanitizer} -fno-omit-frame-pointer)
  target_link_options(luvit_flags INTERFACE -fsanitize=${sanitizer})
endforeach()

add_library(luvit_warnings INTERFACE)
target_compile_options(luvit_warnings INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
  -Wno-missing-field-initializers $<$<BOOL:${LUVIT_WARNINGS_AS_ERRORS}>:-Werror>)
