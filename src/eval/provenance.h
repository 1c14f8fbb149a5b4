#pragma once
#include <nlohmann/json_fwd.hpp>

#include "suite_plan.h"

namespace luvit {

struct ProvenanceOf {
  const fs::path& weights;
  const std::string& weights_sha256;
  const OpenedModel& model;
  const EvalConfig& config;
  const std::vector<SuitePlan>& plans;
  at::Device device;
};
// What figures come from: equal for equal figures, so nothing of time, host, ranks, threads or batch is in it.
nlohmann::ordered_json provenance(const ProvenanceOf& of);

// The file that holds a model's weights: a checkpoint folder's model.safetensors.
fs::path weights_file(const fs::path& weights);

}  // namespace luvit
