#pragma once
#include <memory>

#include "small_run.h"

namespace luvit::test {

// Ranks started one by one, as torchrun would: each with its own output, words and environment.
class RankGroup {
 public:
  explicit RankGroup(std::int64_t ranks, std::string program = "luvit_pretrain");
  void start(const std::vector<std::string>& words, const fs::path& folder = ".");  // the next rank
  Process& rank(std::size_t number) { return *processes_[number]; }
  std::vector<Result> wait(std::chrono::seconds limit = std::chrono::seconds(120));

 private:
  std::int64_t ranks_;
  std::string program_;
  int port_;
  std::vector<std::unique_ptr<Process>> processes_;
};

// The process of a rank that --ranks started; -1 while there is none.
pid_t process_of_rank(pid_t launcher, int rank);
// Processes of this name and folder that still run.
int processes_with(const std::string& word);

}  // namespace luvit::test
