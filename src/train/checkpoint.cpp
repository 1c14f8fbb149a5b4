#include "luvit/train/checkpoint.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <set>

#include "luvit/core/error.h"
#include "luvit/core/log.h"
#include "luvit/core/text.h"
#include "luvit/io/sha256.h"

namespace luvit {

namespace {

using json = nlohmann::json;

constexpr const char* weights_file = "model.safetensors";
constexpr const char* optimizer_file = "optimizer.safetensors";
constexpr const char* state_file = "state.json";

// Passes bytes on and hashes them on their way, so that a checkpoint is not read again to be summed up.
class HashingHandle : public FileLayer::Handle {
 public:
  explicit HashingHandle(FileLayer::Handle& next) : next_(next) {}
  void write(const void* data, std::size_t bytes) override {
    next_.write(data, bytes);
    hash_.add(data, bytes);
    bytes_ += bytes;
  }
  void sync() override { next_.sync(); }
  void close() override { next_.close(); }
  json record() { return {{"bytes", bytes_}, {"sha256", hash_.hex()}}; }

 private:
  FileLayer::Handle& next_;
  Sha256 hash_;
  std::size_t bytes_ = 0;
};

json write_tensors(DurableFolder& folder, const char* name, const NamedTensors& tensors, const Metadata& metadata) {
  json record;
  folder.write(name, [&](FileLayer::Handle& out) {
    HashingHandle hashed(out);
    write_safetensors(hashed, tensors, metadata);
    record = hashed.record();
  });
  return record;
}

// All but the frozen block, which state.json refers to.
NamedTensors own_tensors(Module& model) {
  NamedTensors tensors;
  for (const auto& [name, tensor, role] : model.named_tensors())
    if (role != Role::frozen) tensors.emplace_back(name, tensor->detach());
  return tensors;
}

json frozen_to_json(const FrozenReference& frozen) {
  if (frozen.kind == FrozenReference::Kind::none) return nullptr;
  json out = frozen.kind == FrozenReference::Kind::random
                 ? json{{"source", "random"}, {"seed", frozen.seed}}
                 : json{{"source", frozen.source}, {"layer", frozen.layer}, {"sha256", frozen.sha256}};
  if (frozen.type) out["type"] = dtype_name(*frozen.type);
  return out;
}

json state_to_json(const CheckpointState& state, const json& files) {
  json out = {{"luvit.format", "1"},
              {"step", state.step},
              {"epoch", state.epoch},
              {"seed", state.seed},
              {"threads", state.threads},
              {"config", state.config},
              {"config_sha256", sha256_of(state.config)},
              {"files", files},
              {"frozen_block", frozen_to_json(state.frozen)},
              {"data", {{"samples", state.data.samples}, {"names_sha256", state.data.names_sha256}}},
              {"loss_scale", {{"scale", state.loss_scale}, {"growth", state.loss_scale_growth}}}};
  if (state.guide.kind != FrozenReference::Kind::none) out["guide"] = frozen_to_json(state.guide);
  return out;
}

std::string folder_name(std::int64_t step) {
  char name[32];
  std::snprintf(name, sizeof name, "step-%08lld", static_cast<long long>(step));
  return name;
}

}  // namespace

CheckpointState read_checkpoint_state(const fs::path& folder, FileCheck check) {
  const std::string defect = checkpoint_files_defect(folder, check);
  if (!defect.empty())
    throw DataError(str(folder.string(), ": not a whole checkpoint: ", defect),
                    "name a folder like RUN/checkpoints/step-00000100");
  try {
    const json state = json::parse(read_file(folder / state_file));
    CheckpointState out;
    out.step = state.at("step");
    out.epoch = state.at("epoch");
    out.seed = state.at("seed");
    out.threads = state.at("threads");
    out.config = state.at("config");
    out.loss_scale = state.at("loss_scale").at("scale");
    out.loss_scale_growth = state.at("loss_scale").at("growth");
    out.data = {state.at("data").at("samples"), state.at("data").at("names_sha256")};
    out.frozen = read_frozen_reference(folder);
    out.guide = read_guide(folder);
    return out;
  } catch (const json::exception& error) {
    throw DataError(str((folder / state_file).string(), ": ", error.what()),
                    "the folder is damaged; use another checkpoint");
  }
}

void restore(const fs::path& folder, Module& model) {
  const at::NoGradGuard no_gradients;
  const SafetensorsFile weights(folder / weights_file);
  std::set<std::string> own;
  for (const auto& [name, tensor, role] : model.named_tensors()) {
    if (role == Role::frozen) continue;
    own.insert(name);
    if (!weights.has(name))
      throw DataError(str(weights.path(), ": tensor ", name, " is missing"), "the checkpoint is of another model");
    const at::Tensor value = weights.read(name);
    if (value.sizes() != tensor->sizes())
      throw DataError(luvit::str(weights.path(), ": tensor ", name, " is ", value.sizes(), ", the config's model has ",
                                 tensor->sizes()),
                      "the checkpoint is of another model");
    tensor->copy_(value);
  }
  for (const auto& info : weights.tensors())
    if (!own.contains(info.name))
      throw DataError(luvit::str(weights.path(), ": tensor ", info.name, " is not the model's"),
                      "the checkpoint is of another model");
}

AdamW::NamedState saved_optimizer(const fs::path& folder) {
  const SafetensorsFile file(folder / optimizer_file);
  AdamW::NamedState state;
  for (const auto& info : file.tensors()) state.emplace_back(info.name, file.read(info.name));
  return state;
}

Checkpoints::Checkpoints(fs::path output_folder) : folder_(std::move(output_folder) / "checkpoints") {}

void Checkpoints::save(const CheckpointState& state, Module& model, const OpenedModel& description,
                       const AdamW::NamedState& optimizer, std::int64_t keep, const std::vector<std::int64_t>& pinned) {
  file_layer().make_folder(folder_);
  const std::string name = folder_name(state.step);
  DurableFolder folder(folder_ / name);
  json files;
  files[weights_file] = write_tensors(folder, weights_file, own_tensors(model), model_metadata(description));
  files[optimizer_file] = write_tensors(folder, optimizer_file, optimizer, {{"luvit.format", "1"}});
  const std::string text = state_to_json(state, files).dump(2) + "\n";
  folder.write(state_file, [&](FileLayer::Handle& out) { out.write(text.data(), text.size()); });
  folder.commit();
  write_durably(folder_ / "latest", name + "\n");
  prune(state.step, keep, pinned);
}

fs::path Checkpoints::folder_of(std::int64_t step) const {
  return folder_ / folder_name(step);
}

void Checkpoints::name_best(std::int64_t step) const {
  write_durably(folder_ / "best", folder_name(step) + "\n");
}

std::vector<std::pair<std::int64_t, fs::path>> Checkpoints::listed() const {
  std::vector<std::pair<std::int64_t, fs::path>> found;
  if (!path_exists(folder_)) return found;
  for (const fs::path& path : list_folder(folder_)) {
    const std::string name = path.filename().string();
    if (name.size() < 13 || !name.starts_with("step-")) continue;
    if (!std::all_of(name.begin() + 5, name.end(), [](unsigned char c) { return std::isdigit(c); })) continue;
    found.emplace_back(std::stoll(name.substr(5)), path);
  }
  std::sort(found.rbegin(), found.rend());
  return found;
}

bool Checkpoints::any() const {
  return !listed().empty();
}

std::optional<fs::path> Checkpoints::newest_whole() const {
  for (const auto& [step, path] : listed()) {
    const std::string defect = checkpoint_files_defect(path, FileCheck::hashes);
    if (defect.empty()) return path;
    log_warning(str(escape(path.string()), ": skipped, not a whole checkpoint: ", defect));
  }
  return std::nullopt;
}

// Called right after the save of step `newest`, which is therefore whole. Folders of later steps are damaged ones that
// a resume skipped; they are replaced when their step is reached again and do not count.
void Checkpoints::prune(std::int64_t newest, std::int64_t keep, const std::vector<std::int64_t>& pinned) const {
  std::int64_t kept = 0;
  for (const auto& [step, path] : listed()) {
    if (step > newest || std::find(pinned.begin(), pinned.end(), step) != pinned.end()) continue;
    if (kept < keep) {
      ++kept;
      continue;
    }
    file_layer().remove_all(path);
  }
  // Left by a kill in the middle of a save.
  for (const fs::path& path : list_folder(folder_))
    if (path.filename().string().ends_with(temporary_suffix)) file_layer().remove_all(path);
}

}  // namespace luvit
