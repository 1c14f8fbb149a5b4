// WebP, BMP and TIFF by OpenCV. Sizes are read from the headers first, by hand: OpenCV has no way to ask for them.
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>

#include "codecs.h"
#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {
namespace {

[[noreturn]] void broken(const std::string& name, const char* format, const std::string& why) {
  throw DataError(str(name, ": not a readable ", format, ": ", why), "copy the file again, or leave it out");
}

// Reads numbers at any place; beyond the end is an error.
class Header {
 public:
  Header(Bytes encoded, const std::string& name, const char* format, bool big_endian = false)
      : encoded_(encoded), name_(name), format_(format), big_endian_(big_endian) {}

  std::int64_t number(std::size_t at, int bytes) const {
    if (at > encoded_.size() || encoded_.size() - at < static_cast<std::size_t>(bytes)) {
      broken(name_, format_, "cut short");
    }
    std::int64_t value = 0;
    for (int i = 0; i < bytes; ++i) {
      const int shift = 8 * (big_endian_ ? bytes - 1 - i : i);
      value |= static_cast<std::int64_t>(encoded_[at + static_cast<std::size_t>(i)]) << shift;
    }
    return value;
  }

 private:
  Bytes encoded_;
  const std::string& name_;
  const char* format_;
  bool big_endian_;
};

}  // namespace

// WebP container specification: VP8X (extended), VP8L (lossless) or VP8 (lossy) follows "RIFF....WEBP".
ImageSize webp_size(Bytes encoded, const std::string& name) {
  const Header header(encoded, name, "WebP");
  if (header.number(4, 4) > static_cast<std::int64_t>(encoded.size()) - 8) broken(name, "WebP", "cut short");
  const auto kind = header.number(12, 4);
  if (kind == 0x58385056) return {header.number(27, 3) + 1, header.number(24, 3) + 1};  // VP8X
  if (kind == 0x4C385056) {                                                             // VP8L
    const auto bits = header.number(21, 4);
    return {(bits >> 14 & 0x3FFF) + 1, (bits & 0x3FFF) + 1};
  }
  if (kind != 0x20385056) broken(name, "WebP", "no image in it");
  return {header.number(28, 2) & 0x3FFF, header.number(26, 2) & 0x3FFF};  // VP8
}

ImageSize bmp_size(Bytes encoded, const std::string& name) {
  const Header header(encoded, name, "BMP");
  if (header.number(14, 4) == 12) return {header.number(20, 2), header.number(18, 2)};  // OS/2's short header
  const auto height = static_cast<std::int32_t>(header.number(22, 4));                  // negative: top row first
  return {std::abs(static_cast<std::int64_t>(height)), header.number(18, 4)};
}

namespace {

// TIFF 6.0: where the value of `tag` stands in the first directory.
std::optional<std::size_t> tiff_value_at(const Header& header, std::int64_t tag) {
  const auto directory = static_cast<std::size_t>(header.number(4, 4));
  const auto entries = header.number(directory, 2);
  for (std::int64_t i = 0; i < entries; ++i) {
    const auto at = directory + 2 + static_cast<std::size_t>(i) * 12;
    if (header.number(at, 2) == tag) return at + 8;
  }
  return std::nullopt;
}

std::int64_t tiff_number(const Header& header, std::int64_t tag) {
  const auto at = tiff_value_at(header, tag);
  constexpr std::int64_t sixteen_bits = 3;
  return at ? header.number(*at, header.number(*at - 6, 2) == sixteen_bits ? 2 : 4) : 0;
}

}  // namespace

ImageSize tiff_size(Bytes encoded, const std::string& name) {
  const Header header(encoded, name, "TIFF", encoded[0] == 'M');
  return {tiff_number(header, 257), tiff_number(header, 256)};
}

namespace {

// Pillow drops alpha and cuts 16-bit grey off at 255. OpenCV multiplies alpha in, unless the file says that this is
// already done, and scales 16 bits to 8.
cv::Mat tiff_pixels(Bytes encoded, const std::string& name) {
  constexpr std::int64_t extra_samples = 338, separate_alpha = 2, multiplied_alpha = 1;
  std::vector<std::uint8_t> bytes(encoded.begin(), encoded.end());
  const Header header(encoded, name, "TIFF", encoded[0] == 'M');
  if (tiff_number(header, extra_samples) == separate_alpha) {
    bytes[*tiff_value_at(header, extra_samples) + (encoded[0] == 'M' ? 1 : 0)] = multiplied_alpha;
  }
  const cv::Mat stored = cv::imdecode(bytes, cv::IMREAD_UNCHANGED);
  if (stored.type() != CV_16UC1) return cv::imdecode(bytes, cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION);
  cv::Mat colour(stored.size(), CV_8UC3);
  for (int y = 0; y < stored.rows; ++y) {
    const auto* from = stored.ptr<std::uint16_t>(y);
    auto* to = colour.ptr<std::uint8_t>(y);
    for (int x = 0; x < stored.cols; ++x)
      std::fill_n(to + 3 * x, 3, static_cast<std::uint8_t>(std::min<int>(from[x], 255)));
  }
  return colour;
}

}  // namespace

void decode_opencv(Bytes encoded, const std::string& name, Image& out) {
  static const auto once = cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  static_cast<void>(once);
  cv::Mat pixels;
  try {
    const cv::Mat bytes(1, static_cast<int>(encoded.size()), CV_8U, const_cast<std::uint8_t*>(encoded.data()));
    pixels = image_format(encoded, name) == Format::tiff
                 ? tiff_pixels(encoded, name)
                 : cv::imdecode(bytes, cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION);
  } catch (const cv::Exception& error) {
    throw DataError(str(name, ": not a readable image: ", error.err), "copy the file again, or leave it out");
  }
  if (pixels.empty()) {
    throw DataError(str(name, ": not a readable image: damaged or cut short"), "copy the file again, or leave it out");
  }
  out.height = pixels.rows;
  out.width = pixels.cols;
  out.pixels.resize(static_cast<std::size_t>(out.height * out.width * 3));
  for (int y = 0; y < pixels.rows; ++y) {
    const std::uint8_t* from = pixels.ptr(y);
    std::uint8_t* to = out.pixels.data() + out.width * 3 * y;
    for (std::int64_t x = 0; x < out.width; ++x) {  // OpenCV keeps blue first
      to[3 * x] = from[3 * x + 2];
      to[3 * x + 1] = from[3 * x + 1];
      to[3 * x + 2] = from[3 * x];
    }
  }
}

}  // namespace luvit
