#pragma once
#include "luvit/config/command_line.h"
#include "luvit/core/error.h"
#include "luvit/train/driver.h"
#include "luvit/train/loop.h"
#include "luvit/train/resume.h"
#include "luvit/train/summary.h"

namespace luvit {

// What a program was asked for, read and checked.
struct TrainingRequest {
  std::string program;
  const CommandLine& command;
  std::string command_line;  // as typed
  const Schema& schema;
  const Written& written;
  Driver& driver;
  Place place;
};

// From a checked config to the run's end.
class TrainingRun {
 public:
  explicit TrainingRun(TrainingRequest request) : asked_(std::move(request)), config_(asked_.driver.config()) {}

  Exit dry_run(std::int64_t ranks);
  // Meets the other ranks and trains with them.
  Exit train();

 private:
  struct Data {
    std::shared_ptr<const Dataset> train, val;
  };
  struct Trained {  // what a step changes
    Task& task;
    RunOptimizer& optimizer;
    LossScale& scale;
  };
  Exit train(Team& team);
  void share_cores();  // with the other ranks of this machine
  void open_data();
  void check_output() const;
  std::unique_ptr<Task> make_task(Team& team, std::function<void(const BadFile&)> on_bad) const;
  // What is about to happen, before anything heavy does.
  void introduce(Module& model, std::int64_t ranks);
  std::optional<ResumePoint> prepare(Team& team, RunFolder& folder, CheckpointState& state);
  void begin(const Trained& trained, const ResumePoint* point) const;
  Exit loop(Team& team, const Trained& trained, RunFolder& folder, BadFiles& bad_files, std::int64_t done,
            CheckpointState state);
  void save(Team& team, const Trained& trained, RunFolder& folder, const std::vector<std::int64_t>& pinned,
            CheckpointState& state) const;
  void export_model(Team& team, Task& task, const fs::path& path) const;
  void tell_if_past_the_end(std::int64_t done) const;
  LoopOptions loop_options(const Team& team, std::int64_t done) const;

  TrainingRequest asked_;
  RunConfig& config_;
  at::Device device_ = at::kCPU;
  std::int64_t threads_ = 0, workers_ = 0;
  Data data_;
  RunSummary summary_;
};

}  // namespace luvit
