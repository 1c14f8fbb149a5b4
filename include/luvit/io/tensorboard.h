#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "luvit/core/files.h"

namespace luvit {

// TensorBoard event files: TFRecord frames with masked CRC-32C around hand-encoded Event protobufs
// (tensorflow/core/util/event.proto, framework/summary.proto). One file a process start, appended to.
class TensorBoardWriter {
 public:
  explicit TensorBoardWriter(const fs::path& folder);
  ~TensorBoardWriter();
  void scalar(const std::string& tag, std::int64_t step, double value);
  void png(const std::string& tag, std::int64_t step, int height, int width, const std::string& encoded);
  void flush() {}  // each event is with the system as soon as it is written

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace luvit
