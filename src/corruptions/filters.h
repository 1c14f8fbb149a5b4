#pragma once
#include <vector>

#include "plane.h"

namespace luvit {

// What lies beyond the edge, by scipy's names: the nearest pixel; the plane mirrored with its edge pixel twice; the
// same with the edge pixel once (OpenCV's default).
enum class Border { nearest, reflect, mirror };
std::int64_t inside(std::int64_t place, std::int64_t size, Border border);

// numpy.sum's order of additions: eight sums side by side, in blocks of at most 128.
double pairwise_sum(const double* values, std::int64_t n);

// scipy.ndimage.gaussian_filter over rows and columns, to the last bit. Weights from the centre outwards to
// int(truncate·sigma + 0.5), normalised over both sides.
std::vector<double> gaussian_weights(double sigma, double truncate);
struct GaussianOptions {
  double sigma_y, sigma_x;
  Border border = Border::nearest;
  double truncate = 4;
  bool single = false;  // scipy's array is float32: each pass rounds to it
};
Plane gaussian_filter(const Plane& in, const GaussianOptions& options);
inline Plane gaussian_filter(const Plane& in, double sigma) {
  return gaussian_filter(in, {sigma, sigma});
}

// The mean along a line of pixels, weighted by one side of a Gaussian: ImageMagick's motion blur, which
// imagecorruptions also has (its `_motion_blur`). `angle` in degrees.
Plane motion_blur(const Plane& in, int radius, double sigma, double angle);

// Correlation with a kernel of (2·radius + 1)² weights that is the same in all four quadrants, given by one: row by
// row, `quadrant[dy·(radius + 1) + dx]`. Border::mirror.
Plane symmetric_filter(const Plane& in, const std::vector<double>& quadrant, std::int64_t radius);

}  // namespace luvit
