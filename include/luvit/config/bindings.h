#pragma once
#include <cstdint>
#include <vector>

#include "luvit/config/schema.h"
#include "luvit/data/options.h"
#include "luvit/models/options.h"
#include "luvit/optim/options.h"

namespace luvit {

enum class Compress { none, bfloat16 };

struct DistributedOptions {
  double timeout_s = 600;
  bool shard_optimizer = false;
  Compress compress = Compress::none;
};

// Each declares the keys of one option struct (CONTRACTS, "Config"): `model.*`, `optim.*`, `mae.*`, `data.*`,
// `augment.*`, `distributed.*`. The defaults are the values that the struct holds.
void declare_model(Schema& schema, ModelOptions& options);
void declare_optim(Schema& schema, OptimOptions& options);
void declare_masking(Schema& schema, MaskingOptions& options);
void declare_data(Schema& schema, DataOptions& options);
void declare_crop(Schema& schema, CropOptions& options);
void declare_augment(Schema& schema, AugmentOptions& options);  // with the crop's keys
void declare_distributed(Schema& schema, DistributedOptions& options);

// What no single key can say: `heads` divides `dim`, `patch_size` divides `image_size`, … All that is wrong at once.
// To be asked after every source of the options (config, weights) has been read.
std::vector<Problem> check_model(const ModelOptions& options);
std::vector<Problem> check_masking(const MaskingOptions& options, std::int64_t patches);
std::vector<Problem> check_crop(const CropOptions& options);
// A rank's share of the batch is a multiple of the group that is mixed.
std::vector<Problem> check_mixing(const MixOptions& options, std::int64_t batch_size, std::int64_t ranks);

}  // namespace luvit
