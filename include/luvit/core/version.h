#pragma once
#include <string>

namespace luvit {

// Written by the build (cmake/Version.cmake).
extern const char* const version_text;  // "0.1.0"
extern const char* const git_revision;  // "d18a56f", with "-dirty" after local changes; "unknown" outside git

// What a run was made with, for --version and env.json. cuda and nccl are "none" where torch has none.
struct Versions {
  std::string luvit, revision, torch, cuda, nccl;
};
Versions versions();
std::string version_report();  // one a line

}  // namespace luvit
