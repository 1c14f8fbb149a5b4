#pragma once
#include <optional>
#include <string>

#include "luvit/core/files.h"

namespace luvit {

// How a classifier came to be, by the config of the run that its weights lie in: its tensors do not say.
enum class Training { unknown, from_scratch, from_weights };
Training training_of(const fs::path& weights);
bool is_linear_probe(const fs::path& weights);
// The distill.mode of the run, or of the run whose weights it began with; "" for none.
std::string distillation_of(const fs::path& weights);

// The same for a config's text, as a run's folder holds it.
Training training_in_config(const std::string& yaml);

// What the resolved config of the run that the weights lie in says for `section.key`; nullopt where there is none.
std::optional<std::string> config_value_of(const fs::path& weights, const std::string& section, const std::string& key);

}  // namespace luvit
