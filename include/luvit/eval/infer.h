#pragma once
#include <optional>

#include "luvit/eval/outputs.h"

namespace luvit {

// luvit_infer's options. Exactly one of `images` and `tensors` is given.
struct InferOptions {
  fs::path weights;                 // this project's file or a checkpoint folder
  std::vector<std::string> images;  // image files, folders of them, tar shards
  fs::path tensors;                 // safetensors: images [B,3,S,S] normalised; noise [B,L] for mae, else from `seed`
  Outputs emit;
  fs::path out;
  fs::path pictures;  // folder for PNGs, one an image; empty: none
  at::ScalarType compute = at::kFloat;
  at::Device device = at::kCPU;
  std::uint64_t seed = 0;
  std::int64_t batch = 32;   // images at a time
  std::int64_t workers = 0;  // threads that decode; 0: one a core, less one
};

// Runs a model over images and writes what is asked for, float32, in the images' order. `loss` is the mean over the
// masked patches of the whole input. Nothing is written at `out` unless all of it succeeds.
void infer(const InferOptions& options);

}  // namespace luvit
