// Damaged files: whatever the damage, a reader either reads or throws DataError. LUVIT_FUZZ_COUNT sets how many
// mutations each seed file gets (100,000 under the asan preset before a release).
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "files_for_test.h"
#include "luvit/core/random.h"
#include "luvit/io/pickle.h"

namespace luvit {
namespace {

std::uint64_t mutations() {
  const char* text = std::getenv("LUVIT_FUZZ_COUNT");
  return text ? std::stoull(text) : 1500;
}

// One to four damages: a byte changed, a bit turned, a number replaced, a stretch removed, doubled or moved.
std::string mutate(std::string bytes, Random& random) {
  static const std::array<std::uint64_t, 6> numbers = {
      0, 1, 0x7fffffff, 0xffffffff, 0x7fffffffffffffff, ~std::uint64_t{0}};
  for (std::uint64_t n = 1 + random.below(4); n > 0 && !bytes.empty(); --n) {
    std::size_t at = random.below(bytes.size()),
                length = 1 + random.below(std::min<std::size_t>(64, bytes.size() - at));
    switch (random.below(7)) {
      case 0:
        bytes[at] = static_cast<char>(random.bits());
        break;
      case 1:
        bytes[at] = static_cast<char>(bytes[at] ^ 1 << random.below(8));
        break;
      case 2:
        std::memcpy(&bytes[at], &numbers[random.below(6)], std::min<std::size_t>(8, bytes.size() - at));
        break;
      case 3:
        bytes.erase(at, length);
        break;
      case 4:
        bytes.insert(at, bytes.substr(at, length));
        break;
      case 5:
        bytes.insert(random.below(bytes.size()), bytes.substr(at, length));
        break;
      default:
        bytes.resize(at);
        break;
    }
  }
  return bytes;
}

// A file in memory with a path: thousands of real ones would wait for the disk.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(::memfd_create("mutated", 0)) {}
  ~MemoryFile() { ::close(descriptor_); }
  void set(const std::string& bytes) {
    ASSERT_EQ(::ftruncate(descriptor_, 0), 0);
    ASSERT_EQ(::pwrite(descriptor_, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  }
  fs::path path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

template <typename Reader>
void fuzz(const std::string& seed_file) {
  MemoryFile file;
  const std::string original = read_file(fixture(seed_file));
  const std::uint64_t count = mutations();
  std::uint64_t read = 0, refused = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    Random random(i, seed_file, Purpose::synthetic);
    file.set(mutate(original, random));
    try {
      Reader reader(file.path());
      for (const TensorInfo& info : reader.tensors()) reader.read(info.name);
      ++read;
    } catch (const DataError& error) {
      EXPECT_FALSE(std::string(error.what()).empty());
      ++refused;
    }  // anything else fails the test
  }
  EXPECT_EQ(read + refused, count);
  EXPECT_GT(refused, count / 10);  // the damage reaches the reader
}

TEST(Fuzz, Safetensors) {
  fuzz<SafetensorsFile>("every_type.safetensors");
  fuzz<SafetensorsFile>("peft/adapter_model.safetensors");
}
TEST(Fuzz, TorchZip) {
  fuzz<PickleFile>("pickle/zip.pth");
  fuzz<PickleFile>("pickle/checkpoint.pth");
}
TEST(Fuzz, TorchLegacy) {
  fuzz<PickleFile>("pickle/legacy.pth");
  fuzz<PickleFile>("pickle/checkpoint_legacy.pth");
}

}  // namespace
}  // namespace luvit
