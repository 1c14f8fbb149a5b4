#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "luvit/io/safetensors.h"
#include "luvit/models/classifier.h"
#include "luvit/optim/gradient_noise.h"

// Against scripts/fixtures/gsnr.py: gradients of a timm model taken sample by sample by autograd, in float64. Ours are
// float64 too, so that the stream's float32 alone is what is seen: a single parameter's ratio from float32 gradients is
// right to a few 1e-5, as torch's own are.

namespace luvit {
namespace {

class GsnrParity : public ::testing::Test {
 protected:
  GsnrParity() : model_(options()) {
    for (const NamedTensor& named : model_.named_tensors())
      *named.tensor = file_.read("param." + named.name).set_requires_grad(true);
  }

  static ModelOptions options() {
    ModelOptions options;
    options.image_size = 16;
    options.patch_size = 8;
    options.dim = 12;
    options.depth = 2;
    options.heads = 3;
    options.classes = 5;
    options.fusion.kind = FusionKind::none;
    return options;
  }

  std::vector<TensorGsnr> measure(std::int64_t micro_batch) {
    const at::Tensor images = file_.read("images").to(at::kDouble), targets = file_.read("targets");
    GradientNoise noise(model_.trained_tensors());
    for (std::int64_t first = 0; first < images.size(0); first += micro_batch) {
      for (const NamedTensor& named : model_.trained_tensors()) named.tensor->mutable_grad().reset();
      const at::Tensor logits = model_(images.narrow(0, first, micro_batch));
      const at::Tensor loss = -(targets.narrow(0, first, micro_batch) * at::log_softmax(logits, 1)).sum();
      (loss / micro_batch).backward();
      noise.add(micro_batch);
    }
    samples_ = noise.draws().samples;
    return noise.finish();
  }

  static std::vector<const TensorGsnr*> of_layer(const std::vector<TensorGsnr>& all, const std::string& layer) {
    std::vector<const TensorGsnr*> found;
    for (const TensorGsnr& tensor : all)
      if (layer == "all" || layer_of(tensor.name) == layer) found.push_back(&tensor);
    return found;
  }

  // The fixture's ratios of a tensor, those left out taken away.
  at::Tensor theirs(const std::string& name) const {
    const at::Tensor all = file_.read(name).flatten();
    return all.masked_select(all.isfinite());
  }

  SafetensorsFile file_{LUVIT_SOURCE_DIR "/tests/parity/fixtures/gsnr.safetensors"};
  Classifier model_;
  std::int64_t samples_ = 0;
};

TEST_F(GsnrParity, EachParametersRatioIsThatOfGradientsTakenSampleBySample) {
  for (const auto& [micro_batch, prefix] : {std::pair<std::int64_t, std::string>{1, "r."}, {4, "r4."}}) {
    std::int64_t seen = 0;
    for (const TensorGsnr& tensor : measure(micro_batch)) {
      const at::Tensor wanted = theirs(prefix + tensor.name);
      ASSERT_EQ(std::ssize(tensor.r), wanted.numel()) << tensor.name;
      const at::Tensor ours = at::tensor(tensor.r).to(at::kDouble);
      // Around zero a ratio is the difference of two numbers of about 1/N.
      const at::Tensor scale = wanted.abs() + 1.0 / 48;
      EXPECT_LT(((ours - wanted).abs() / scale).max().item<double>(), 1e-5) << prefix << tensor.name;
      seen += wanted.numel();
    }
    EXPECT_GT(seen, 3000);
  }
}

TEST_F(GsnrParity, FiguresOfLayersAreNumpys) {
  const auto names = nlohmann::json::parse(file_.metadata().at("names")).get<std::vector<std::string>>();
  const at::Tensor wanted = file_.read("layers");
  const std::vector<TensorGsnr> all = measure(1);
  ASSERT_EQ(std::ssize(names), wanted.size(0));
  ASSERT_GE(names.size(), 4U);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const GsnrFigures ours = gsnr_figures(of_layer(all, names[i]), samples_);
    const at::Tensor row = wanted[static_cast<std::int64_t>(i)];
    const auto theirs = [&](std::int64_t column) { return row[column].item<double>(); };
    EXPECT_EQ(ours.n, std::llround(theirs(0))) << names[i];
    EXPECT_NEAR(ours.mean, theirs(1), 1e-5 * std::abs(theirs(1))) << names[i];
    EXPECT_NEAR(ours.median, theirs(2), 1e-5 / 48) << names[i];
    EXPECT_NEAR(ours.p95, theirs(3), 1e-5 * std::abs(theirs(3))) << names[i];
    EXPECT_DOUBLE_EQ(ours.share_positive, theirs(4)) << names[i];
    EXPECT_NEAR(ours.ratio, theirs(5), 1e-5 * std::abs(theirs(5))) << names[i];
  }
}

TEST_F(GsnrParity, PlausibleMistakesLieFarAway) {
  const double ours = gsnr_figures(of_layer(measure(1), "all"), samples_).ratio;
  for (const char* name : {"wrong.naive", "wrong.over_n", "wrong.summed"})
    EXPECT_GT(std::abs(file_.read(name).item<double>() / ours - 1), 1e-3) << name;
}

}  // namespace
}  // namespace luvit
