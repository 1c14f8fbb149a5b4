#pragma once
#include "luvit/eval/evaluated_run.h"
#include "luvit/statistics/paired.h"

namespace luvit {

// Two evaluations of the same images.

struct Pairs {
  std::int64_t n = 0;                   // images (imagenet_c: corrupted ones)
  double a = 0, b = 0;                  // top-1 over them
  Interval interval95;                  // of b − a, paired bootstrap
  std::int64_t a_only = 0, b_only = 0;  // that one alone gets right
  double mcnemar_p = 1;
  double difference() const { return b - a; }
};

// imagenet_c: an image's corrupted forms are not independent, so that McNemar's p over all of them is too small. Here
// each source image is one observation: which of the two gets more of its forms right (exact sign test).
struct SourcePairs {
  std::int64_t n = 0, a_better = 0, b_better = 0;
  double p = 1;
};

struct SuitePairs {
  std::string name;
  bool generated = false;       // imagenet_c on corruptions of our own making
  std::string metric = "top1";  // what the shares in `all` are of
  Pairs all;
  std::optional<SourcePairs> by_source;                   // imagenet_c
  std::vector<std::pair<std::string, Pairs>> variations;  // imagenet9: original, mixed_same …
  std::vector<std::pair<std::string, MeanPairs>> means;   // imagenet_s: gap, iou_magnitude, iou_frequency
};

struct Comparison {
  std::vector<SuitePairs> suites;     // in A's order
  std::vector<std::string> warnings;  // a line each: the same weights on both sides, unequal preprocessing
  std::vector<std::string> left_out;  // a line each: a suite of one run only, or without predictions in both
};

// Images are paired by path, in whatever order the files have them. DataError where the images or their labels differ,
// or no suite can be compared.
Comparison compare_runs(const EvaluatedRun& a, const EvaluatedRun& b, const BootstrapOptions& bootstrap);

std::string comparison_json(const Comparison& comparison);
std::string comparison_text(const Comparison& comparison);

}  // namespace luvit
