#pragma once
#include <string>
#include <vector>

#include "luvit/models/module.h"
#include "luvit/optim/options.h"

namespace luvit {

enum class Stage { pretraining, fine_tuning };

// Parameters that share weight decay and learning-rate scale. Which tensor goes where is a table of name patterns
// (MAE's util/lr_decay.py and timm's param_groups_weight_decay): decay for two or more dimensions and no `.bias`;
// in fine-tuning neither cls_token nor pos_embed; layer scale decay^(depth+1−id), id 0 for the embeddings, i+1 for
// blocks.i, depth+1 (scale 1) for everything else.
struct ParameterGroup {
  double weight_decay = 0;
  double lr_scale = 1;
  std::vector<NamedTensor> parameters;
};
std::vector<ParameterGroup> parameter_groups(Module& model, const OptimOptions& options, Stage stage,
                                             std::int64_t depth);
std::string groups_table(const std::vector<ParameterGroup>& groups);  // for the log, one line a group

}  // namespace luvit
