#pragma once
#include <ATen/core/Tensor.h>

#include <map>
#include <set>
#include <string>

namespace luvit {

// What one forward pass shows besides its result. B images, T tokens (the class token first), D the ViT's width, E the
// language block's, H heads; K counts the ViT's blocks from 0.
//   block.K        [B,T,D]    block K's output
//   attention.K    [B,H,T,T]  its attention after softmax, float32, computed again from the block's input
//   l1             [B,T,E]    L1's output
//   llm_attn       [B,T,E]    what the language block's attention adds to that
//   llm_ffn        [B,T,E]    what its feed-forward part adds to both
//   llm            [B,T,E]    the block's output: the sum of these three
//   attention.llm  [B,H,T,T]  its attention
//   l2             [B,T,D]    L2's output, before a residual around the fusion
// Only what is wanted is kept, and no attention matrix is made that is not wanted: the pass itself stays the fast one.
class Taps {
 public:
  Taps() = default;
  explicit Taps(std::set<std::string> wanted) : wanted_(std::move(wanted)) {}

  bool want(const std::string& name) const { return wanted_.count(name) != 0; }
  // By the model, as it goes.
  void show(const std::string& name, const at::Tensor& value) {
    if (want(name)) shown_[name] = value;
  }
  // An undefined tensor where the pass did not come by it.
  at::Tensor operator[](const std::string& name) const {
    const auto found = shown_.find(name);
    return found == shown_.end() ? at::Tensor() : found->second;
  }

 private:
  std::set<std::string> wanted_;
  std::map<std::string, at::Tensor> shown_;
};

std::string block_tap(std::int64_t block);      // "block.3"
std::string attention_tap(std::int64_t block);  // "attention.3"

}  // namespace luvit
