// JPEG by libjpeg-turbo, decoding no more than the wanted box needs. The settings are Pillow's (accurate integer DCT,
// smooth chroma), so the pixels are too.
#include <jpeglib.h>

#include <csetjmp>
#include <cstdio>
#include <cstring>
// after jpeglib.h, which says what it was built with
#include <jerror.h>

#include "codecs.h"
#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {
namespace {

// Smooth chroma reads beyond the box's edge, so a box is decoded with this much around it; then its pixels are those
// of the whole image.
constexpr std::int64_t margin = 16;
// A crafted progressive file can ask for a pass over the whole image by every ten bytes.
constexpr int most_scans = 500;

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

// libjpeg goes on after lost data with grey or garbage; that is an error here. What leaves every pixel right (stray
// bytes between markers, odd version numbers) passes, as it does in Pillow.
void on_message(j_common_ptr info, int level) {
  if (level >= 0) return;
  switch (info->err->msg_code) {
    case JWRN_JPEG_EOF:
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_MUST_RESYNC:
    case JWRN_ARITH_BAD_CODE:
      leave(info);
    default:
      ++info->err->num_warnings;
  }
}

void no_output(j_common_ptr) {}

void count_scans(j_common_ptr info) {
  auto* decoder = reinterpret_cast<j_decompress_ptr>(info);
  if (decoder->input_scan_number > most_scans) ERREXIT1(decoder, JERR_BAD_PROGRESSION, most_scans);
}

// libjpeg reports errors by longjmp: between a step's setjmp and its end no object with a destructor is alive, which
// is why every step is a method over plain members.
class JpegDecoder {
 public:
  JpegDecoder(Bytes encoded, const std::string& name) : encoded_(encoded), name_(name) {
    info_.err = jpeg_std_error(&errors_.base);
    errors_.base.error_exit = leave;
    errors_.base.emit_message = on_message;
    errors_.base.output_message = no_output;
    progress_.progress_monitor = count_scans;
    if (!create_and_read_header()) {
      jpeg_destroy_decompress(&info_);
      fail();
    }
    try {
      check();
    } catch (...) {
      jpeg_destroy_decompress(&info_);
      throw;
    }
  }
  ~JpegDecoder() { jpeg_destroy_decompress(&info_); }
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;

  ImageSize size() const { return {info_.image_height, info_.image_width}; }

  void decode(const Box& box, Image& out) {
    if (box.top < 0 || box.left < 0 || box.height <= 0 || box.width <= 0 || box.top + box.height > info_.image_height ||
        box.left + box.width > info_.image_width) {
      throw std::out_of_range(str(name_, ": a box beyond the image"));
    }
    if (!start(box)) fail();
    const auto channels = static_cast<std::size_t>(info_.output_components);
    row_.resize(info_.output_width * channels);
    out.height = box.height;
    out.width = box.width;
    out.pixels.resize(static_cast<std::size_t>(box.height * box.width * 3));
    if (!skip_to(box.top)) fail();
    const std::uint8_t* wanted = row_.data() + static_cast<std::size_t>(box.left - left_) * channels;
    for (std::int64_t y = 0; y < box.height; ++y) {
      if (!next_row()) fail();
      std::uint8_t* to = out.pixels.data() + y * box.width * 3;
      if (channels == 4) {
        cmyk_to_rgb(wanted, to, box.width);
      } else {
        std::memcpy(to, wanted, static_cast<std::size_t>(box.width * 3));
      }
    }
    jpeg_abort_decompress(&info_);  // rows below the box are not looked at
  }

 private:
  bool create_and_read_header() {
    if (setjmp(errors_.back)) return false;
    jpeg_create_decompress(&info_);
    info_.progress = &progress_;
    jpeg_mem_src(&info_, encoded_.data(), encoded_.size());
    jpeg_read_header(&info_, TRUE);
    return true;
  }

  void check() const {
    check_size(info_.image_height, info_.image_width, name_);
    if (info_.num_components != 1 && info_.num_components != 3 && info_.num_components != 4) {
      throw DataError(str(name_, ": a JPEG of ", info_.num_components, " components, expected 1, 3 or 4"));
    }
    // The box may end above the place where a file was cut. Coded data holds no FF D9, so one after the header is
    // the end of the image.
    static constexpr std::uint8_t end_mark[] = {0xFF, 0xD9};
    const auto* begin = info_.src->next_input_byte;
    const auto* end = begin + info_.src->bytes_in_buffer;
    if (std::find_end(begin, end, end_mark, end_mark + 2) == end) {
      throw DataError(str(name_, ": cut short: the JPEG has no end mark"), "copy the file again, or leave it out");
    }
  }

  bool start(const Box& box) {
    if (setjmp(errors_.back)) return false;
    const bool four = info_.jpeg_color_space == JCS_CMYK || info_.jpeg_color_space == JCS_YCCK;
    info_.out_color_space = four ? JCS_CMYK : JCS_RGB;
    info_.dct_method = JDCT_ISLOW;
    info_.do_fancy_upsampling = TRUE;
    jpeg_start_decompress(&info_);
    JDIMENSION left = static_cast<JDIMENSION>(std::max<std::int64_t>(0, box.left - margin));
    const auto right = std::min<std::int64_t>(info_.image_width, box.left + box.width + margin);
    JDIMENSION width = static_cast<JDIMENSION>(right) - left;
    if (width < info_.image_width) jpeg_crop_scanline(&info_, &left, &width);
    left_ = width < info_.image_width ? left : 0;
    return true;
  }

  bool skip_to(std::int64_t top) {
    if (setjmp(errors_.back)) return false;
    const auto skipped = std::max<std::int64_t>(0, top - margin);
    if (skipped > 0) jpeg_skip_scanlines(&info_, static_cast<JDIMENSION>(skipped));
    for (auto y = skipped; y < top; ++y) read_row();
    return true;
  }

  bool next_row() {
    if (setjmp(errors_.back)) return false;
    read_row();
    return true;
  }

  void read_row() {
    JSAMPROW row = row_.data();
    jpeg_read_scanlines(&info_, &row, 1);
  }

  [[noreturn]] void fail() const {
    throw DataError(str(name_, ": not a readable JPEG: ", static_cast<const char*>(errors_.message)),
                    "copy the file again, or leave it out");
  }

  Bytes encoded_;
  const std::string& name_;
  jpeg_decompress_struct info_{};
  jpeg_progress_mgr progress_{};
  ErrorHandler errors_{};
  std::int64_t left_ = 0;  // of the rows that libjpeg gives, which begin at a block's edge
  static thread_local std::vector<std::uint8_t> row_;
};

thread_local std::vector<std::uint8_t> JpegDecoder::row_;

}  // namespace

ImageSize jpeg_size(Bytes encoded, const std::string& name) {
  return JpegDecoder(encoded, name).size();
}

void decode_jpeg(Bytes encoded, const std::string& name, const Box& box, Image& out) {
  JpegDecoder(encoded, name).decode(box, out);
}

}  // namespace luvit
