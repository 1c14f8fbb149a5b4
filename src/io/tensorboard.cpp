#include "luvit/io/tensorboard.h"

#include <unistd.h>

#include <chrono>
#include <cstring>

#include "append_file.h"
#include "crc32c.h"
#include "luvit/core/error.h"
#include "luvit/core/machine.h"
#include "luvit/core/text.h"

namespace luvit {
namespace {

// The few protobuf encodings that an Event needs.
class Message {
 public:
  void varint(int field, std::uint64_t value) {
    tag(field, 0);
    raw_varint(value);
  }
  void fixed64(int field, double value) {
    tag(field, 1);
    append(&value, sizeof value);
  }
  void fixed32(int field, float value) {
    tag(field, 5);
    append(&value, sizeof value);
  }
  void bytes(int field, std::string_view value) {
    tag(field, 2);
    raw_varint(value.size());
    text_.append(value);
  }
  const std::string& text() const { return text_; }

 private:
  void tag(int field, int wire) { raw_varint(static_cast<std::uint64_t>(field) << 3 | static_cast<unsigned>(wire)); }
  void raw_varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) text_ += static_cast<char>(value | 0x80);
    text_ += static_cast<char>(value);
  }
  void append(const void* data, std::size_t n) { text_.append(static_cast<const char*>(data), n); }
  std::string text_;
};

double now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// length, masked CRC of it, data, masked CRC of it.
std::string record(std::string_view data) {
  std::uint64_t length = data.size();
  std::string out(reinterpret_cast<const char*>(&length), sizeof length);
  std::uint32_t length_crc = masked_crc32c(out), data_crc = masked_crc32c(data);
  out.append(reinterpret_cast<const char*>(&length_crc), sizeof length_crc);
  out.append(data);
  out.append(reinterpret_cast<const char*>(&data_crc), sizeof data_crc);
  return out;
}

// TensorBoard finds files by "tfevents" and reads them in the order of their names: time first.
fs::path file_name(const fs::path& folder) {
  return folder / str("events.out.tfevents.", static_cast<std::int64_t>(now()), ".", host_name(), ".", ::getpid());
}

}  // namespace

struct TensorBoardWriter::Impl {
  explicit Impl(const fs::path& folder) : file(file_name(folder)) {
    Message event;
    event.fixed64(1, now());          // wall_time
    event.bytes(3, "brain.Event:2");  // file_version
    file.append(record(event.text()));
  }

  // Event { wall_time = 1, step = 2, summary = 5 { value = 1 } }
  void add(std::int64_t step, const Message& value) {
    Message summary, event;
    summary.bytes(1, value.text());
    event.fixed64(1, now());
    event.varint(2, static_cast<std::uint64_t>(step));
    event.bytes(5, summary.text());
    file.append(record(event.text()));
  }

  AppendFile file;
};

TensorBoardWriter::TensorBoardWriter(const fs::path& folder) : impl_(std::make_unique<Impl>(folder)) {}
TensorBoardWriter::~TensorBoardWriter() = default;

void TensorBoardWriter::scalar(const std::string& tag, std::int64_t step, double value) {
  Message entry;
  entry.bytes(1, tag);
  entry.fixed32(2, static_cast<float>(value));  // simple_value
  impl_->add(step, entry);
}

void TensorBoardWriter::png(const std::string& tag, std::int64_t step, int height, int width,
                            const std::string& encoded) {
  Message image, entry;
  image.varint(1, static_cast<std::uint64_t>(height));
  image.varint(2, static_cast<std::uint64_t>(width));
  image.varint(3, 3);  // colorspace: RGB
  image.bytes(4, encoded);
  entry.bytes(1, tag);
  entry.bytes(4, image.text());
  impl_->add(step, entry);
}

}  // namespace luvit
