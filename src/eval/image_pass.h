#pragma once
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "luvit/data/evaluation_reader.h"
#include "luvit/distributed/team.h"

namespace luvit {

struct ImagePassOptions {
  EvaluationView view;
  std::int64_t batch = 1, at_once = 1, workers = 0;
  std::function<bool()> stop = {};
  std::int64_t share_unit = 1;  // shares begin at multiples of this, and of at_once (one divides the other)
};

// What a rank does of a data set: samples first … last-1, whole units but for the end.
struct RankShare {
  std::int64_t first = 0, last = 0;
};
RankShare share_of(std::int64_t samples, std::int64_t unit, std::int64_t rank, std::int64_t ranks);

// As many images as the model sees in one call.
struct ImageRows {
  at::Tensor images;       // float32 [at_once,3,S,S]; rows from `count` on are zeros
  at::Tensor label;        // int64 [count]
  std::int64_t first = 0;  // index of row 0: a multiple of at_once
  std::int64_t count = 0;
};

// Runs over a data set, all ranks together, each over its share in order. Image i stands in row i mod at_once of its
// call, whatever the batch and the number of ranks. Reading goes on while `each` computes. False, on all ranks, where a
// stop cut any of them short; what a rank throws ends all.
bool image_pass(Team& team, const Dataset& data, const ImagePassOptions& options,
                const std::function<void(const ImageRows&)>& each);

// What the ranks wrote down about their shares, in the order of the data set, on every rank.
template <typename Record>
std::vector<Record> join_records(Team& team, const std::vector<Record>& own) {
  static_assert(std::is_trivially_copyable_v<Record>);
  const std::string bytes(reinterpret_cast<const char*>(own.data()), own.size() * sizeof(Record));
  std::vector<Record> all;
  for (const std::string& part : team.ranks().gather_text(bytes)) {
    const std::size_t before = all.size();
    all.resize(before + part.size() / sizeof(Record));
    if (!part.empty()) std::memcpy(all.data() + before, part.data(), part.size());
  }
  return all;
}

}  // namespace luvit
