#include "luvit/weights/frozen_reference.h"

#include <nlohmann/json.hpp>

#include "luvit/core/error.h"
#include "luvit/core/files.h"
#include "luvit/core/text.h"
#include "luvit/io/json_text.h"
#include "luvit/io/safetensors.h"
#include "luvit/io/sha256.h"

namespace luvit {

namespace {

using nlohmann::json;

json read_state(const fs::path& folder) {
  const fs::path path = folder / "state.json";
  const std::string text = read_file(path);
  require_sound_json(text, path.string());
  return json::parse(text);
}

std::string file_defect(const fs::path& folder, const std::string& name, const json& record, FileCheck check) {
  std::error_code failed;
  const auto bytes = fs::file_size(folder / name, failed);
  if (failed) return name + " is missing";
  const auto expected = record.at("bytes").get<std::uintmax_t>();
  if (bytes != expected) return str(name, " has ", bytes, " bytes, ", expected, " expected");
  if (check == FileCheck::sizes) return {};
  if (sha256_of_file(folder / name) == record.at("sha256").get<std::string>()) return {};
  return name + " has changed: its SHA-256 is not the one in state.json";
}

FrozenReference parse_reference(const json& frozen) {
  FrozenReference reference;
  if (frozen.is_null()) return reference;
  reference.source = frozen.at("source").get<std::string>();
  if (reference.source == "random") {
    reference.kind = FrozenReference::Kind::random;
    reference.seed = frozen.at("seed").get<std::uint64_t>();
  } else {
    reference.kind = FrozenReference::Kind::file;
    reference.layer = frozen.at("layer").get<std::int64_t>();
    reference.sha256 = frozen.at("sha256").get<std::string>();
  }
  if (frozen.contains("type")) reference.type = dtype_of_name(frozen.at("type").get<std::string>());
  return reference;
}

}  // namespace

std::string checkpoint_files_defect(const fs::path& checkpoint_folder, FileCheck check) {
  try {
    if (!is_folder(checkpoint_folder)) return "not a folder";
    if (!path_exists(checkpoint_folder / "state.json")) return "state.json is missing";
    const json state = read_state(checkpoint_folder);
    if (const json& format = state.at("luvit.format"); format != "1")
      return str("its format is ", format.dump(), ", this version reads \"1\"");
    if (sha256_of(state.at("config").get<std::string>()) != state.at("config_sha256").get<std::string>())
      return "the config in state.json has changed";
    const json& files = state.at("files");
    for (const char* name : {"model.safetensors", "optimizer.safetensors"})
      if (auto defect = file_defect(checkpoint_folder, name, files.at(name), check); !defect.empty()) return defect;
  } catch (const json::exception&) {
    return "state.json is not a checkpoint's";
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

FrozenReference read_frozen_reference(const fs::path& checkpoint_folder) {
  try {
    return parse_reference(read_state(checkpoint_folder).at("frozen_block"));
  } catch (const json::exception&) {
    throw DataError(
        str((checkpoint_folder / "state.json").string(), ": frozen_block does not say where the block is from"),
        "the folder is damaged; use another checkpoint");
  }
}

FrozenReference read_guide(const fs::path& checkpoint_folder) {
  try {
    return parse_reference(read_state(checkpoint_folder).value("guide", json()));
  } catch (const json::exception&) {
    throw DataError(str((checkpoint_folder / "state.json").string(), ": guide does not say what the run learned from"),
                    "the folder is damaged; use another checkpoint");
  }
}

}  // namespace luvit
