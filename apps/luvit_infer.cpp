#include <ATen/Context.h>

#include "luvit/config/options_parser.h"
#include "luvit/core/error.h"
#include "luvit/eval/infer.h"

namespace {

int infer_program(int argc, char** argv) {
  std::string weights, tensors, emit, out, pictures, type = "float32";
  std::int64_t seed = 0;
  luvit::InferOptions options;
  luvit::OptionsParser parser("luvit_infer", "Runs a model over images or tensors and writes what it computes.");
  parser.add("--weights", weights, "a model: this project's file, or a checkpoint folder");
  parser.add("--images", options.images, "image files, folders of images, tar shards");
  parser.add("--tensors", tensors,
             "safetensors instead: images float32 [B,3,H,W], normalised; for mae also noise float32 [B,L]");
  parser.add("--emit", emit,
             "any of logits,features,encoder,attention,entropy,mae, block.K and attention.K (K from 0), "
             "l1,llm_attn,llm_ffn,llm,l2,attention.llm, separated by commas");
  parser.add("--out", out, "the safetensors file to write");
  parser.choice("--dtype", type, {"float32", "bfloat16"}, "type of the matrix products");
  parser.add("--seed", seed, "of the masks, where --tensors brings no noise");
  parser.add("--batch", options.batch, "images at a time", 1);
  parser.add("--pictures", pictures, "folder for PNGs: reconstructions (mae), or entropy and norm maps");
  for (const char* name : {"--weights", "--emit", "--out"}) parser.required(name);
  if (!parser.parse(argc, argv, "\nUses the GPU where there is one.\n")) return 0;

  options.weights = weights;
  options.tensors = tensors;
  options.emit = luvit::parse_outputs(emit);
  options.out = out;
  options.pictures = pictures;
  options.compute = type == "bfloat16" ? at::kBFloat16 : at::kFloat;
  options.device = at::hasCUDA() ? at::kCUDA : at::kCPU;
  options.seed = static_cast<std::uint64_t>(seed);
  luvit::infer(options);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return luvit::run_main("luvit_infer", infer_program, argc, argv);
}
