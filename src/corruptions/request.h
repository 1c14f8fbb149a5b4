#pragma once
#include "luvit/corruptions/corruption.h"
#include "luvit/corruptions/numpy_random.h"

namespace luvit {

// One picture to corrupt. Each corruption is a function of it; the files are by kind: noise, blur, weather, digital.
struct Request {
  const Image& image;
  int severity;  // 1 … 5
  Flavour flavour;
  const Frost& frost;
  NumpyRandom& random;

  bool official() const { return flavour == Flavour::imagenet_c; }
  // The parameters of this severity.
  template <typename Parameters>
  const Parameters& of(const Parameters (&table)[5]) const {
    return table[severity - 1];
  }
};

Image gaussian_noise(const Request& request);
Image shot_noise(const Request& request);
Image impulse_noise(const Request& request);
Image speckle_noise(const Request& request);

Image gaussian_blur(const Request& request);
Image glass_blur(const Request& request);
Image defocus_blur(const Request& request);
Image motion_blur(const Request& request);
Image zoom_blur(const Request& request);

Image snow(const Request& request);
Image frost(const Request& request);
Image fog(const Request& request);
Image spatter(const Request& request);

Image brightness(const Request& request);
Image saturate(const Request& request);
Image contrast(const Request& request);
Image elastic_transform(const Request& request);
Image pixelate(const Request& request);
Image jpeg_compression(const Request& request);

// What a JPEG of this quality (chroma halved) keeps of a picture.
Image through_jpeg(const Image& image, int quality);

// ImageMagick's arithmetic around its motion blur: 16 bits a channel, rounded, and what 8 bits hold of it. Numbers
// 0 … 255, whole ones after it.
void round_as_magick(double* levels, std::int64_t n);

}  // namespace luvit
