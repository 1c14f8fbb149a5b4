#include "luvit/train/agreement.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "luvit/config/schema.h"
#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/core/version.h"
#include "luvit/io/sha256.h"

namespace luvit {

namespace {

std::string program_text() {
  const Versions v = versions();
  return str("luvit ", v.luvit, " (", v.revision, "), torch ", v.torch, ", CUDA ", v.cuda, ", NCCL ", v.nccl);
}

std::string block_text(const FrozenReference& frozen) {
  switch (frozen.kind) {
    case FrozenReference::Kind::none:
      return "no block";
    case FrozenReference::Kind::random:
      return str("random, seed ", frozen.seed);
    case FrozenReference::Kind::file:
      return str("the block with SHA-256 ", frozen.sha256);
  }
  return {};
}

std::string hash_of(const at::Tensor& tensor) {
  const at::Tensor host = tensor.detach().to(at::kCPU).contiguous();
  Sha256 hash;
  hash.add(host.const_data_ptr(), host.nbytes());
  return hash.hex();
}

// Initial values are the same bits on every processor (core/random_fill.cpp), so that weights that differ were read
// from files that differ. Not so the last bits of sines, and of what is interpolated between them.
bool made_of_sines(const NamedTensor& named) {
  return named.name.ends_with("pos_embed");
}

// The first tensor that is not the leader's is named.
void require_same_tensors(Team& team, const std::vector<NamedTensor>& tensors) {
  std::string own;  // fixed lengths: a hash for each
  for (const NamedTensor& each : tensors) own += hash_of(*each.tensor);
  const auto all = team.ranks().gather_text(own);
  const std::size_t length = tensors.empty() ? 1 : own.size() / tensors.size();
  for (std::size_t rank = 1; rank < all.size(); ++rank) {
    if (all[rank] == all.front()) continue;
    const auto [theirs, ours] = std::mismatch(all[rank].begin(), all[rank].end(), all.front().begin());
    const auto which = static_cast<std::size_t>(ours - all.front().begin()) / length;
    const auto value = [&](std::size_t r) { return all[r].substr(which * length, length); };
    team.part(/*teller=*/0);
    throw UsageError(str("the weights: ", tensors[which].name, " has SHA-256 ", value(rank), " on rank ", rank, ", ",
                         value(0), " on rank 0"),
                     "let all ranks read the same files: model.fusion.lora.weights, init.weights, the checkpoint");
  }
}

}  // namespace

void agree_on_config(Team& team, const std::string& config_yaml) {
  team.require_same("the program", program_text());
  const auto configs = team.ranks().gather_text(config_yaml);
  std::vector<std::string> lines;
  for (std::size_t rank = 1; rank < configs.size(); ++rank)
    for (const auto& [key, ours, theirs] : config_differences(configs.front(), configs[rank]))
      lines.push_back(str(key, ": ", theirs, " on rank ", rank, ", ", ours, " on rank 0"));
  if (lines.empty()) return;
  team.part(/*teller=*/0);
  throw UsageError(lines, "give all ranks the same config and overrides");
}

std::optional<ResumePoint> agree_on_resume_point(Team& team, const std::string& choice, RunFolder& folder) {
  std::optional<ResumePoint> point;
  team.together([&] {
    if (team.leads()) point = find_resume_point(choice, folder.path());
  });
  const std::string path = team.from_leader(point ? point->folder.string() : "");
  std::string state;
  team.together([&] {
    if (path.empty()) return;
    // Its files' hashes are in its state, and the leader has just held them to it.
    if (!team.leads()) point = ResumePoint{path, read_checkpoint_state(path, FileCheck::sizes)};
    state = sha256_of_file(point->folder / "state.json");
  });
  team.require_same(str("the state of ", path), state);
  return point;
}

void agree_on_data(Team& team, const std::string& key, const DataFingerprint& fingerprint) {
  team.require_same(key, str(fingerprint.samples, " images, SHA-256 of their names ", fingerprint.names_sha256));
}

void agree_on_weights(Team& team, Module& model, const FrozenReference& frozen, const FrozenReference& guide) {
  if (team.size() == 1) return;  // nobody to differ from, and hashing takes its time
  team.require_same("model.fusion.weights", block_text(frozen));
  team.require_same("distill: what is learned from", block_text(guide));
  std::vector<NamedTensor> given, computed;
  for (const NamedTensor& named : model.named_tensors()) {
    if (named.role == Role::frozen) continue;  // compared above
    (made_of_sines(named) ? computed : given).push_back(named);
  }
  require_same_tensors(team, given);
  std::vector<at::Tensor> leaders;
  for (const NamedTensor& named : computed) leaders.push_back(named.tensor->detach());
  team.ranks().broadcast(leaders);
  require_same_tensors(team, computed);
}

}  // namespace luvit
