#include "evaluation.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "luvit/core/log.h"
#include "luvit/core/output_path.h"
#include "luvit/core/signals.h"
#include "luvit/core/text.h"
#include "luvit/core/version.h"
#include "luvit/io/json_lines.h"
#include "luvit/io/sha256.h"
#include "luvit/models/costs.h"
#include "luvit/models/precision.h"
#include "luvit/report/report.h"
#include "neighbours.h"
#include "prediction_lines.h"
#include "provenance.h"
#include "token_figures.h"

namespace luvit {
namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::ordered_json;

constexpr std::chrono::seconds rank_timeout{600};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Images in one call of the model: enough to fill the device. Part of what a figure's last bits hang on.
std::int64_t rows_at_once(at::Device device) {
  return device.is_cuda() ? 128 : 32;
}

// Says every half minute how far a part has come.
class Progress {
 public:
  Progress(std::string what, std::int64_t images) : what_(std::move(what)), images_(images) {}
  void add(std::int64_t rows) {
    done_ += rows;
    if (seconds_since(told_) < 30) return;
    told_ = Clock::now();
    const double speed = static_cast<double>(done_) / seconds_since(start_);
    log_info(str(what_, ": ", std::min(done_, images_), " of ", images_, " images of this rank, ", std::llround(speed),
                 " a second"));
  }

 private:
  std::string what_;
  std::int64_t images_, done_ = 0;
  Clock::time_point start_ = Clock::now(), told_ = start_;
};

void require_classifier(const OpenedModel& model, const EvalConfig& config, const fs::path& weights) {
  if (model.kind == ModelKind::classifier) return;
  for (const SuiteOptions& suite : config.suites)
    if (suite.kind != SuiteKind::knn && suite.kind != SuiteKind::imagenet_s)
      throw DataError(str(weights.string(), ": ", kind_name(model.kind), " weights have no head; suites.", suite.name,
                          " needs a classifier"),
                      "kinds knn and imagenet_s look at features; luvit_finetune makes a classifier");
}

template <typename T>
struct KeptOrMade {
  std::optional<T> value;  // nullopt: a stop cut it short; what was kept is there on the leader, empty elsewhere
  bool was_kept = false;
};

// What the leader finds done is not done again: it reads; else all make it together, and it writes.
template <typename T, typename Read, typename Make, typename Write>
KeptOrMade<T> kept_or_made(Team& team, const Read& read, const Make& make, const Write& write) {
  std::optional<T> value;
  team.together([&] {
    if (team.leads()) value = read();
  });
  if (team.from_leader(value ? "done" : "") == "done")
    return {value ? std::move(value) : std::make_optional<T>(), true};
  value = make();
  if (!value) return {};
  team.together([&] {
    if (team.leads()) write(*value);
  });
  return {std::move(value), false};
}

}  // namespace

Evaluation::Evaluation(const EvalRequest& request) : asked_(request), config_(request.config) {
  device_ = choose_device(config_.device, asked_.place, evaluating);
  const CoreShare share = share_of_cores(asked_.place, process_environment());
  threads_ = config_.threads > 0 ? config_.threads : share.threads;
  workers_ = config_.workers > 0 ? config_.workers : share.workers;
  set_threads(threads_);
}

void Evaluation::find_suites() {
  description_ = describe_model(asked_.weights);
  require_classifier(description_, config_, asked_.weights);
  for (const SuiteOptions& suite : config_.suites)
    plans_.push_back(plan_suite(suite, config_.preprocess, description_));
}

void Evaluation::introduce() const {
  const Versions v = versions();
  log_info(str("luvit ", v.luvit, " (", v.revision, "), torch ", v.torch, ", on ", device_name(device_), " with ",
               threads_, " threads"));
  const auto model = make_model(description_);
  const ParameterCounts count = count_parameters(*model);
  log_info(str("weights ", escape(asked_.weights.string()), ": ", kind_name(description_.kind), ", ",
               human_count(static_cast<double>(count.total)), " parameters (",
               human_count(static_cast<double>(count.frozen)), " frozen), ",
               human_count(classifier_forward_flops(description_.options, rows_at_once(device_))), "FLOPs an image"));
  for (const SuitePlan& plan : plans_) {
    const std::string parts = plan.parts.size() > 1 ? str(" in ", plan.parts.size(), " parts") : "";
    log_info(str(plan.options.name, ": ", kind_name(plan.options.kind), plan.options.generate ? " (generated)" : "",
                 ", ", plan.images(), " images", parts, ", ", escape(plan.options.data), ", ",
                 plan.view.resize > 0 ? str("resized to ", plan.view.resize, ", ") : "", "cut to ", plan.view.crop,
                 plan.skipped > 0 ? str("; passed over: ", plan.skipped, " hidden or no images") : ""));
    for (const std::string& warning : plan.warnings) log_warning(str(plan.options.name, ": ", warning));
  }
}

