#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "luvit/config/schema.h"
#include "luvit/distributed/device.h"
#include "luvit/models/options.h"

namespace luvit {

// luvit_eval's config (CONTRACTS, "luvit_eval"): what is looked at, and how images are brought before the model.

enum class SuiteKind {
  imagenet,
  imagenet_a,
  imagenet_r,
  imagenet_v2,
  imagenet_sketch,
  imagenet_c,
  imagenet9,
  folder,
  knn,
  imagenet_s,
  coco,  // not in this version
};
enum class ThresholdSplit { every_second };
std::string kind_name(SuiteKind kind);

// What is not written comes from the level above: a suite's from the top, the top's from the weights' luvit.preprocess.
struct PreprocessOptions {
  std::optional<std::int64_t> resize, crop;
  std::optional<std::string> interpolation;
};

struct SuiteOptions {
  std::string name, data;
  SuiteKind kind = SuiteKind::imagenet;
  PreprocessOptions preprocess;
  std::string class_map;                             // folder: a CSV `folder,index`
  std::vector<std::string> corruptions, severities;  // imagenet_c; empty: all
  std::int64_t every = 1;                            // every so many-th image in path order, from the first
  bool generate = false;                             // corrupt `data`, a clean validation set, on the way
  std::uint64_t seed = 0;                            // of what is generated
  std::string frost;                                 // its pictures; empty: the installed ones
  std::vector<std::string> variations = {"original", "mixed_same", "mixed_rand"};  // imagenet9
  std::string train;                                                               // knn
  std::int64_t k = 20;
  double temperature = 0.07;
  std::string masks;                                              // imagenet_s, and all below
  ThresholdSplit threshold_split = ThresholdSplit::every_second;  // images a fixed threshold is chosen on
  bool maps = false;                                              // write analysis/NAME.safetensors
  std::vector<std::string> attention_of;  // blocks whose attention is looked at besides the last: numbers, llm
  std::int64_t filtering = 0;             // images on which the fusion is taken apart; 0: none
};

struct EvalConfig {
  std::vector<SuiteOptions> suites;
  PreprocessOptions preprocess;
  bool predictions = true;
  Precision precision = Precision::float32;
  std::int64_t batch_size = 64;  // images read at a time, on each rank
  std::int64_t workers = 0;      // 0: one a core, less one
  DeviceChoice device = DeviceChoice::automatic;
  std::int64_t threads = 0;  // 0: all cores, or a rank's share of them
};

void declare(Schema& schema, EvalConfig& config);
// What no single key can say, all of it at once.
std::vector<Problem> check_eval(const EvalConfig& config, const Written& written);

}  // namespace luvit
