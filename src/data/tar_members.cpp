#include "tar_members.h"

#include <cstring>
#include <limits>

#include "luvit/core/error.h"
#include "luvit/core/input_file.h"
#include "luvit/core/text.h"

namespace luvit {
namespace {

// Fields of the ustar header (POSIX.1-1988; GNU tar's manual, "Basic Tar Format").
constexpr std::size_t name_at = 0, name_bytes = 100, size_at = 124, size_bytes = 12, sum_at = 148, sum_bytes = 8,
                      type_at = 156, magic_at = 257, prefix_at = 345, prefix_bytes = 155;
constexpr std::int64_t block_bytes = 512;
constexpr std::int64_t longest_text = 1 << 20;  // of a name or of pax records

std::string text_field(const char* field, std::size_t bytes) {
  return std::string(field, ::strnlen(field, bytes));
}

// Octal digits, or big-endian binary where the first bit is set (GNU tar, sizes from 8 GiB). Nothing if malformed.
std::optional<std::int64_t> number_field(const char* field, std::size_t bytes) {
  std::int64_t value = 0;
  if (static_cast<unsigned char>(field[0]) == 0x80) {
    for (std::size_t i = 1; i < bytes; ++i) {
      if (value >> 55) return std::nullopt;
      value = value << 8 | static_cast<unsigned char>(field[i]);
    }
    return value;
  }
  std::size_t i = 0;
  while (i < bytes && field[i] == ' ') ++i;
  for (; i < bytes && field[i] >= '0' && field[i] <= '7'; ++i) value = value << 3 | (field[i] - '0');
  if (i < bytes && field[i] != ' ' && field[i] != '\0') return std::nullopt;
  return value;
}

// The sum of a header's bytes with the sum's own field as blanks; old archives summed signed bytes.
bool sum_is_right(const char* block) {
  const auto stored = number_field(block + sum_at, sum_bytes);
  std::int64_t plain = 0, as_signed = 0;
  for (std::size_t i = 0; i < block_bytes; ++i) {
    const char c = i >= sum_at && i < sum_at + sum_bytes ? ' ' : block[i];
    plain += static_cast<unsigned char>(c);
    as_signed += static_cast<signed char>(c);
  }
  return stored && (*stored == plain || *stored == as_signed);
}

}  // namespace

TarReader::TarReader(const InputFile& file, const std::string& path)
    : file_(file), path_(path), size_(static_cast<std::int64_t>(file.size())) {}

void TarReader::broken(const std::string& what) const {
  throw DataError(str(path_, ": ", what), "expected a whole, uncompressed tar archive (ustar, GNU or pax)");
}

// False at the end of the archive.
bool TarReader::read_header(Block& block) {
  for (;;) {
    const std::int64_t left = size_ - at_;
    if (left == 0 && ended_) return false;
    if (left < block_bytes) {
      if (at_ == 0) broken(str("not a tar archive: only ", left, " bytes long"));
      if (ended_) return false;  // less than a block of padding
      broken(str("cut short: it ends at byte ", size_,
                 left == 0 ? " without the archive's end mark" : " within a header"));
    }
    file_.read_at(static_cast<std::uint64_t>(at_), block.data(), block.size());
    if (std::any_of(block.begin(), block.end(), [](char c) { return c != '\0'; })) break;
    if (at_ == 0) broken("not a tar archive: it begins with zeros");
    at_ += block_bytes;
    ended_ = true;
  }
  if (!sum_is_right(block.data())) {
    broken(at_ == 0 ? "not a tar archive: no header at byte 0" : str("damaged: no header at byte ", at_));
  }
  ended_ = false;
  return true;
}

void TarReader::skip(std::int64_t size) {
  // Compared without adding, which could overflow.
  if (size > size_ - at_) {
    broken(str("cut short: a member of ", size, " bytes begins at byte ", at_, " of ", size_));
  }
  at_ += size;
  const std::int64_t padding = (block_bytes - size % block_bytes) % block_bytes;
  at_ = std::min(at_ + padding, size_);
}

std::string TarReader::read_text(std::int64_t size) {
  if (size > longest_text) broken(str("damaged: a name of ", size, " bytes at byte ", at_));
  const std::int64_t begin = at_;
  skip(size);
  std::string text(static_cast<std::size_t>(size), '\0');
  file_.read_at(static_cast<std::uint64_t>(begin), text.data(), text.size());
  return text;
}

// Records "LENGTH KEY=VALUE\n", the length counting the whole record.
void TarReader::read_pax(const std::string& records) {
  std::size_t at = 0;
  while (at < records.size()) {
    std::size_t length = 0, digits = 0;
    while (at + digits < records.size() && digits < 7 && records[at + digits] >= '0' && records[at + digits] <= '9') {
      length = length * 10 + static_cast<std::size_t>(records[at + digits++] - '0');
    }
    if (digits == 0 || length <= digits + 1 || length > records.size() - at || records[at + digits] != ' ') {
      broken(str("damaged: a pax record before byte ", at_));
    }
    const std::string record = records.substr(at + digits + 1, length - digits - 2);
    const auto equals = record.find('=');
    if (equals == std::string::npos) broken(str("damaged: a pax record before byte ", at_));
    const std::string key = record.substr(0, equals), value = record.substr(equals + 1);
    if (key == "path") long_name_ = value;
    if (key == "size") {
      if (value.empty() || value.size() > 18 || value.find_first_not_of("0123456789") != std::string::npos) {
        broken(str("damaged: a pax size before byte ", at_));
      }
      long_size_ = std::stoll(value);
    }
    at += length;
  }
}

std::optional<TarMember> TarReader::next() {
  Block block;
  while (read_header(block)) {
    const char type = block[type_at];
    auto size = number_field(block.data() + size_at, size_bytes);
    if (!size) broken(str("damaged: the size in the header at byte ", at_));
    at_ += block_bytes;
    if (type == 'L') {
      const std::string text = read_text(*size);
      long_name_ = text.substr(0, text.find('\0'));
    } else if (type == 'x') {
      read_pax(read_text(*size));
    } else if (type == 'K' || type == 'g' || type == '5' || type == 'V') {
      skip(type == '5' ? 0 : *size);  // long link names, archive-wide records, folders, labels: nothing we need
      if (type == '5') long_name_.reset(), long_size_.reset();
    } else {
      TarMember member;
      member.name = text_field(block.data() + name_at, name_bytes);
      if (std::memcmp(block.data() + magic_at, "ustar\0", 6) == 0 && block[prefix_at] != '\0') {
        member.name = text_field(block.data() + prefix_at, prefix_bytes) + "/" + member.name;
      }
      if (long_name_) member.name = std::move(*long_name_);
      if (long_size_) size = long_size_;
      long_name_.reset(), long_size_.reset();
      member.plain = type == '0' || type == '\0' || type == '7';
      member.offset = at_;
      member.size = *size;
      skip(type >= '1' && type <= '6' ? 0 : *size);  // links and devices have no bytes, whatever their size says
      return member;
    }
  }
  return std::nullopt;
}

}  // namespace luvit
