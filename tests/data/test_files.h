#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "luvit/core/files.h"
#include "luvit/data/image.h"
#include "temporary_folder.h"

namespace luvit::testing {

// LUVIT_CACHE points into it.
struct TestFolder : TemporaryFolder {
  TestFolder();
  fs::path write(const std::string& name, const std::string& bytes) const;  // makes the folders above it
};

// A picture with areas, edges and noise; each seed another one.
Image picture(std::int64_t height, std::int64_t width, std::uint64_t seed);
struct JpegKind {
  int quality = 90;
  bool full_chroma = false, progressive = false, grey = false;
};
std::string jpeg(const Image& image, JpegKind kind = {});

// A tar archive, ustar.
class TarText {
 public:
  TarText& add(const std::string& name, const std::string& bytes, char type = '0');
  std::string unfinished() const { return text_; }
  std::string whole() const { return text_ + std::string(1024, '\0'); }

 private:
  std::string text_;
};

inline std::vector<std::uint8_t> bytes_of(const std::string& text) {
  return {text.begin(), text.end()};
}

// The message and hint of the DataError that `body` throws; "" and a failed test if it throws none.
template <typename Body>
std::string data_error(Body body);

}  // namespace luvit::testing

#include <gtest/gtest.h>

#include "luvit/core/error.h"

template <typename Body>
std::string luvit::testing::data_error(Body body) {
  try {
    body();
  } catch (const DataError& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    return error.what() + std::string(" hint: ") + error.hint();
  }
  ADD_FAILURE() << "no DataError";
  return "";
}
