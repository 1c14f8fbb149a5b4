#pragma once
#include <string>
#include <vector>

#include "luvit/core/input_file.h"

namespace luvit {

// Reads a part of a file from front to back, through a buffer.
class ByteReader {
 public:
  // what: "its pickle", for messages.
  ByteReader(const InputFile& file, std::uint64_t begin, std::uint64_t end, std::string what);

  std::uint64_t position() const { return begin_ + used_; }
  std::uint64_t left() const { return end_ - position(); }
  std::uint8_t byte();
  template <typename Number>  // little-endian
  Number number() {
    Number value{};
    take(&value, sizeof value);
    return value;
  }
  std::string text(std::uint64_t bytes);
  std::string line();  // up to '\n', which is taken and left out
  void skip(std::uint64_t bytes);
  [[noreturn]] void fail(const std::string& problem) const;

 private:
  void take(void* out, std::size_t bytes);
  void fill();

  const InputFile& file_;
  std::string what_;
  std::uint64_t begin_, end_;  // begin_: place of buffer_[0]
  std::vector<char> buffer_;
  std::size_t used_ = 0;
};

}  // namespace luvit
