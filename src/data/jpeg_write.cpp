#include <jpeglib.h>

#include <csetjmp>
#include <cstdio>
#include <cstdlib>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/data/image.h"

namespace luvit {
namespace {

struct ErrorHandler {
  jpeg_error_mgr base;  // first, so that libjpeg's pointer to it is one to us
  std::jmp_buf back;
  char message[JMSG_LENGTH_MAX];
};

[[noreturn]] void leave(j_common_ptr info) {
  auto* handler = reinterpret_cast<ErrorHandler*>(info->err);
  (*handler->base.format_message)(info, handler->message);
  std::longjmp(handler->back, 1);
}

// No object with a destructor may live between setjmp and longjmp, so this one's buffer is malloc's, as libjpeg wants.
struct JpegEncoder {
  jpeg_compress_struct info{};
  ErrorHandler errors{};
  unsigned char* buffer = nullptr;
  unsigned long bytes = 0;

  ~JpegEncoder() {
    jpeg_destroy_compress(&info);
    std::free(buffer);
  }

  bool encode(const Image& image, int quality, bool optimize) {
    info.err = jpeg_std_error(&errors.base);
    errors.base.error_exit = leave;
    if (setjmp(errors.back)) return false;
    jpeg_create_compress(&info);
    jpeg_mem_dest(&info, &buffer, &bytes);
    info.image_width = static_cast<JDIMENSION>(image.width);
    info.image_height = static_cast<JDIMENSION>(image.height);
    info.input_components = 3;
    info.in_color_space = JCS_RGB;
    jpeg_set_defaults(&info);  // YCbCr, chroma halved both ways
    jpeg_set_quality(&info, quality, TRUE);
    info.optimize_coding = optimize ? TRUE : FALSE;
    jpeg_start_compress(&info, TRUE);
    for (std::int64_t y = 0; y < image.height; ++y) {
      JSAMPROW row = const_cast<JSAMPROW>(image.pixels.data()) + y * image.width * 3;
      jpeg_write_scanlines(&info, &row, 1);
    }
    jpeg_finish_compress(&info);
    return true;
  }
};

}  // namespace

std::string encode_jpeg(const Image& image, int quality, bool optimize) {
  JpegEncoder encoder;
  if (!encoder.encode(image, quality, optimize)) {
    throw RunError(str("a picture of ", image.width, "×", image.height,
                       " cannot be written as JPEG: ", static_cast<const char*>(encoder.errors.message)));
  }
  return {reinterpret_cast<const char*>(encoder.buffer), encoder.bytes};
}

}  // namespace luvit
