#include "weights_origin.h"

#include <nlohmann/json.hpp>
#include <sstream>

namespace luvit {
namespace {

// The value of `section.key` in a resolved config: two levels, one key a line, as our programs print it.
std::optional<std::string> value_in(const std::string& yaml, const std::string& section, const std::string& key) {
  std::istringstream lines(yaml);
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line[0] != ' ') inside = line == section + ":";
    const std::string wanted = "  " + key + ": ";
    if (inside && line.starts_with(wanted)) return line.substr(wanted.size());
  }
  return std::nullopt;
}

}  // namespace

Training training_in_config(const std::string& yaml) {
  const auto weights = value_in(yaml, "init", "weights");
  if (!weights) return Training::unknown;  // luvit_finetune's config always has it
  const bool none = *weights == "null" || *weights == "\"\"" || *weights == "''" || *weights == "~";
  return none ? Training::from_scratch : Training::from_weights;
}

Training training_of(const fs::path& weights) {
  if (is_folder(weights)) {
    const fs::path state = weights / "state.json";
    if (!path_exists(state)) return Training::unknown;
    const auto json = nlohmann::json::parse(read_file(state), nullptr, false);
    const bool has_config = json.is_object() && json.contains("config") && json["config"].is_string();
    return has_config ? training_in_config(json["config"].get<std::string>()) : Training::unknown;
  }
  const fs::path config = weights.parent_path() / "config.yaml";
  return path_exists(config) ? training_in_config(read_file(config)) : Training::unknown;
}

}  // namespace luvit
