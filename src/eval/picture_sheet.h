#pragma once
#include "luvit/data/image.h"
#include "luvit/weights/model_file.h"

namespace luvit {

// Normalised images [B,3,S,S] as what they show: uint8.
at::Tensor to_pixels(const at::Tensor& images, const Preprocess& preprocess);

// Tiles [B,3,S,S] uint8 side by side, a row an image, with white gaps between; small ones enlarged.
Image make_sheet(const std::vector<at::Tensor>& columns);

}  // namespace luvit
