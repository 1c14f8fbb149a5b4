#include "luvit/optim/parameter_groups.h"

#include <ATen/core/Tensor.h>

#include <cmath>
#include <iomanip>
#include <sstream>

#include "luvit/core/text.h"

namespace luvit {
namespace {

// A name pattern: exact, "prefix*" or "*suffix".
bool matches(std::string_view name, std::string_view pattern) {
  if (pattern.ends_with('*')) return name.starts_with(pattern.substr(0, pattern.size() - 1));
  if (pattern.starts_with('*')) return name.ends_with(pattern.substr(1));
  return name == pattern;
}

// Tensors without weight decay, besides all of fewer than two dimensions.
struct NoDecayRule {
  std::string_view pattern;
  bool fine_tuning_only;
};
constexpr NoDecayRule no_decay_rules[] = {
    {"*.bias", false},
    {"cls_token", true},
    {"pos_embed", true},
};

// Which layer's scale a tensor has; the first match counts, no match is the last layer.
enum class Layer { embedding, block };
struct LayerRule {
  std::string_view pattern;
  Layer layer;
};
constexpr LayerRule layer_rules[] = {
    {"cls_token", Layer::embedding},
    {"pos_embed", Layer::embedding},
    {"patch_embed.*", Layer::embedding},
    {"blocks.*", Layer::block},
};

bool decays(const NamedTensor& parameter, Stage stage) {
  if (parameter.tensor->dim() < 2) return false;
  for (const NoDecayRule& rule : no_decay_rules)
    if (matches(parameter.name, rule.pattern) && (stage == Stage::fine_tuning || !rule.fine_tuning_only)) return false;
  return true;
}

std::int64_t layer_id(const std::string& name, std::int64_t depth) {
  for (const LayerRule& rule : layer_rules) {
    if (!matches(name, rule.pattern)) continue;
    if (rule.layer == Layer::embedding) return 0;
    return std::stoll(name.substr(rule.pattern.size() - 1)) + 1;
  }
  return depth + 1;
}

}  // namespace

std::vector<ParameterGroup> parameter_groups(Module& model, const OptimOptions& options, Stage stage,
                                             std::int64_t depth) {
  std::vector<ParameterGroup> groups;
  for (const NamedTensor& parameter : model.trained_tensors()) {
    const double weight_decay = decays(parameter, stage) ? options.weight_decay : 0.0;
    const auto above = static_cast<double>(depth + 1 - layer_id(parameter.name, depth));
    const double lr_scale = std::pow(options.layer_decay, above);
    const auto same = [&](const ParameterGroup& g) { return g.weight_decay == weight_decay && g.lr_scale == lr_scale; };
    auto group = std::find_if(groups.begin(), groups.end(), same);
    if (group == groups.end()) group = groups.insert(groups.end(), {weight_decay, lr_scale, {}});
    group->parameters.push_back(parameter);
  }
  return groups;
}

std::string groups_table(const std::vector<ParameterGroup>& groups) {
  std::ostringstream out;
  out << "weight decay   lr scale   tensors   parameters   from … to\n";
  for (const ParameterGroup& group : groups) {
    std::int64_t count = 0;
    for (const NamedTensor& parameter : group.parameters) count += parameter.tensor->numel();
    out << std::setw(12) << group.weight_decay << std::setw(11) << std::setprecision(4) << group.lr_scale
        << std::setw(10) << group.parameters.size() << std::setw(13) << human_count(static_cast<double>(count)) << "   "
        << group.parameters.front().name << " … " << group.parameters.back().name << '\n';
  }
  return out.str();
}

}  // namespace luvit
