#include "luvit/train/shared_optimizer.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace luvit {

SharedOptimizer::SharedOptimizer(Ranks& ranks, std::vector<ParameterGroup> groups, const OptimOptions& options,
                                 bool in_shares)
    : ranks_(ranks), own_(std::move(groups), options, in_shares ? ranks.rank() : 0, in_shares ? ranks.size() : 1) {
  const std::int64_t parts = in_shares ? ranks.size() : 1;
  for (std::int64_t part = 0; part < parts; ++part) {
    pieces_.push_back(pieces_of_part(own_.groups(), part, parts));
    std::int64_t length = 0;
    for (const Piece& piece : pieces_.back()) length += piece.count;
    longest_ = std::max(longest_, length);
    most_pieces_ = std::max(most_pieces_, static_cast<std::int64_t>(pieces_.back().size()));
  }
  if (in_shares)
    packed_ = at::zeros({longest_}, this->groups().front().parameters.front().tensor->options().requires_grad(false));
}

void SharedOptimizer::step(double learning_rate, const at::Tensor& found_inf) {
  own_.step(learning_rate, /*grad_scale=*/{}, found_inf);
  if (in_shares()) spread_weights();
}

// The tensors of this rank's pieces, one after another in `packed`, with those of all others in theirs.
SharedOptimizer::Shares SharedOptimizer::join(const std::vector<at::Tensor>& own, const at::Tensor& packed) {
  std::int64_t at = 0;
  for (const at::Tensor& tensor : own) {
    packed.narrow(0, at, tensor.numel()).copy_(tensor.reshape(-1));
    at += tensor.numel();
  }
  return ranks_.join_shards(packed).view({ranks_.size(), packed.numel()}).unbind(0);
}

void SharedOptimizer::spread_weights() {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> own, to, from;
  for (const auto& state : own_.pieces()) own.push_back(state.values);
  const Shares shares = join(own, packed_);
  for (std::size_t rank = 0; rank < shares.size(); ++rank) {
    if (static_cast<std::int64_t>(rank) == ranks_.rank()) continue;
    std::int64_t at = 0;
    for (const Piece& piece : pieces_[rank]) {
      const at::Tensor& whole = *own_.groups()[piece.group].parameters[piece.parameter].tensor;
      to.push_back(whole.view(-1).narrow(0, piece.first, piece.count));
      from.push_back(shares[rank].narrow(0, at, piece.count));
      at += piece.count;
    }
  }
  at::_foreach_copy_(to, from);
}

AdamW::NamedState SharedOptimizer::state() {
  const bool leads = ranks_.rank() == 0;
  if (!in_shares()) return leads ? own_.state() : AdamW::NamedState();
  const at::NoGradGuard no_grad;
  // One after another: what a gather brings is given back before the next.
  const auto averages = joined(&AdamW::PieceState::exp_avg), squares = joined(&AdamW::PieceState::exp_avg_sq),
             steps = joined(&AdamW::PieceState::step);
  AdamW::NamedState all;
  std::size_t i = 0;
  if (leads)
    for (const ParameterGroup& group : own_.groups())
      for (const auto& [name, tensor, role] : group.parameters) {
        all.emplace_back(name + ".exp_avg", averages[i]);
        all.emplace_back(name + ".exp_avg_sq", squares[i]);
        all.emplace_back(name + ".step", steps[i++]);
      }
  return all;
}

// One kind of the state, of all parameters in the groups' order, on the CPU. All ranks gather; the leader alone keeps.
std::vector<at::Tensor> SharedOptimizer::joined(at::Tensor AdamW::PieceState::*kind) {
  const bool counts = kind == &AdamW::PieceState::step;  // one number a piece
  std::vector<at::Tensor> own, whole;
  for (const auto& state : own_.pieces()) own.push_back(state.*kind);
  const Shares shares = join(own, at::zeros({counts ? most_pieces_ : longest_}, packed_.options()));
  if (ranks_.rank() != 0) return whole;

  const auto on_cpu = packed_.options().device(at::kCPU);
  std::vector<std::size_t> begin_of_group;  // in `whole`
  for (const ParameterGroup& group : own_.groups()) {
    begin_of_group.push_back(whole.size());
    for (const auto& [name, tensor, role] : group.parameters)
      whole.push_back(counts ? at::empty({}, on_cpu) : at::empty(tensor->sizes(), on_cpu));
  }
  for (std::size_t rank = 0; rank < pieces_.size(); ++rank) {
    const at::Tensor share = shares[rank].to(at::kCPU);
    std::int64_t at = 0;
    for (const Piece& piece : pieces_[rank]) {
      const std::int64_t first = counts ? 0 : piece.first, count = counts ? 1 : piece.count;
      const at::Tensor& to = whole[begin_of_group[piece.group] + piece.parameter];
      to.view(-1).narrow(0, first, count).copy_(share.narrow(0, at, count));
      at += count;
    }
  }
  return whole;
}

}  // namespace luvit
