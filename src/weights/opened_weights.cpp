#include "opened_weights.h"

#include "luvit/core/error.h"
#include "luvit/core/files.h"
#include "luvit/core/text.h"

namespace luvit {

namespace {

void require_checkpoint(const fs::path& folder, FileCheck check) {
  if (!path_exists(folder / "state.json") && path_exists(folder / "model.safetensors"))
    throw DataError(str(folder.string(), ": neither a weights file nor a checkpoint folder"),
                    str("name ", (folder / "model.safetensors").string(), ", or a folder below ",
                        (folder / "checkpoints").string()));
  const std::string defect = checkpoint_files_defect(folder, check);
  if (!defect.empty())
    throw DataError(str(folder.string(), ": not a whole checkpoint: ", defect),
                    "name a weights file or a folder like RUN/checkpoints/step-00000100");
}

void require_known_format(const OpenedWeights& opened) {
  const std::string& format = opened.metadata("luvit.format");
  if (!format.empty() && format != weights_format)
    throw DataError(
        str(opened.file->path(), ": luvit.format is '", format, "', this version reads '", weights_format, "'"),
        "the file was written by a newer version; update luvit");
}

}  // namespace

const std::string& OpenedWeights::metadata(const std::string& key) const {
  static const std::string absent;
  const auto found = file->metadata().find(key);
  return found == file->metadata().end() ? absent : found->second;
}

OpenedWeights open_weights(const fs::path& path, FileCheck check) {
  OpenedWeights opened;
  if (is_folder(path)) {
    require_checkpoint(path, check);
    opened.file = std::make_unique<SafetensorsFile>(path / "model.safetensors");
    opened.frozen = read_frozen_reference(path);
  } else {
    opened.file = std::make_unique<SafetensorsFile>(path);
  }
  opened.tensors = table_of(opened.file->tensors());
  require_known_format(opened);
  return opened;
}

ModelKind kind_of(const OpenedWeights& opened) {
  if (opened.has("decoder_pred.weight")) return ModelKind::pretraining;
  return opened.has("head.weight") ? ModelKind::classifier : ModelKind::encoder;
}

void require_consistent(const OpenedModel& model, const std::string& path) {
  auto problems = contradictions(model.options);
  if (model.kind == ModelKind::pretraining)
    for (auto& problem : contradictions(model.options.decoder)) problems.push_back(std::move(problem));
  if (!problems.empty()) throw DataError(str(path, ": its sizes contradict one another: ", join(problems, "; ")));
}

bool block_left_out(const OpenedWeights& opened, const std::vector<NamedTensor>& model) {
  return opened.is_checkpoint() && opened.frozen->kind != FrozenReference::Kind::none &&
         std::none_of(model.begin(), model.end(),
                      [&](const NamedTensor& one) { return one.role == Role::frozen && opened.has(one.name); });
}

}  // namespace luvit
