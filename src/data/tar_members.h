#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace luvit {

class InputFile;

struct TarMember {
  std::string name;
  std::int64_t offset = 0, size = 0;  // of its bytes in the file
  bool plain = true;                  // an ordinary file; false: a link, a device, a sparse file
};

// Walks the members of an archive (folders apart), reading headers only. As in GNU tar's --ignore-zeros, archives
// that were put one after another are read as one.
class TarReader {
 public:
  TarReader(const InputFile& file, const std::string& path);
  std::optional<TarMember> next();

 private:
  using Block = std::array<char, 512>;

  bool read_header(Block& block);
  std::string read_text(std::int64_t size);
  void read_pax(const std::string& records);
  void skip(std::int64_t size);
  [[noreturn]] void broken(const std::string& what) const;

  const InputFile& file_;
  const std::string& path_;
  const std::int64_t size_;
  std::int64_t at_ = 0;
  bool ended_ = false;  // the last block was zeros
  std::optional<std::string> long_name_;
  std::optional<std::int64_t> long_size_;
};

}  // namespace luvit
