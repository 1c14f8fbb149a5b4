#pragma once
#include <cstdint>

namespace luvit {

// Counts the bytes of tensors made on the meta device while an object of this class lives (one at a time, one thread):
// they take no memory, but they come and go as a device's would.
class MetaMemory {
 public:
  MetaMemory();
  ~MetaMemory();
  MetaMemory(const MetaMemory&) = delete;
  MetaMemory& operator=(const MetaMemory&) = delete;

  std::int64_t live() const;
  std::int64_t peak() const;
  void restart_peak() const;  // from what is live now
};

}  // namespace luvit
