#pragma once
#include "luvit/data/evaluation_reader.h"
#include "luvit/data/image.h"
#include "luvit/weights/model_file.h"

namespace luvit {

EvaluationView view_of(const Preprocess& preprocess);

// Pictures for people: one row an image, small images enlarged by a whole factor. Equal input gives equal bytes.
// Tensors are on the CPU, float32; images [B,3,S,S] normalised by `preprocess`.

// Original | masked | reconstruction, the patches of `pred` de-normalised by each original patch's own mean and
// variance under norm_pix; visible patches are shown as they are. pred [B,L,P²·3], mask [B,L].
Image reconstruction_sheet(const at::Tensor& images, const at::Tensor& pred, const at::Tensor& mask,
                           std::int64_t patch_size, bool norm_pix, const Preprocess& preprocess);

// Original | entropy map | norm map, each map scaled to its own minimum and maximum (a constant one is all dark).
// entropy [B,1+L], norm [B,L].
Image map_sheet(const at::Tensor& images, const at::Tensor& entropy, const at::Tensor& norm,
                const Preprocess& preprocess);

}  // namespace luvit
