#include "luvit/io/json_lines.h"

#include "append_file.h"

namespace luvit {

struct JsonLines::Impl {
  explicit Impl(const fs::path& path) : file(path) { file.cut_torn_line(); }
  AppendFile file;
};

JsonLines::JsonLines(const fs::path& path) : impl_(std::make_unique<Impl>(path)) {}
JsonLines::~JsonLines() = default;

void JsonLines::write(std::string_view object) {
  std::string line(object);
  line += '\n';
  impl_->file.append(line);
}

}  // namespace luvit
