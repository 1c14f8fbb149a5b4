#include "luvit/train/agreement.h"

#include <ATen/ATen.h>

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

std::string weights_hash(Module& model) {
  Sha256 hash;
  for (const auto& [name, tensor, role] : model.named_tensors()) {
    const at::Tensor host = tensor->detach().to(at::kCPU).contiguous();
    hash.add(name.c_str(), name.size() + 1);
    hash.add(host.const_data_ptr(), host.nbytes());
  }
  return hash.hex();
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
    if (team.leads()) point = find_resume_point(choice, folder);
  });
  const std::string path = team.from_leader(point ? point->folder.string() : "");
  std::string state;
  team.together([&] {
    if (path.empty()) return;
    if (!team.leads()) point = ResumePoint{path, read_checkpoint_state(path)};
    state = sha256_of_file(point->folder / "state.json");
  });
  team.require_same(str("the state of ", path), state);
  return point;
}

void agree_on_data(Team& team, const std::string& key, const DataFingerprint& fingerprint) {
  team.require_same(key, str(fingerprint.samples, " images, SHA-256 of their names ", fingerprint.names_sha256));
}

void agree_on_weights(Team& team, Module& model, const FrozenReference& frozen) {
  if (team.size() == 1) return;  // nobody to differ from, and hashing takes its time
  team.require_same("model.fusion.weights", block_text(frozen));
  std::vector<at::Tensor> tensors;
  for (const auto& [name, tensor, role] : model.named_tensors()) tensors.push_back(tensor->detach());
  team.ranks().broadcast(tensors);
  team.require_same("SHA-256 of the weights", weights_hash(model));
}

}  // namespace luvit
