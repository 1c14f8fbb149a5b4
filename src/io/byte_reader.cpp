#include "byte_reader.h"

#include <cstring>

#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {

ByteReader::ByteReader(const InputFile& file, std::uint64_t begin, std::uint64_t end, std::string what)
    : file_(file), what_(std::move(what)), begin_(begin), end_(std::min(end, file.size())) {
  if (begin_ > end_) begin_ = end_;
}

void ByteReader::fail(const std::string& problem) const {
  throw DataError(str(escape(file_.path()), ": ", what_, ", byte ", position(), ": ", problem));
}

void ByteReader::fill() {
  begin_ = position();
  used_ = 0;
  buffer_.resize(std::min<std::uint64_t>(end_ - begin_, 1 << 16));
  if (buffer_.empty()) fail("it ends too early");
  file_.read_at(begin_, buffer_.data(), buffer_.size());
}

std::uint8_t ByteReader::byte() {
  if (used_ == buffer_.size()) fill();
  return static_cast<std::uint8_t>(buffer_[used_++]);
}

void ByteReader::take(void* out, std::size_t bytes) {
  if (bytes > left()) fail("it ends too early");
  char* next = static_cast<char*>(out);
  while (bytes > 0) {
    if (used_ == buffer_.size()) fill();
    std::size_t n = std::min(bytes, buffer_.size() - used_);
    std::memcpy(next, buffer_.data() + used_, n);
    next += n;
    used_ += n;
    bytes -= n;
  }
}

std::string ByteReader::text(std::uint64_t bytes) {
  if (bytes > left()) fail(str("a string of ", bytes, " bytes, ", left(), " are left"));
  std::string out(bytes, '\0');
  take(out.data(), out.size());
  return out;
}

void ByteReader::skip(std::uint64_t bytes) {
  if (bytes > left()) fail("it ends too early");
  begin_ = position() + bytes;
  used_ = 0;
  buffer_.clear();
}

std::string ByteReader::line() {
  std::string out;
  for (char c = 0; (c = static_cast<char>(byte())) != '\n';) {
    out += c;
    if (out.size() > 4096) fail("a name of more than 4096 bytes");
  }
  return out;
}

}  // namespace luvit
