// scripts/luvit_torch.py against the models here: the same file, the same outputs.
#include <cstdlib>

#include "models_for_test.h"

namespace luvit {
namespace {

struct Arm {
  std::string name;
  OpenedModel description;
  at::ScalarType frozen_type = at::kFloat;
};

Arm arm(
    const std::string& name, ModelKind kind, FusionKind fusion,
    const std::function<void(OpenedModel&)>& change = [](OpenedModel&) {}) {
  Arm out{name, small_model(kind, fusion)};
  change(out.description);
  return out;
}

// Every fusion with every option, each kind of model.
std::vector<Arm> arms() {
  using enum ModelKind;
  std::vector<Arm> all = {
      arm("mae_plain", pretraining, FusionKind::none, [](auto& m) { m.masking.norm_pix = false; }),
      arm("mae_mlp", pretraining, FusionKind::mlp),
      arm("mae_linear", pretraining, FusionKind::mlp,
          [](auto& m) {
            m.options.fusion.activation = Activation::none;
            m.options.fusion.bias = false;
          }),
      arm("mae_luvit", pretraining, FusionKind::llama),
      arm("mae_frozen", pretraining, FusionKind::llama, [](auto& m) { m.options.fusion.lora.rank = 0; }),
      arm("mae_all_lora", pretraining, FusionKind::llama,
          [](auto& m) {
            m.options.fusion.lora.targets = {"q", "k", "v", "o", "gate", "up", "down"};
            m.options.fusion.bias = true;
            m.options.fusion.residual = Residual::outer;
            m.options.fusion.final_norm = FinalNorm::unit;
          }),
      arm("mae_qwen", pretraining, FusionKind::llama,
          [](auto& m) {
            FusionOptions& fusion = m.options.fusion;
            fusion.head_dim = 10;
            fusion.kv_heads = 1;
            fusion.qkv_bias = fusion.o_bias = fusion.qk_norm = true;
            fusion.final_norm = FinalNorm::pretrained;
          }),
      arm("mae_half_block", pretraining, FusionKind::llama),
      arm("classifier_mean", classifier, FusionKind::llama),
      arm("classifier_cls", classifier, FusionKind::none, [](auto& m) { m.options.pool = Pool::cls; }),
      arm("encoder_luvit", encoder, FusionKind::llama),
      arm("encoder_bare", encoder, FusionKind::none, [](auto& m) { m.encoder_norm = false; }),
  };
  for (Arm& one : all)
    if (one.name == "mae_half_block") one.frozen_type = at::kBFloat16;
  return all;
}

NamedTensors outputs(const Encoder& model, const at::Tensor& images, const at::Tensor& noise) {
  const std::string last = block_tap(model.options.depth - 1);
  Taps taps({last});
  NamedTensors out = {{"features", model.features(images, {}, &taps)}};
  out.emplace_back("encoder", taps[last]);
  if (const auto* mae = dynamic_cast<const MaskedAutoencoder*>(&model)) {
    const MaeOutput result = (*mae)(images, noise);
    out.insert(out.end(), {{"loss", result.loss}, {"pred", result.pred}, {"mask", result.mask}, {"patches", images}});
  }
  if (const auto* classifier = dynamic_cast<const Classifier*>(&model))
    out.emplace_back("logits", (*classifier)(images));
  return out;
}

TEST(LuvitTorch, ComputesTheSame) {
  const fs::path python = fs::path(LUVIT_SOURCE_DIR) / ".venv/bin/python";
  if (!fs::exists(python)) GTEST_SKIP() << python << " is not there (a LibTorch of one's own brings no Python)";
  TemporaryFolder folder;
  const at::Tensor images = varied({2, 3, 16, 16}, 3, 1), noise = varied({2, 16}, 5, 0.5) + 0.5;
  write_safetensors(folder / "inputs", {{"images", images}, {"noise", noise}}, {});
  for (const Arm& one : arms()) save_filled(folder / (one.name + ".safetensors"), one.description, one.frozen_type);

  const std::string source = LUVIT_SOURCE_DIR;
  const std::string command = "'" + python.string() + "' '" + source + "/tests/weights/run_luvit_torch.py' '" + source +
                              "/scripts' '" + folder.path().string() + "'";
  ASSERT_EQ(std::system(command.c_str()), 0) << command;

  const at::NoGradGuard no_gradients;
  for (const Arm& one : arms()) {
    const fs::path path = folder / (one.name + ".safetensors");
    const auto model = loaded(path, at::kFloat);
    const SafetensorsFile theirs(fs::path(path).replace_extension(".outputs"));
    const NamedTensors ours = outputs(*model, images, noise);
    EXPECT_EQ(theirs.tensors().size(), ours.size()) << one.name;
    for (const auto& [name, tensor] : ours)
      EXPECT_LE(distance(tensor, theirs.read(name)), 1e-5) << one.name << ' ' << name;
    // What Python saves is a file of ours, bit by bit the same tensors.
    expect_same_tensors(*loaded(fs::path(path).replace_extension(".saved")), *loaded(path));
  }

  // The control: one option read wrongly shows.
  OpenedModel wrong = describe_model(folder / "mae_luvit.safetensors");
  wrong.options.fusion.lora.alpha = 3;
  const auto model = make_model(wrong);
  load_model(*model, folder / "mae_luvit.safetensors");
  EXPECT_GT(distance(model->features(images), SafetensorsFile(folder / "mae_luvit.outputs").read("features")), 1e-4);
}

}  // namespace
}  // namespace luvit
