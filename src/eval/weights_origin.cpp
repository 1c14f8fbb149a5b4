#include "weights_origin.h"

#include <nlohmann/json.hpp>
#include <sstream>

#include "luvit/core/text.h"

namespace luvit {
namespace {

// The value of `section.key` (or of `key`, with no section) in a resolved config: two levels, one key a line, as our
// programs print it.
std::optional<std::string> value_in(const std::string& yaml, const std::string& section, const std::string& key) {
  std::istringstream lines(yaml);
  const std::string wanted = str(section.empty() ? "" : "  ", key, ": ");
  bool inside = section.empty();
  for (std::string line; std::getline(lines, line);) {
    if (!section.empty() && !line.empty() && line[0] != ' ') inside = line == section + ":";
    if (inside && line.starts_with(wanted)) return line.substr(wanted.size());
  }
  return std::nullopt;
}

// The resolved config of the run that the weights lie in: a checkpoint's own, or the file beside them.
std::optional<std::string> config_of(const fs::path& weights) {
  if (!is_folder(weights)) {
    const fs::path config = weights.parent_path() / "config.yaml";
    return path_exists(config) ? std::make_optional(read_file(config)) : std::nullopt;
  }
  const fs::path state = weights / "state.json";
  if (!path_exists(state)) return std::nullopt;
  const auto json = nlohmann::json::parse(read_file(state), nullptr, false);
  if (!json.is_object() || !json.contains("config") || !json["config"].is_string()) return std::nullopt;
  return json["config"].get<std::string>();
}

bool is_none(const std::string& value) {
  return value == "null" || value == "\"\"" || value == "''" || value == "~";
}

}  // namespace

Training training_in_config(const std::string& yaml) {
  const auto weights = value_in(yaml, "init", "weights");
  if (!weights) return Training::unknown;  // luvit_finetune's config always has it
  return is_none(*weights) ? Training::from_scratch : Training::from_weights;
}

Training training_of(const fs::path& weights) {
  const auto config = config_of(weights);
  return config ? training_in_config(*config) : Training::unknown;
}

bool is_linear_probe(const fs::path& weights) {
  const auto config = config_of(weights);
  return config && value_in(*config, "", "task") == "linear_probe";
}

std::string distillation_of(const fs::path& weights) {
  fs::path from = weights;
  for (int runs = 0; runs < 8; ++runs) {  // pretraining, fine-tuning, … : no chain is longer
    const auto config = config_of(from);
    if (!config) break;
    const auto mode = value_in(*config, "distill", "mode"), before = value_in(*config, "init", "weights");
    if (mode && *mode != "none") return *mode;
    if (!before || is_none(*before)) break;
    from = *before;
  }
  return "";
}

std::optional<std::string> config_value_of(const fs::path& weights, const std::string& section,
                                           const std::string& key) {
  const auto config = config_of(weights);
  return config ? value_in(*config, section, key) : std::nullopt;
}

}  // namespace luvit
