#include "luvit/weights/inspect.h"

#include <iomanip>
#include <nlohmann/json.hpp>
#include <set>

#include "content.h"
#include "luvit/core/error.h"
#include "luvit/core/files.h"
#include "luvit/core/text.h"
#include "luvit/io/pickle.h"
#include "opened_weights.h"
#include "tensor_folder.h"

namespace luvit {

namespace {

using Kind = PickleNode::Kind;

std::string name_of(Content content) {
  switch (content) {
    case Content::model:
      return {};  // its own kind
    case Content::checkpoint:
      return "checkpoint";
    case Content::block:
      return "block";
    case Content::adapter:
      return "adapter";
    case Content::vit_safetensors:
      return "timm";
    case Content::vit_pickle:
      return "mae";
    case Content::other_safetensors:
      return "safetensors";
    case Content::other_pickle:
      return "torch";
    case Content::meta_folder:
      return "meta";
    case Content::hugging_face_folder:
      return "hugging_face";
    case Content::peft_folder:
      return "peft";
  }
  return {};
}

// A plain value of a pickle as text, or nothing.
std::optional<std::string> scalar_text(const PickleNode& node) {
  switch (node.kind) {
    case Kind::boolean:
      return node.integer ? "true" : "false";
    case Kind::integer:
      return std::to_string(node.integer);
    case Kind::real:
      return exact(node.real);
    case Kind::text:
      return std::string(node.text);
    default:
      return std::nullopt;
  }
}

// The plain values beside the state dict, and those of the training arguments ("args.model").
Metadata plain_values(const PickleNode& root) {
  Metadata metadata;
  const auto add_all = [&](const PickleNode* dict, const std::string& prefix) {
    if (!dict || dict->kind != Kind::dict) return;
    for (const auto& [key, value] : dict->entries)
      if (const auto text = scalar_text(*value); text && key->kind == Kind::text)
        metadata[prefix + std::string(key->text)] = *text;
  };
  add_all(&root, "");
  if (const PickleNode* arguments = root.find("args")) add_all(arguments->state, "args.");
  return metadata;
}

// The weights files of a foreign folder: safetensors where there are any, else torch's.
std::vector<fs::path> files_of(const fs::path& folder) {
  std::vector<fs::path> safetensors, torch;
  for (const fs::path& path : list_folder(folder)) {
    const std::string extension = path.extension().string();
    if (extension == ".safetensors") safetensors.push_back(path);
    if (extension == ".pth" || extension == ".bin") torch.push_back(path);
  }
  std::vector<fs::path>& files = safetensors.empty() ? torch : safetensors;
  if (files.empty())
    throw DataError(str(folder.string(), ": no weights in it; expected .safetensors, .pth or .bin files"));
  return files;
}

// Meta's shards repeat the names, each with its part of a tensor: those say which file they are of.
void inspect_folder(Inspection& out, const fs::path& folder) {
  std::set<std::string> seen;
  for (const fs::path& file : files_of(folder)) {
    const auto source = open_tensor_file(file);
    for (TensorInfo info : source->tensors()) {
      if (!seen.insert(info.name).second) info.name += str(" (", file.filename().string(), ")");
      out.tensors.push_back(std::move(info));
    }
  }
  for (const char* name : {"config.json", "params.json", "adapter_config.json"})
    if (path_exists(folder / name)) out.metadata[name] = read_file(folder / name);
}

void inspect_checkpoint(Inspection& out, const fs::path& folder) {
  const OpenedWeights opened = open_weights(folder, FileCheck::sizes);
  out.tensors = opened.file->tensors();
  out.metadata = opened.file->metadata();
  const auto state = nlohmann::json::parse(read_file(folder / "state.json"));  // sound: open_weights has read it
  for (const char* key : {"step", "epoch", "seed", "frozen_block"})
    if (state.contains(key)) out.metadata[str("state.", key)] = state.at(key).dump();
}

}  // namespace

Inspection inspect(const fs::path& path) {
  const Content content = content_of(path);
  Inspection out{.kind = name_of(content), .path = path.string()};
  switch (content) {
    case Content::checkpoint:
      inspect_checkpoint(out, path);
      break;
    case Content::meta_folder:
    case Content::hugging_face_folder:
    case Content::peft_folder:
      inspect_folder(out, path);
      break;
    case Content::vit_pickle:
    case Content::other_pickle: {
      const PickleFile file(path);
      out.tensors = file.tensors();
      out.metadata = plain_values(file.root());
      break;
    }
    default: {
      const OpenedWeights opened = open_weights(path, FileCheck::sizes);
      out.tensors = opened.file->tensors();
      out.metadata = opened.file->metadata();
      if (content == Content::model) out.kind = kind_name(kind_of(opened));
    }
  }
  return out;
}

std::string inspection_json(const Inspection& inspection) {
  nlohmann::ordered_json tensors = nlohmann::ordered_json::object();
  for (const auto& info : inspection.tensors)
    tensors[info.name] = {{"dtype", dtype_name(info.type)}, {"shape", info.shape}};
  const nlohmann::ordered_json out = {
      {"kind", inspection.kind}, {"tensors", std::move(tensors)}, {"metadata", inspection.metadata}};
  // A foreign file's text may be broken UTF-8.
  return out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string inspection_text(const Inspection& inspection) {
  std::ostringstream out;
  std::size_t width = 0;
  std::int64_t values = 0;
  double bytes = 0;
  for (const auto& info : inspection.tensors) {
    width = std::max(width, info.name.size());
    const std::int64_t count = c10::multiply_integers(info.shape);
    values += count;
    bytes += static_cast<double>(count) * static_cast<double>(c10::elementSize(info.type));
  }
  out << escape(inspection.path) << ": " << inspection.kind << ", " << inspection.tensors.size() << " tensors, "
      << human_count(static_cast<double>(values)) << " values, " << human_bytes(bytes) << '\n';
  for (const auto& [key, value] : inspection.metadata) out << "  " << escape(key) << ": " << escape(value) << '\n';
  for (const auto& info : inspection.tensors)
    out << "  " << std::left << std::setw(static_cast<int>(std::min<std::size_t>(width, 80))) << escape(info.name)
        << "  " << std::setw(5) << dtype_name(info.type) << ' ' << at::IntArrayRef(info.shape) << '\n';
  return out.str();
}

}  // namespace luvit