void Evaluation::open_model() {
  model_.emplace(description_, asked_.weights, compute_type(config_.precision), device_);
}

Exit Evaluation::dry_run() {
  if (!asked_.output.empty()) {
    require_output_folder("--output", asked_.output);
    weights_sha256_ = sha256_of_file(weights_file(asked_.weights));
    require_own_folder();
  }
  find_suites();
  introduce();
  open_model();
  log_info("config, data and weights are in order; nothing was run (--dry-run)");
  return Exit::ok;
}

Exit Evaluation::run() {
  install_stop_signals();
  Team team("luvit_eval", asked_.place, device_, rank_timeout);
  try {
    return run(team);
  } catch (...) {
    if (team.size() == 1) throw;
    team.fail();
  }
}

Exit Evaluation::run(Team& team) {
  const Clock::time_point start = Clock::now();
  ranks_ = team.size();
  agree(team);
  open_folder(team);
  team.together([&] { find_suites(); });
  for (const SuitePlan& plan : plans_)
    for (const SuitePart& part : plan.parts)
      if (team.size() > 1) team.require_same(str("suites.", plan.options.name, ".data"), fingerprint_of(*part.images));
  introduce();
  team.together([&] { open_model(); });
  partial_.emplace(asked_.output / "partial", setting());

  Json suites = Json::object();
  for (const SuitePlan& plan : plans_) {
    const auto found = run_suite(team, plan);
    if (!found) {
      log_info(str("stopped by ", stopped_by(), "; run the same command again: it goes on from here"));
      return Exit::stopped;
    }
    if (!team.leads()) continue;
    suites[plan.options.name] = *found;
    log_metric(plan.options.name, *found);
  }
  team.together([&] {
    if (team.leads()) write_results(suites, seconds_since(start));
  });
  return Exit::ok;
}

void Evaluation::agree(Team& team) {
  if (team.size() > 1) {
    const Versions v = versions();
    team.require_same("the program", str("luvit ", v.luvit, " (", v.revision, "), torch ", v.torch));
    team.require_same("the config", print_config(asked_.schema));
    team.require_same("--output", asked_.output.string());
    team.require_same("--resume", asked_.resume);
  }
  std::string own;
  team.together([&] { own = sha256_of_file(weights_file(asked_.weights)); });
  team.require_same("--weights", own);
  weights_sha256_ = own;
}

// Only the leader writes there, but for its peers' logs.
void Evaluation::open_folder(Team& team) {
  team.together([&] {
    if (!team.leads()) return;
    folder_.emplace(asked_.output);
    require_own_folder();
    if (asked_.resume == "none" &&
        (PartialResults(asked_.output / "partial", "").any() || path_exists(asked_.output / "results.json")))
      throw UsageError(str("--resume none: results stand in ", escape(asked_.output.string())),
                       "another --output, or --resume auto to go on with what is there");
    folder_->begin(print_config(asked_.schema), {asked_.command_line, device_name(device_), threads_, team.size()});
  });
  log_to_file(asked_.output / (team.leads() ? std::string("eval.log") : str("eval.rank-", team.rank(), ".log")));
}

// An evaluation's folder is of one model: config, predictions and report would else be of two.
void Evaluation::require_own_folder() const {
  const fs::path& folder = asked_.output;
  const std::string shown = escape(folder.string());
  if (path_exists(folder / "checkpoints") || path_exists(folder / "train.log"))
    throw UsageError(str("--output ", shown, " holds a training run"), "name a folder of the evaluation's own");
  if (!path_exists(folder / "results.json")) return;
  const Json there = Json::parse(read_file(folder / "results.json"), nullptr, /*allow_exceptions=*/false);
  const Json::json_pointer hash("/provenance/weights_sha256"), name("/provenance/weights");
  if (there.is_discarded() || !there.contains(hash) || there[hash] == weights_sha256_) return;
  throw UsageError(
      str("--output ", shown, " holds the evaluation of other weights, ", there.value(name, Json("")).dump()),
      "name another folder, or remove that one");
}

