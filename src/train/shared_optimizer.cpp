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
  if (!in_shares()) return own_.state();
  const at::NoGradGuard no_grad;
  const auto joined = [&](at::Tensor AdamW::PieceState::*member, std::int64_t length) {
    std::vector<at::Tensor> own;
    for (const auto& state : own_.pieces()) own.push_back(state.*member);
    Shares shares = join(own, at::zeros({length}, packed_.options()));
    for (auto& share : shares) share = share.to(at::kCPU);
    return shares;
  };
  const Shares averages = joined(&AdamW::PieceState::exp_avg, longest_);
  const Shares squares = joined(&AdamW::PieceState::exp_avg_sq, longest_);
  const Shares steps = joined(&AdamW::PieceState::step, most_pieces_);

  AdamW::NamedState all;
  std::vector<std::size_t> place_of_group;  // where each group begins in `all`
  for (const ParameterGroup& group : own_.groups()) {
    place_of_group.push_back(all.size());
    for (const auto& [name, tensor, role] : group.parameters) {
      const auto empty = at::empty(tensor->sizes(), averages.front().options());
      all.emplace_back(name + ".exp_avg", empty);
      all.emplace_back(name + ".exp_avg_sq", at::empty_like(empty));
      all.emplace_back(name + ".step", at::empty({}, at::kFloat));
    }
  }
  for (std::size_t rank = 0; rank < pieces_.size(); ++rank) {
    std::int64_t at = 0, number = 0;
    for (const Piece& piece : pieces_[rank]) {
      const auto first = all.begin() + static_cast<std::ptrdiff_t>(place_of_group[piece.group] + 3 * piece.parameter);
      first[0].second.view(-1).narrow(0, piece.first, piece.count).copy_(averages[rank].narrow(0, at, piece.count));
      first[1].second.view(-1).narrow(0, piece.first, piece.count).copy_(squares[rank].narrow(0, at, piece.count));
      first[2].second.copy_(steps[rank][number++]);
      at += piece.count;
    }
  }
  return all;
}

}  // namespace luvit
