#include "luvit/data/loader.h"

#include <ATen/Parallel.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <set>
#include <thread>

#include "luvit/data/loader_speed.h"
#include "test_files.h"

namespace luvit {
namespace {

using testing::data_error;
using testing::jpeg;
using testing::picture;
using testing::TestFolder;

constexpr std::int64_t images = 22;

void write_images(const TestFolder& root) {
  for (int i = 0; i < images; ++i) {
    root.write("class" + std::to_string(i % 3) + "/" + std::to_string(100 + i) + ".jpg",
               jpeg(picture(30 + i, 50 - i, static_cast<std::uint64_t>(i))));
  }
}

std::shared_ptr<const Dataset> open(const TestFolder& root, bool labels = true) {
  return open_dataset({root.path().string()}, labels);
}

LoaderOptions options(std::int64_t workers) {
  LoaderOptions o;
  o.global_batch = o.rank_count = 5;
  o.image_size = 16;
  o.patches = 4;
  o.workers = workers;
  o.seed = 9;
  return o;
}

struct Copy {
  at::Tensor images, noise, index, label;
};

std::vector<Copy> batches(Loader& loader, std::int64_t first, std::int64_t last) {
  loader.start(first, last);
  std::vector<Copy> all;
  for (std::int64_t step = first; step <= last; ++step) {
    const Batch& batch = loader.next();
    EXPECT_EQ(batch.step, step);
    all.push_back({batch.images.clone(), batch.noise.clone(), batch.index.clone(), batch.label.clone()});
  }
  return all;
}

bool same(const Copy& a, const Copy& b) {
  return a.images.equal(b.images) && a.noise.equal(b.noise) && a.index.equal(b.index) && a.label.equal(b.label);
}

TEST(Loader, BatchesDependNeitherOnWorkersNorOnWhereTheyStart) {
  const TestFolder root;
  write_images(root);
  const auto set = open(root);
  Loader one(set, options(1), {}), many(set, options(5), {});
  const auto all = batches(one, 1, 12);
  const auto others = batches(many, 1, 12);
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_TRUE(same(all[i], others[i])) << i;
  const auto resumed = batches(many, 7, 12);
  for (std::size_t i = 0; i < resumed.size(); ++i) EXPECT_TRUE(same(all[6 + i], resumed[i])) << i;
  auto other_seed = options(2);
  other_seed.seed = 10;
  Loader different(set, other_seed, {});
  EXPECT_FALSE(same(all[0], batches(different, 1, 1)[0]));
}

TEST(Loader, AnEpochTakesEachSampleOnceInTheOrderOfThePermutation) {
  const TestFolder root;
  write_images(root);
  const auto set = open(root);
  Loader loader(set, options(2), {});
  const auto all = batches(loader, 1, 8);  // 22 / 5 = 4 steps an epoch
  for (int epoch = 0; epoch < 2; ++epoch) {
    std::set<std::int64_t> seen;
    for (int s = 0; s < 4; ++s) {
      const auto step = static_cast<std::size_t>(epoch * 4 + s);
      const auto order = sample_order(images, 5, 9, static_cast<std::int64_t>(step) + 1);
      for (std::int64_t row = 0; row < 5; ++row) {
        const auto index = all[step].index[row].item<std::int64_t>();
        EXPECT_EQ(index, order[static_cast<std::size_t>(row)]);
        EXPECT_EQ(all[step].label[row].item<std::int64_t>(), set->label(index));
        seen.insert(index);
      }
    }
    EXPECT_EQ(seen.size(), 20u);
  }
  EXPECT_NE(sample_order(images, 5, 9, 1), sample_order(images, 5, 9, 5));
}

TEST(Loader, RanksTogetherHaveTheGlobalBatch) {
  const TestFolder root;
  write_images(root);
  const auto set = open(root);
  for (const auto& [batch, ranks] : std::vector<std::pair<int, int>>{{12, 2}, {12, 3}, {12, 4}, {16, 8}}) {
    auto whole = options(1);
    whole.global_batch = whole.rank_count = batch;
    Loader one(set, whole, {});
    const auto all = batches(one, 1, 3);
    for (int rank = 0; rank < ranks; ++rank) {
      auto part = options(1 + rank % 3);
      part.global_batch = batch;
      part.rank_count = batch / ranks;
      part.rank_first = rank * part.rank_count;
      Loader loader(set, part, {});
      const auto own = batches(loader, 1, 3);
      for (std::size_t i = 0; i < all.size(); ++i) {
        const auto rows = [&](const at::Tensor& tensor) { return tensor.narrow(0, part.rank_first, part.rank_count); };
        EXPECT_TRUE(own[i].images.equal(rows(all[i].images))) << rank << " of " << ranks;
        EXPECT_TRUE(own[i].noise.equal(rows(all[i].noise))) << rank << " of " << ranks;
        EXPECT_TRUE(own[i].index.equal(rows(all[i].index))) << rank << " of " << ranks;
      }
    }
  }
}

TEST(Loader, ABatchStaysWholeUntilTheCallAfterTheNext) {
  const TestFolder root;
  write_images(root);
  Loader loader(open(root), options(3), {});
  loader.start(1, 20);
  const at::Tensor first = loader.next().images;
  const at::Tensor copy = first.clone();
  loader.next();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_TRUE(first.equal(copy));
}

TEST(Loader, BadFilesAreReplacedReportedOnceAndCounted) {
  const TestFolder root;
  write_images(root);
  root.write("class0/100.jpg", "text");
  root.write("class1/101.jpg", "");
  const auto set = open(root);
  auto tolerant = options(4);
  tolerant.data.max_bad = 2;
  std::vector<BadFile> reports;
  Loader loader(set, tolerant, [&](const BadFile& file) { reports.push_back(file); });
  const auto all = batches(loader, 1, 16);
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_EQ(loader.bad_count(), 2);
  for (const auto& report : reports) {
    EXPECT_EQ(report.name, set->name(report.index));
    EXPECT_NE(report.reason.find(report.name), std::string::npos);
  }
  tolerant.workers = 1;
  Loader again(set, tolerant, {});
  const auto repeated = batches(again, 1, 16);
  for (std::size_t step = 0; step < all.size(); ++step) {
    EXPECT_TRUE(same(all[step], repeated[step]));
    const auto order = sample_order(images, 5, 9, static_cast<std::int64_t>(step) + 1);
    for (std::int64_t row = 0; row < 5; ++row) {
      const auto drawn = order[static_cast<std::size_t>(row)], used = all[step].index[row].item<std::int64_t>();
      const bool bad = drawn == reports[0].index || drawn == reports[1].index;
      EXPECT_EQ(drawn != used, bad);
      EXPECT_NE(used, reports[0].index);
      EXPECT_NE(used, reports[1].index);
      EXPECT_EQ(all[step].label[row].item<std::int64_t>(), set->label(used));
    }
  }
}

TEST(Loader, MoreBadFilesThanAllowedEndItAtTheSameStepWhateverTheWorkers) {
  const TestFolder root;
  write_images(root);
  root.write("class2/105.jpg", "text");
  std::set<std::int64_t> steps;
  for (const std::int64_t workers : {1, 4}) {
    Loader loader(open(root), options(workers), {});
    loader.start(1, 8);
    std::int64_t step = 1;
    const std::string error = data_error([&] {
      for (;; ++step) loader.next();
    });
    EXPECT_NE(error.find("1 unreadable image, more than data.max_bad = 0"), std::string::npos) << error;
    EXPECT_NE(error.find("105.jpg"), std::string::npos) << error;
    EXPECT_EQ(data_error([&] { loader.next(); }), error);
    steps.insert(step);
  }
  EXPECT_EQ(steps.size(), 1u);
}

TEST(Loader, ASetOfBadFilesOnlyEndsWithAnError) {
  const TestFolder root;
  for (int i = 0; i < 6; ++i) root.write(std::to_string(i) + ".jpg", "text");
  auto tolerant = options(2);
  tolerant.data.max_bad = 1000;
  Loader loader(open(root, false), tolerant, {});
  loader.start(1, 1);
  EXPECT_NE(data_error([&] { loader.next(); }).find("to replace it"), std::string::npos);
}

// A data set whose reading fails in a way nobody foresaw, or takes its time.
struct Troubled : Dataset {
  std::int64_t size() const override { return 10; }
  void read(std::int64_t, std::vector<std::uint8_t>&) const override {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    throw std::runtime_error("the sky fell");
  }
  std::int64_t label(std::int64_t) const override { return -1; }
  std::string name(std::int64_t) const override { return "x"; }
  const std::vector<std::string>& classes() const override { return none; }
  std::vector<std::string> none;
};

TEST(Loader, AnExceptionInAWorkerComesOutOfNextAndNothingHangs) {
  for (int i = 0; i < 5; ++i) {
    Loader loader(std::make_shared<Troubled>(), options(3), {});
    loader.start(1, 100);
    if (i % 2) {
      EXPECT_THROW(loader.next(), std::runtime_error);
    }
    loader.start(5, 50);  // starts over while workers are busy
  }
}

// In a process of its own, whose memory has no room for the stacks of so many threads.
TEST(LoaderDeathTest, AThreadThatTheSystemRefusesIsAnErrorAndNothingHangs) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's own memory is beyond any such limit";
#endif
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto start = [] {
    ::alarm(60);
    const rlimit room{8'000'000'000, 8'000'000'000};
    if (::setrlimit(RLIMIT_AS, &room) != 0) std::exit(3);
    try {
      LoaderOptions many = options(2);
      many.workers = 5000;
      Loader loader(std::make_shared<Troubled>(), many, {});
      loader.start(1, 100);
    } catch (const RunError& error) {
      std::fprintf(stderr, "%s %s\n", error.what(), error.hint().c_str());
      std::exit(1);
    }
    std::exit(0);
  };
  EXPECT_EXIT(start(), ::testing::ExitedWithCode(1), "of 5000 cannot be started.*data.workers");
}

TEST(Loader, LeavesTheCallersThreadsAlone) {
  const TestFolder root;
  write_images(root);
  const int before = at::get_num_threads();
  at::set_num_threads(3);
  Loader loader(open(root), options(2), {});
  batches(loader, 1, 2);
  EXPECT_EQ(at::get_num_threads(), 3);
  int in_new_thread = 0;
  std::thread([&] { in_new_thread = at::get_num_threads(); }).join();
  EXPECT_EQ(in_new_thread, 3);
  at::set_num_threads(before);
}

TEST(Loader, FewerSamplesThanABatchIsAnError) {
  EXPECT_EQ(Loader::steps_per_epoch(64, 8), 8);
  EXPECT_EQ(Loader::steps_per_epoch(71, 8), 8);
  const std::string error = data_error([] { Loader::steps_per_epoch(64, 96); });
  EXPECT_NE(error.find("64"), std::string::npos);
  EXPECT_NE(error.find("96"), std::string::npos);
}

TEST(LoaderSpeed, CountsWholeBatches) {
  const TestFolder root;
  write_images(root);
  LoaderSpeedOptions speed;
  speed.sources = {root.path().string()};
  speed.batch = 5;
  speed.image_size = 16;
  speed.images_a_repeat = 12;
  speed.repeats = 3;
  const auto measured = measure_loader(speed);
  EXPECT_EQ(measured.images, 15);
  ASSERT_EQ(measured.seconds.size(), 3u);
  for (const double seconds : measured.seconds) EXPECT_GT(seconds, 0);
}

}  // namespace
}  // namespace luvit
