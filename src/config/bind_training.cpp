#include "luvit/config/bindings.h"

namespace luvit {

void declare_optim(Schema& schema, OptimOptions& options) {
  schema.section("optim", "the optimizer and its schedule");
  schema.add("optim.kind", options.kind, "lars (trust coefficient 0.001, momentum 0.9) is for linear probing",
             {{"adamw", OptimKind::adamw}, {"lars", OptimKind::lars}});
  schema.add("optim.lr", options.lr, "peak learning rate; instead of base_lr").range(0, unbounded);
  schema.add("optim.base_lr", options.base_lr, "peak learning rate for a batch of 256: lr = base_lr × batch_size / 256")
      .range(0, unbounded);
  schema.exclusive("optim.lr", "optim.base_lr");
  schema.add("optim.betas", options.betas, "decay of the two moments")
      .range(0, 1)
      .below_high()
      .when("optim.kind=adamw");
  schema.add("optim.eps", options.eps, "added to the root of the second moment")
      .range(0, unbounded)
      .when("optim.kind=adamw");
  schema
      .add("optim.weight_decay", options.weight_decay,
           "decoupled (LARS: added to the gradient); for tensors of two or more dimensions")
      .range(0, unbounded);
  schema.add("optim.warmup_epochs", options.warmup_epochs, "linear rise from 0").range(0, unbounded).units("epochs");
  schema.add("optim.min_lr", options.min_lr, "learning rate at the end").range(0, unbounded);
  schema.add("optim.layer_decay", options.layer_decay, "each block's rate over that of the block after it")
      .range(0, 1)
      .above_low();
  schema.add("optim.clip_grad", options.clip_grad, "largest L2 norm of the gradient; no clipping unless written")
      .range(0, unbounded)
      .above_low();
  schema.add("optim.schedule", options.schedule, "after the warm-up",
             {{"cosine", Schedule::cosine}, {"step", Schedule::step}});
}

void declare_masking(Schema& schema, MaskingOptions& options) {
  schema.section("mae", "masking and the loss");
  schema.add("mae.mask_ratio", options.mask_ratio, "share of the patches that the encoder does not see")
      .range(0, 1)
      .above_low()
      .below_high();
  schema.add("mae.norm_pix", options.norm_pix, "predict each patch normalised by its own mean and variance");
}

void declare_data(Schema& schema, DataOptions& options) {
  schema.section("data", "images; paths are relative to the working directory");
  schema.add("data.train", options.train, "a folder of images, tar shards (glob, braces), or a list of these")
      .required();
  schema.add("data.val", options.val, "held-out images, in the same forms");
  schema.add("data.workers", options.workers, "threads that read and decode; 0: one a core, less one")
      .range(0, 1024)
      .units("threads");
  schema.add("data.max_bad", options.max_bad, "unreadable training images to replace before the run ends with exit 3")
      .range(0, 1e15)
      .units("images");
  schema.add("data.mean", options.mean, "of each channel, subtracted; pixels are 0 … 1").range(-1000, 1000);
  schema.add("data.std", options.std, "of each channel, divided by").range(0, 1000).above_low();
}

void declare_crop(Schema& schema, CropOptions& options) {
  schema.section("augment", "what training does to an image");
  schema.add("augment.crop_scale", options.crop_scale, "smallest and largest area of the random crop, of the image's")
      .range(0, 1)
      .above_low();
  schema.add("augment.flip", options.flip, "probability of a mirror image").range(0, 1);
}

void declare_augment(Schema& schema, AugmentOptions& options) {
  declare_crop(schema, options.crop);
  schema
      .add("augment.rand_augment.ops", options.rand_augment.ops,
           "RandAugment's operations an image, each applied with probability 0.5; 0: none")
      .range(0, 100);
  schema.add("augment.rand_augment.magnitude", options.rand_augment.magnitude, "their mean strength").range(0, 10);
  schema
      .add("augment.rand_augment.std", options.rand_augment.std, "deviation of the strength, which stays within 0 … 10")
      .range(0, unbounded);
  schema.add("augment.random_erase", options.random_erase, "probability that a box is replaced by noise").range(0, 1);
  schema.add("augment.mixup", options.mix.mixup, "λ ~ Beta(mixup, mixup) of blended images; 0: off")
      .range(0, unbounded);
  schema
      .add("augment.cutmix", options.mix.cutmix,
           "λ ~ Beta(cutmix, cutmix) of images with a box of another's; 0: off; with mixup a coin decides")
      .range(0, unbounded);
  schema.add("augment.label_smoothing", options.label_smoothing, "share of a target spread over all classes")
      .range(0, 1)
      .below_high();
  schema
      .add("augment.mix_group", options.mix.group,
           "consecutive samples of the global batch with one λ, kind and box; each is mixed with the group's reverse")
      .range(1, 1 << 24);
}

void declare_distributed(Schema& schema, DistributedOptions& options) {
  schema.section("distributed", "several ranks");
  schema.add("distributed.timeout_s", options.timeout_s, "how long a rank waits for the others")
      .range(5, 1e6)
      .units("seconds");
  schema.add("distributed.shard_optimizer", options.shard_optimizer,
             "each rank keeps a share of the optimizer's state");
  schema.add("distributed.compress", options.compress, "type in which gradients travel",
             {{"none", Compress::none}, {"bfloat16", Compress::bfloat16}});
}

}  // namespace luvit
