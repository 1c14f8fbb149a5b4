#include "luvit/benchmark/options.h"
#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {
namespace {

// configs/demo/luvit.yaml's.
ModelOptions demo() {
  ModelOptions model;
  model.image_size = 32;
  model.patch_size = 4;
  model.dim = 128;
  model.depth = 4;
  model.heads = 4;
  model.decoder = {.dim = 96, .depth = 2, .heads = 4};
  model.fusion.dim = 576;  // SmolLM2-135M
  model.fusion.heads = 9;
  model.fusion.kv_heads = 3;
  model.fusion.hidden = 1536;
  return model;
}

}  // namespace

ModelOptions preset(const std::string& name) {
  ModelOptions model = name == "demo" ? demo() : ModelOptions{};
  model.fusion.weights = "random";
  if (name == "vit_b") model.fusion.kind = FusionKind::none;
  const std::vector<std::string> known = {"luvit_b", "vit_b", "demo"};
  if (std::find(known.begin(), known.end(), name) == known.end()) {
    const std::string near = nearest(name, known);
    throw UsageError(str("--preset '", name, "' is not known; expected ", join(known, ", ")),
                     near.empty() ? "" : str("did you mean ", near, "?"));
  }
  return model;
}

}  // namespace luvit
