# What --version and env.json say. Made at build time, so that a new commit does not need a new configure.
find_program(GIT git)
set(version_file ${CMAKE_BINARY_DIR}/generated/version_text.cpp)
add_custom_target(luvit_version_text
  COMMAND ${CMAKE_COMMAND} -DOUT=${version_file} -DSOURCE=${CMAKE_SOURCE_DIR} -DVERSION=${PROJECT_VERSION}
          -DGIT=${GIT} -P ${CMAKE_SOURCE_DIR}/cmake/WriteVersion.cmake
  BYPRODUCTS ${version_file})
