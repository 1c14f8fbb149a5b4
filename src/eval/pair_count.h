#pragma once
#include "luvit/eval/compare.h"

namespace luvit {

// Images that two models were shown, by which of them was right.
struct PairCount {
  std::int64_t n = 0, a_right = 0, b_right = 0, a_only = 0, b_only = 0;

  void add(bool a, bool b) {
    ++n;
    a_right += a;
    b_right += b;
    a_only += a && !b;
    b_only += b && !a;
  }
};

// With the interval over these clusters, or, of images that are resampled one by one, over as many as were counted.
Pairs pairs_of(const PairCount& count, std::vector<Cluster> clusters, const BootstrapOptions& bootstrap);
Pairs pairs_of(const PairCount& count, const BootstrapOptions& bootstrap);

}  // namespace luvit