std::string Evaluation::setting() const {
  const Versions v = versions();
  return str(weights_sha256_, " ", config_.precision == Precision::bfloat16 ? "bfloat16" : "float32", " ",
             device_.is_cuda() ? "cuda" : "cpu", " ", rows_at_once(device_), " ", v.luvit, " ", v.revision, " ",
             v.torch);
}

std::optional<Json> Evaluation::run_suite(Team& team, const SuitePlan& plan) {
  return plan.options.kind == SuiteKind::imagenet_s ? analyse_suite(team, plan) : classify_suite(team, plan);
}

std::optional<Json> Evaluation::classify_suite(Team& team, const SuitePlan& plan) {
  const auto predictions = evaluate(team, plan);
  if (!predictions) return std::nullopt;
  Json results;
  team.together([&] {
    if (!team.leads()) return;
    results = suite_results(plan, *predictions);
    const fs::path lines = asked_.output / "predictions" / (plan.options.name + ".csv");
    if (config_.predictions)
      write_predictions(lines, plan, *predictions);
    else
      file_layer().remove_all(lines);  // an earlier evaluation's, which the report would take for this one's
  });
  return results;
}

std::optional<Json> Evaluation::analyse_suite(Team& team, const SuitePlan& plan) {
  const auto maps = map_suite(team, plan);
  if (!maps) return std::nullopt;
  std::optional<FilteringFigures> filtering;
  if (plan.options.filtering > 0 && !(filtering = filter_suite(team, plan, *maps))) return std::nullopt;
  Json results;
  team.together([&] {
    if (!team.leads()) return;
    const fs::path folder = asked_.output / "analysis";
    results = token_results(plan, *maps);
    if (results["n_used"] == 0)
      log_warning(
          str(plan.options.name, ": no image has cells both of object and of background: are these its masks?"));
    write_analysis(folder, plan, *maps);
    if (!filtering) return;
    results["filtering"] = filtering_results(*filtering);
    write_durably(folder / (plan.options.name + ".filtering.csv"), filtering_lines(plan, *filtering));
  });
  return results;
}

ImagePassOptions Evaluation::pass_over(const SuitePlan& plan) const {
  return {plan.view, config_.batch_size, rows_at_once(device_), workers_, stop_requested};
}

std::optional<FilteringFigures> Evaluation::filter_suite(Team& team, const SuitePlan& plan, const TokenMaps& maps) {
  const SuitePart part{str("filtering-", plan.options.filtering), plan.parts.at(0).images};
  return kept_or_made<FilteringFigures>(
             team,
             [&]() -> std::optional<FilteringFigures> {
               const auto kept = partial_->read_tensors(plan, part);
               return kept ? filtering_from(*kept, plan.images()) : std::nullopt;
             },
             [&] { return make_filtering(team, plan, maps); },
             [&](const FilteringFigures& made) { partial_->write_tensors(plan, part, to_tensors(made)); })
      .value;
}

std::optional<FilteringFigures> Evaluation::make_filtering(Team& team, const SuitePlan& plan, const TokenMaps& maps) {
  const Clock::time_point start = Clock::now();
  auto figures = measure_filtering(team, {plan, description_, *model_, compute_type(config_.precision), device_}, maps,
                                   pass_over(plan));
  if (figures)
    log_info(str(plan.options.name, ": filtering by the language block and two controls, ",
                 human_seconds(seconds_since(start))));
  return figures;
}

std::optional<TokenMaps> Evaluation::map_suite(Team& team, const SuitePlan& plan) {
  const SuitePart& part = plan.parts.at(0);
  auto maps = kept_or_made<TokenMaps>(
      team,
      [&]() -> std::optional<TokenMaps> {
        const auto kept = partial_->read_tensors(plan, part);
        return kept ? token_maps_from(*kept, plan, description_.options.patches()) : std::nullopt;
      },
      [&] { return make_maps(team, plan); },
      [&](const TokenMaps& made) { partial_->write_tensors(plan, part, to_tensors(made)); });
  if (maps.was_kept) log_info(str(plan.options.name, ": was done before"));
  return std::move(maps.value);
}

