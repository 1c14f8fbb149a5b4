// PNG by libpng, with the conversions of Pillow's convert("RGB"): alpha and transparency dropped, no gamma, 16-bit
// colour cut to its high byte, 16-bit grey cut off at 255.
#include <png.h>

#include <csetjmp>
#include <cstring>

#include "codecs.h"
#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {
namespace {

struct ReadState {
  std::jmp_buf back;
  char message[160];
  Bytes left;
};

[[noreturn]] void leave(png_structp png, png_const_charp message) {
  auto* state = static_cast<ReadState*>(png_get_error_ptr(png));
  std::snprintf(state->message, sizeof state->message, "%s", message);
  std::longjmp(state->back, 1);
}

void ignore_warning(png_structp, png_const_charp) {}

void give_bytes(png_structp png, png_bytep to, png_size_t bytes) {
  auto* state = static_cast<ReadState*>(png_get_io_ptr(png));
  if (state->left.size() < bytes) png_error(png, "cut short");
  std::memcpy(to, state->left.data(), bytes);
  state->left = state->left.subspan(bytes);
}

// As in jpeg.cpp, no object with a destructor is alive between a setjmp and its end.
class PngDecoder {
 public:
  PngDecoder(Bytes encoded, const std::string& name) : name_(name) {
    state_.left = encoded;
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, &state_, leave, ignore_warning);
    if (png_) info_ = png_create_info_struct(png_);
    if (!info_) {
      destroy();
      throw std::bad_alloc();
    }
    if (!read_header()) {
      destroy();
      fail();
    }
    try {
      check_size(png_get_image_height(png_, info_), png_get_image_width(png_, info_), name_);
    } catch (...) {
      destroy();
      throw;
    }
  }
  ~PngDecoder() { destroy(); }
  PngDecoder(const PngDecoder&) = delete;
  PngDecoder& operator=(const PngDecoder&) = delete;

  ImageSize size() const { return {png_get_image_height(png_, info_), png_get_image_width(png_, info_)}; }

  void decode(Image& out) {
    if (!set_transforms()) fail();
    const auto [height, width] = size();
    out.height = height;
    out.width = width;
    out.pixels.resize(static_cast<std::size_t>(height * width * 3));
    const bool wide_grey = png_get_rowbytes(png_, info_) == static_cast<std::size_t>(width) * 2;
    std::vector<std::uint8_t> wide(wide_grey ? static_cast<std::size_t>(height * width * 2) : 0);
    std::uint8_t* pixels = wide_grey ? wide.data() : out.pixels.data();
    std::vector<png_bytep> rows(static_cast<std::size_t>(height));
    for (std::int64_t y = 0; y < height; ++y)
      rows[static_cast<std::size_t>(y)] = pixels + y * width * (wide_grey ? 2 : 3);
    if (!read_pixels(rows.data())) fail();
    for (std::size_t i = 0; i < wide.size() / 2; ++i) {  // the high byte comes first
      std::fill_n(out.pixels.begin() + static_cast<std::ptrdiff_t>(3 * i), 3, wide[2 * i] ? 255 : wide[2 * i + 1]);
    }
  }

 private:
  bool read_header() {
    if (setjmp(state_.back)) return false;
    png_set_read_fn(png_, &state_, give_bytes);
    // A text or colour profile chunk must not unpack into gigabytes; pixels are bounded by check_size.
    png_set_chunk_malloc_max(png_, 8 << 20);
    png_set_user_limits(png_, 0x7fffffff, 0x7fffffff);
    png_read_info(png_, info_);
    return true;
  }

  bool set_transforms() {
    if (setjmp(state_.back)) return false;
    const auto depth = png_get_bit_depth(png_, info_);
    const auto colour = png_get_color_type(png_, info_);
    const bool wide_grey = colour == PNG_COLOR_TYPE_GRAY && depth == 16;
    if (depth == 16 && !wide_grey) png_set_strip_16(png_);
    if (colour == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png_);
    if (colour == PNG_COLOR_TYPE_GRAY && depth < 8) png_set_expand_gray_1_2_4_to_8(png_);
    if ((colour == PNG_COLOR_TYPE_GRAY && !wide_grey) || colour == PNG_COLOR_TYPE_GRAY_ALPHA) png_set_gray_to_rgb(png_);
    png_set_strip_alpha(png_);
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    if (png_get_rowbytes(png_, info_) != std::size_t{wide_grey ? 2u : 3u} * png_get_image_width(png_, info_)) {
      png_error(png_, "rows of an unexpected size");
    }
    return true;
  }

  bool read_pixels(png_bytepp rows) {
    if (setjmp(state_.back)) return false;
    png_read_image(png_, rows);
    png_read_end(png_, nullptr);  // checks that the file is whole
    return true;
  }

  void destroy() { png_destroy_read_struct(png_ ? &png_ : nullptr, info_ ? &info_ : nullptr, nullptr); }

  [[noreturn]] void fail() const {
    throw DataError(str(name_, ": not a readable PNG: ", static_cast<const char*>(state_.message)),
                    "copy the file again, or leave it out");
  }

  const std::string& name_;
  ReadState state_{};
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
};

}  // namespace

ImageSize png_size(Bytes encoded, const std::string& name) {
  return PngDecoder(encoded, name).size();
}

void decode_png(Bytes encoded, const std::string& name, Image& out) {
  PngDecoder(encoded, name).decode(out);
}

}  // namespace luvit
