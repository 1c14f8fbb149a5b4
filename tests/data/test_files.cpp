#include "test_files.h"

#include <jpeglib.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "luvit/core/random.h"

namespace luvit::testing {

TestFolder::TestFolder() {
  ::setenv("LUVIT_CACHE", (path() / ".cache").c_str(), 1);
}

fs::path TestFolder::write(const std::string& name, const std::string& bytes) const {
  const fs::path file = path() / name;
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << bytes;
  return file;
}

Image picture(std::int64_t height, std::int64_t width, std::uint64_t seed) {
  Random random(seed, 0, 0, Purpose::synthetic);
  const double a = random.uniform(0.02, 0.2), b = random.uniform(0.02, 0.2), c = random.uniform(0, 6);
  Image image{height, width, std::vector<std::uint8_t>(static_cast<std::size_t>(height * width * 3))};
  for (std::int64_t y = 0; y < height; ++y) {
    for (std::int64_t x = 0; x < width; ++x) {
      for (int k = 0; k < 3; ++k) {
        double level =
            128 + 90 * std::sin(a * static_cast<double>(x) + c + k) * std::cos(b * static_cast<double>(y) - k);
        if (x > width / 3 && x < width / 2 && y > height / 4) level = 255 - level;
        level += random.uniform(-9, 9);
        image.pixels[static_cast<std::size_t>((y * width + x) * 3 + k)] =
            static_cast<std::uint8_t>(std::clamp(level, 0.0, 255.0));
      }
    }
  }
  return image;
}

std::string jpeg(const Image& image, JpegKind kind) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* out = nullptr;
  unsigned long bytes = 0;
  jpeg_mem_dest(&info, &out, &bytes);
  info.image_width = static_cast<JDIMENSION>(image.width);
  info.image_height = static_cast<JDIMENSION>(image.height);
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  if (kind.grey) jpeg_set_colorspace(&info, JCS_GRAYSCALE);
  jpeg_set_quality(&info, kind.quality, TRUE);
  if (kind.full_chroma) info.comp_info[0].h_samp_factor = info.comp_info[0].v_samp_factor = 1;
  if (kind.progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    auto* row =
        const_cast<JSAMPLE*>(image.pixels.data() + info.next_scanline * static_cast<std::size_t>(image.width) * 3);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  std::string text(reinterpret_cast<char*>(out), bytes);
  std::free(out);
  return text;
}

TarText& TarText::add(const std::string& name, const std::string& bytes, char type) {
  char header[512] = {};
  std::snprintf(header, 100, "%s", name.c_str());
  std::snprintf(header + 100, 8, "%07o", 0644u);
  std::snprintf(header + 124, 12, "%011o", static_cast<unsigned>(bytes.size()));
  std::snprintf(header + 136, 12, "%011o", 0u);
  header[156] = type;
  std::memcpy(header + 257, "ustar\00000", 8);
  std::memset(header + 148, ' ', 8);
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  std::snprintf(header + 148, 8, "%06o", sum);
  text_.append(header, sizeof header);
  text_ += bytes;
  text_.append((512 - bytes.size() % 512) % 512, '\0');
  return *this;
}

}  // namespace luvit::testing
