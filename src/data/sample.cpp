#include "sample.h"

#include <algorithm>
#include <array>
#include <utility>

#include "luvit/core/error.h"
#include "luvit/core/random.h"
#include "luvit/core/text.h"
#include "luvit/data/erasing.h"
#include "luvit/data/mixing.h"
#include "luvit/data/rand_augment.h"
#include "resize.h"

namespace luvit {
namespace {

// Replacements are drawn from the whole set; so many bad ones in a row mean that the set is lost.
constexpr int most_tries = 100;

// One thread's buffers, used for all its samples.
struct Scratch {
  std::vector<std::uint8_t> encoded;
  Image crop, resized, other;
};

void mirror(Image& image) {
  using Colour = std::array<std::uint8_t, 3>;
  auto* row = reinterpret_cast<Colour*>(image.pixels.data());
  for (std::int64_t y = 0; y < image.height; ++y, row += image.width) std::reverse(row, row + image.width);
}

}  // namespace

SampleMaker::SampleMaker(std::shared_ptr<const Dataset> dataset, const LoaderOptions& options)
    : dataset_(std::move(dataset)),
      options_(options),
      normaliser_(options.data.mean, options.data.std),
      fill_(mean_colour(options.data.mean)) {}

// `drawn` is the place that the order asked for: a replacement is cropped with its numbers, so that the row is the
// same function of (seed, epoch, drawn) in all it draws.
void SampleMaker::image(std::int64_t epoch, std::int64_t drawn, std::int64_t index, float* out) const {
  static thread_local Scratch scratch;
  const auto stream = [&](Purpose purpose) {
    return Random(options_.seed, static_cast<std::uint64_t>(epoch), static_cast<std::uint64_t>(drawn), purpose);
  };
  dataset_->read(index, scratch.encoded);
  const std::string name = dataset_->name(index);
  const auto [height, width] = image_size(scratch.encoded, name);
  Random crop_numbers = stream(Purpose::crop);
  const Box box = random_crop(crop_numbers, options_.augment.crop, height, width);
  decode_box(scratch.encoded, name, box, scratch.crop);
  resize_fast(scratch.crop, options_.image_size, options_.image_size, scratch.resized);
  const bool flip = stream(Purpose::flip).uniform() < options_.augment.crop.flip;
  const bool operates = options_.augment.rand_augment.ops > 0;
  if (operates && flip) mirror(scratch.resized);  // operations come after the flip
  if (operates) rand_augment(stream(Purpose::augment), scratch.resized, scratch.other);
  normaliser_(scratch.resized, flip && !operates, out);
  Random erasing = stream(Purpose::erase);
  const auto side = options_.image_size;
  if (const auto hole = draw_erasing(erasing, options_.augment.random_erase, side, side))
    erase(erasing, *hole, out, side, side);
}

// Leaves the result in `image`; `other` is room to work in.
void SampleMaker::rand_augment(Random random, Image& image, Image& other) const {
  const auto& options = options_.augment.rand_augment;
  for (std::int64_t i = 0; i < options.ops; ++i) {
    const auto drawn = draw_op(random, options);
    if (!drawn) continue;
    apply(drawn->op, image, drawn->argument, fill_, other);
    std::swap(image, other);
  }
}

void SampleMaker::target(std::int64_t label, std::int64_t index, float* out) const {
  if (label < 0 || label >= options_.classes) {
    throw DataError(label < 0 ? str(dataset_->name(index), ": has no label")
                              : str(dataset_->name(index), ": its label ", label, " is not one of the model's ",
                                    options_.classes, " classes (0 … ", options_.classes - 1, ")"),
                    "set model.classes to the data's number of classes, or repair the labels");
  }
  write_target(label, options_.augment.label_smoothing, out, options_.classes);
}

void SampleMaker::make(std::int64_t epoch, std::int64_t index, const Row& row, std::vector<BadFile>& bad) const {
  Random replacement(options_.seed, static_cast<std::uint64_t>(epoch), static_cast<std::uint64_t>(index),
                     Purpose::replacement);
  std::int64_t used = index;
  for (int attempt = 0;; ++attempt) {
    try {
      image(epoch, index, used, row.image);
      break;
    } catch (const DataError& error) {
      bad.push_back({dataset_->name(used), error.what(), used, 0});
      if (attempt == most_tries) {
        throw DataError(str(error.what(), "; and so were ", most_tries, " others that were to replace it"),
                        "check that the data set is whole");
      }
      used = static_cast<std::int64_t>(replacement.below(static_cast<std::uint64_t>(dataset_->size())));
    }
  }
  *row.index = used;
  *row.label = dataset_->label(used);
  if (row.target) target(*row.label, used, row.target);
  if (row.noise) {
    Random(options_.seed, static_cast<std::uint64_t>(epoch), static_cast<std::uint64_t>(index), Purpose::mask)
        .fill_uniform(row.noise, options_.patches);
  }
}

}  // namespace luvit