std::optional<TokenMaps> Evaluation::make_maps(Team& team, const SuitePlan& plan) {
  const Clock::time_point start = Clock::now();
  Progress progress(plan.options.name, (plan.images() + ranks_ - 1) / ranks_);
  auto maps = map_tokens(team, plan, *model_, pass_over(plan), [&](std::int64_t rows) { progress.add(rows); });
  if (!maps) return std::nullopt;
  const double seconds = seconds_since(start), speed = static_cast<double>(plan.images()) / seconds;
  computed_ += plan.images();
  computing_ += seconds;
  log_info(str(plan.options.name, ": ", plan.images(), " images, ", human_count(speed), " a second"));
  return maps;
}

std::optional<PartPredictions> Evaluation::evaluate(Team& team, const SuitePlan& plan) {
  PartPredictions all;
  std::size_t known = 0;
  for (const SuitePart& part : plan.parts) {
    auto found = kept_or_made<std::vector<Prediction>>(
        team, [&] { return partial_->read(plan, part); }, [&] { return evaluate(team, plan, part); },
        [&](const std::vector<Prediction>& made) { partial_->write(plan, part, made); });
    if (!found.value) return std::nullopt;
    known += found.was_kept;
    all.push_back(std::move(*found.value));
  }
  if (known > 0) log_info(str(plan.options.name, ": ", known, " of ", plan.parts.size(), " parts were done before"));
  return all;
}

std::optional<std::vector<Prediction>> Evaluation::evaluate(Team& team, const SuitePlan& plan, const SuitePart& part) {
  const std::int64_t at_once = rows_at_once(device_);
  const std::string what = plan.options.name + (part.name.empty() ? "" : " " + part.name);
  const std::int64_t count = part.images->size() + (plan.train ? plan.train->size() : 0);
  Progress progress(what, (count + ranks_ - 1) / ranks_);
  const Clock::time_point start = Clock::now();
  std::optional<std::vector<Prediction>> found;
  if (plan.train) {
    const auto features = [&](const at::Tensor& images) { return progress.add(at_once), model_->pooled(images); };
    found = nearest_neighbours(team, *plan.train, *part.images, features,
                               {pass_over(plan), plan.options.k, plan.options.temperature});
  } else {
    const auto logits = [&](const at::Tensor& images) { return progress.add(at_once), model_->logits(images); };
    found = classify(team, *part.images, logits,
                     {plan.view, config_.batch_size, workers_, stop_requested, at_once, plan.scoring});
  }
  if (!found) return found;
  const double seconds = seconds_since(start);
  computed_ += count;
  computing_ += seconds;
  log_info(str(what, ": ", count, " images, ", human_count(static_cast<double>(count) / seconds), " a second"));
  return found;
}

void Evaluation::log_metric(const std::string& suite, const Json& results) const {
  log_info(str(suite, ": ", headline(results)));
  Json line = {{"kind", "eval"}, {"suite", suite}};
  for (const char* key : {"top1", "top5", "nll", "ece", "n", "acc19", "acc15", "mce", "n_used"})
    if (results.contains(key)) line[key] = results[key];
  if (results.contains("entropy")) line["share_bg_above_fg"] = results["entropy"]["share_bg_above_fg"];
  if (results.value("generated", false)) line["generated"] = true;
  JsonLines(asked_.output / "metrics.jsonl").write(line.dump());
}

void Evaluation::write_results(Json& suites, double seconds) const {
  add_comparisons(suites);
  Json results;
  results["suites"] = std::move(suites);
  results["provenance"] = provenance({asked_.weights, weights_sha256_, description_, config_, plans_, device_});
  const Json speed = computed_ > 0 ? Json(static_cast<double>(computed_) / computing_) : Json();
  results["timing"] = {{"seconds", seconds},
                       {"images_computed", computed_},
                       {"computing_seconds", computing_},
                       {"images_per_second", speed},
                       {"ranks", ranks_},
                       {"threads", threads_},
                       {"workers", workers_},
                       {"batch_size", config_.batch_size}};
  write_durably(asked_.output / "results.json", results.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  write_report(asked_.output);
  log_info(str("results: ", escape((asked_.output / "results.json").string()), ", and report.html beside it"));
}

}  // namespace luvit
