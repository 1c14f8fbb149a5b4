#include <png.h>
#include <zlib.h>

#include <csetjmp>
#include <cstdio>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/data/image.h"

namespace luvit {
namespace {

[[noreturn]] void fail(const Image& image, const char* why) {
  throw RunError(str("a picture of ", image.width, "×", image.height, " cannot be written as PNG: ", why));
}

struct WriteState {
  std::string* encoded;
  std::jmp_buf back;
  char message[128];
};

void remember_and_leave(png_structp png, png_const_charp message) {
  auto* state = static_cast<WriteState*>(png_get_error_ptr(png));
  std::snprintf(state->message, sizeof state->message, "%s", message);
  std::longjmp(state->back, 1);
}

void append(png_structp png, png_bytep bytes, std::size_t count) {
  auto* state = static_cast<WriteState*>(png_get_io_ptr(png));
  state->encoded->append(reinterpret_cast<const char*>(bytes), count);
}

// No object with a destructor is alive between setjmp and longjmp.
bool write_quickly(WriteState& state, png_structp png, png_infop info, const Image& image) {
  if (setjmp(state.back)) return false;
  png_set_write_fn(png, &state, append, nullptr);
  png_set_IHDR(png, info, static_cast<png_uint_32>(image.width), static_cast<png_uint_32>(image.height), 8,
               PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_compression_level(png, 1);
  png_set_compression_strategy(png, Z_RLE);
  png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_PAETH);
  png_write_info(png, info);
  for (std::int64_t y = 0; y < image.height; ++y) png_write_row(png, image.pixels.data() + y * image.width * 3);
  png_write_end(png, info);
  return true;
}

std::string encode_quickly(const Image& image) {
  std::string encoded;
  WriteState state{&encoded, {}, {}};
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &state, remember_and_leave, nullptr);
  png_infop info = png ? png_create_info_struct(png) : nullptr;
  const bool whole = info && write_quickly(state, png, info, image);
  png_destroy_write_struct(&png, &info);
  if (!whole) fail(image, state.message);
  return encoded;
}

}  // namespace

std::string encode_png(const Image& image, bool quick) {
  if (quick) return encode_quickly(image);
  png_image description{};
  description.version = PNG_IMAGE_VERSION;
  description.width = static_cast<png_uint_32>(image.width);
  description.height = static_cast<png_uint_32>(image.height);
  description.format = PNG_FORMAT_RGB;
  png_alloc_size_t bytes = PNG_IMAGE_PNG_SIZE_MAX(description);
  std::string encoded(bytes, '\0');
  if (!png_image_write_to_memory(&description, encoded.data(), &bytes, 0, image.pixels.data(), 0, nullptr)) {
    fail(image, description.message);
  }
  encoded.resize(bytes);
  return encoded;
}

}  // namespace luvit
