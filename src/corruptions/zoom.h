#pragma once
#include "plane.h"

namespace luvit {

// The middle of a plane, 1/factor of each side, brought back to at least the whole size by scipy.ndimage.zoom with
// order 1 (corners on corners), to the last bit.
template <typename Number>
PlaneOf<Number> zoomed_middle(const PlaneOf<Number>& in, double factor);

}  // namespace luvit
