#pragma once
#include "luvit/core/error.h"
#include "luvit/core/files.h"

namespace luvit {

// The system's reason in a user's words: "disk full", "read-only file system", …
std::string system_reason(int error_number);
// "cannot write runs/a/x: disk full", with a hint that fits.
RunError write_error(const char* action, const fs::path& path, int error_number);
// "cannot read runs/a/x: permission denied"
DataError read_error(const fs::path& path, int error_number);

}  // namespace luvit
