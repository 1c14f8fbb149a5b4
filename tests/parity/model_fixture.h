#pragma once
#include <gtest/gtest.h>

#include <cmath>

#include "luvit/io/safetensors.h"
#include "luvit/models/module.h"

namespace luvit {

// A file of scripts/fixtures/models.py (its head explains the names), read in one type.
class ModelFixture {
 public:
  ModelFixture(const std::string& name, at::ScalarType type)
      : file_(str_path(name)), type_(type), tolerance_(type == at::kDouble ? 1e-10 : 1e-5) {}

  at::Tensor operator[](const std::string& name) const { return file_.read(name).to(type_); }

  // An input that a gradient is wanted for.
  at::Tensor input(const std::string& name) const { return (*this)[name].requires_grad_(true); }

  // Every tensor of the model, no more and no fewer, from `param.*`.
  void fill(Module& model) const {
    std::size_t filled = 0;
    for (const NamedTensor& named : model.named_tensors()) {
      at::Tensor value = (*this)["param." + named.name];
      ASSERT_EQ(value.sizes(), named.tensor->sizes()) << named.name;
      *named.tensor = value.set_requires_grad(named.role == Role::trained);
      ++filled;
    }
    EXPECT_EQ(filled, static_cast<std::size_t>(count("param.")));
  }

  // Largest difference over the largest value.
  static double distance(const at::Tensor& ours, const at::Tensor& theirs) {
    const at::Tensor a = ours.detach().to(at::kDouble), b = theirs.to(at::kDouble);
    if (a.sizes() != b.sizes()) return INFINITY;
    return ((a - b).abs().max() / b.abs().max()).item<double>();
  }

  void expect_equal(const std::string& name, const at::Tensor& ours) const {
    ASSERT_TRUE(ours.defined()) << name;
    EXPECT_LE(distance(ours, (*this)[name]), tolerance_) << name;
  }

  // The negative control: what plausible mistakes give must lie well outside the tolerance.
  void expect_unlike_mistakes(const at::Tensor& ours) const {
    EXPECT_GT(count("wrong."), 0);
    for (const TensorInfo& info : file_.tensors()) {
      if (info.name.starts_with("wrong.")) {
        EXPECT_GT(distance(ours, (*this)[info.name]), 10 * tolerance_) << info.name;
      }
    }
  }

  // Gradients of all trained tensors, and of nothing else.
  void expect_gradients(Module& model) const {
    for (const NamedTensor& named : model.named_tensors()) {
      const bool theirs = file_.has("grad." + named.name);
      EXPECT_EQ(theirs, named.role == Role::trained) << named.name;
      EXPECT_EQ(theirs, named.tensor->grad().defined()) << named.name;
      if (theirs) expect_equal("grad." + named.name, named.tensor->grad());
    }
  }

  double tolerance() const { return tolerance_; }

 private:
  static std::string str_path(const std::string& name) {
    return std::string(LUVIT_SOURCE_DIR) + "/tests/parity/fixtures/models_" + name + ".safetensors";
  }
  std::int64_t count(std::string_view prefix) const {
    const auto& tensors = file_.tensors();
    return std::count_if(tensors.begin(), tensors.end(), [&](const auto& t) { return t.name.starts_with(prefix); });
  }

  SafetensorsFile file_;
  at::ScalarType type_;
  double tolerance_;
};

// The tests below run in both types.
class BothTypes : public testing::TestWithParam<at::ScalarType> {};
inline std::string type_name(const testing::TestParamInfo<at::ScalarType>& info) {
  return c10::toString(info.param);
}

}  // namespace luvit
