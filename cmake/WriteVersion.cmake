set(revision unknown)
if(GIT)
  execute_process(COMMAND ${GIT} -C ${SOURCE} describe --always --dirty OUTPUT_VARIABLE found
    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(NOT failed)
    set(revision ${found})
  endif()
endif()
string(CONCAT text "namespace luvit {\n"
  "extern const char* const version_text;\nextern const char* const git_revision;\n"
  "const char* const version_text = \"${VERSION}\";\nconst char* const git_revision = \"${revision}\";\n"
  "}  // namespace luvit\n")
if(EXISTS ${OUT})
  file(READ ${OUT} before)
endif()
if(NOT "${before}" STREQUAL "${text}")
  file(WRITE ${OUT} "${text}")
endif()
