#pragma once
#include "luvit/config/command_line.h"
#include "luvit/core/error.h"
#include "luvit/train/loop.h"
#include "luvit/train/pretraining.h"
#include "luvit/train/resume.h"
#include "luvit/train/summary.h"

namespace luvit {

// What luvit_pretrain was asked for, read and checked.
struct PretrainRequest {
  const CommandLine& command;
  std::string command_line;  // as typed
  const Schema& schema;
  PretrainConfig& config;
  Place place;
};

// From a checked config to the run's end.
class PretrainRun {
 public:
  explicit PretrainRun(const PretrainRequest& request) : asked_(request), config_(request.config) {}

  Exit dry_run(std::int64_t ranks);
  // Meets the other ranks and trains with them.
  Exit train();

 private:
  struct Data {
    std::shared_ptr<const Dataset> train, val;
  };
  Exit train(Team& team);
  void share_cores();  // with the other ranks of this machine
  void open_data();
  // What is about to happen, before anything heavy does.
  void introduce(MaskedAutoencoder& model, std::int64_t ranks);
  std::optional<ResumePoint> prepare(Team& team, RunFolder& folder, CheckpointState& state);
  void go_on_from(const ResumePoint& point, SharedOptimizer& optimizer, LossScale& scale);
  Exit loop(Team& team, MaskedAutoencoder& model, SharedOptimizer& optimizer, LossScale& scale, RunFolder& folder,
            std::int64_t done, CheckpointState state);
  void tell_if_past_the_end(std::int64_t done) const;
  OpenedModel description() const;
  Pretraining::Options task_options(Team& team, BadFiles& bad_files) const;
  LoopOptions loop_options(const Team& team, std::int64_t done) const;

  const PretrainRequest& asked_;
  PretrainConfig& config_;
  at::Device device_ = at::kCPU;
  std::int64_t threads_ = 0, workers_ = 0;
  Data data_;
  RunSummary summary_;
};

}  // namespace luvit
