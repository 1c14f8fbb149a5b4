#pragma once

namespace luvit {

// Written by the build (cmake/Version.cmake).
extern const char* const version_text;  // "0.1.0"
extern const char* const git_revision;  // "d18a56f", with "-dirty" after local changes; "unknown" outside git

}  // namespace luvit
