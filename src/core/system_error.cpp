#include "system_error.h"

#include <cerrno>
#include <system_error>

#include "luvit/core/text.h"

namespace luvit {

std::string system_reason(int error_number) {
  switch (error_number) {
    case ENOSPC:
      return "disk full";
    case EDQUOT:
      return "disk quota used up";
    case EROFS:
      return "read-only file system";
    case EISDIR:
      return "it is a folder";
    case ENOTDIR:
      return "a part of the path is a file, not a folder";
    default: {
      std::string reason = std::generic_category().message(error_number);
      if (!reason.empty() && reason[0] >= 'A' && reason[0] <= 'Z') reason[0] += 'a' - 'A';
      return reason;
    }
  }
}

DataError read_error(const fs::path& path, int error_number) {
  std::string hint;
  if (error_number == EACCES) hint = "ask its owner for the permission to read it";
  if (error_number == ELOOP)
    hint = "the path leads through a symbolic link that comes back to itself; remove that link";
  return DataError(str("cannot read ", escape(path.string()), ": ", system_reason(error_number)), hint);
}

RunError write_error(const char* action, const fs::path& path, int error_number) {
  std::string hint = "check that the folder exists, is yours and can be written to";
  if (error_number == ENOSPC || error_number == EDQUOT)
    hint = "free some space there and run the same command again; what was complete before is untouched";
  if (error_number == EIO) hint = "the disk or its network failed; see the system's log";
  return RunError(str("cannot ", action, " ", escape(path.string()), ": ", system_reason(error_number)), hint);
}

}  // namespace luvit
