#pragma once
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "filtering.h"
#include "luvit/core/error.h"
#include "luvit/distributed/device.h"
#include "luvit/distributed/team.h"
#include "luvit/eval/eval_config.h"
#include "luvit/eval/inference_model.h"
#include "luvit/io/output_folder.h"
#include "partial_results.h"
#include "suite_results.h"
#include "token_maps.h"

namespace luvit {

inline constexpr DeviceUse evaluating{"device", "evaluating"};

// What luvit_eval was asked for, read and checked.
struct EvalRequest {
  std::string command_line;  // as typed
  fs::path weights, output;
  std::string resume = "auto";
  const Schema& schema;
  const EvalConfig& config;
  Place place;
};

// From a checked config to results.json.
class Evaluation {
 public:
  explicit Evaluation(const EvalRequest& request);

  Exit dry_run();
  Exit run();  // meets the other ranks and evaluates with them

 private:
  Exit run(Team& team);
  void find_suites();
  void introduce() const;
  void open_model();
  void agree(Team& team);
  void open_folder(Team& team);
  // One suite, from looking at its images to its files: what results.json says of it, on the leader; nullopt, on all
  // ranks, where a stop cut it short.
  std::optional<nlohmann::ordered_json> run_suite(Team& team, const SuitePlan& plan);
  std::optional<nlohmann::ordered_json> classify_suite(Team& team, const SuitePlan& plan);
  std::optional<nlohmann::ordered_json> analyse_suite(Team& team, const SuitePlan& plan);
  std::optional<TokenMaps> map_suite(Team& team, const SuitePlan& plan);
  std::optional<TokenMaps> make_maps(Team& team, const SuitePlan& plan);
  std::optional<FilteringFigures> filter_suite(Team& team, const SuitePlan& plan, const TokenMaps& maps);
  std::optional<FilteringFigures> make_filtering(Team& team, const SuitePlan& plan, const TokenMaps& maps);
  ImagePassOptions pass_over(const SuitePlan& plan) const;
  std::optional<PartPredictions> evaluate(Team& team, const SuitePlan& plan);
  std::optional<std::vector<Prediction>> evaluate(Team& team, const SuitePlan& plan, const SuitePart& part);
  void require_own_folder() const;
  std::string setting() const;  // what every figure hangs on, besides the suite's own
  void write_results(nlohmann::ordered_json& suites, double seconds) const;
  void log_metric(const std::string& suite, const nlohmann::ordered_json& results) const;

  const EvalRequest& asked_;
  const EvalConfig& config_;
  at::Device device_ = at::kCPU;
  std::int64_t threads_ = 0, workers_ = 0, ranks_ = 1;
  OpenedModel description_;
  std::string weights_sha256_;
  std::vector<SuitePlan> plans_;
  std::optional<InferenceModel> model_;
  std::optional<OutputFolder> folder_;
  std::optional<PartialResults> partial_;
  std::int64_t computed_ = 0;  // images that this start has seen
  double computing_ = 0;       // seconds it took: no start, no reading of weights, no writing
};

}  // namespace luvit
