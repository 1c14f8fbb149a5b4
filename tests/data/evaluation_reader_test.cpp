#include "luvit/data/evaluation_reader.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <set>
#include <thread>

#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {
namespace {

// Sample i is a plain picture of level i. Early samples take longest, so threads finish in another order.
class PlainPictures : public Dataset {
 public:
  explicit PlainPictures(std::int64_t size) : size_(size) {}
  std::int64_t size() const override { return size_; }
  void read(std::int64_t index, std::vector<std::uint8_t>& buffer) const override {
    ++reads;
    std::this_thread::sleep_for(std::chrono::milliseconds((size_ - index) % 5));
    const Image image{
        .height = 8, .width = 12, .pixels = std::vector<std::uint8_t>(8 * 12 * 3, static_cast<std::uint8_t>(index))};
    const std::string png = encode_png(image);
    buffer.assign(png.begin(), png.end());
    if (std::find(broken.begin(), broken.end(), index) != broken.end()) buffer.resize(20);
    if (index == unlucky) throw std::bad_alloc();
  }
  std::int64_t label(std::int64_t index) const override { return 100 + index; }
  std::string name(std::int64_t index) const override { return str("picture-", index, ".png"); }
  const std::vector<std::string>& classes() const override { return classes_; }

  std::vector<std::int64_t> broken;
  std::int64_t unlucky = -1;
  mutable std::atomic<int> reads = 0;

 private:
  std::int64_t size_;
  std::vector<std::string> classes_;
};

const EvaluationView small_view{.resize = 4, .crop = 4, .mean = {0, 0, 0}, .std = {1, 1, 1}};

TEST(EvaluationReader, KeepsTheOrderOnAnyNumberOfThreads) {
  const PlainPictures pictures(23);
  for (const std::int64_t workers : {1, 2, 7}) {
    for (const std::int64_t batch_size : {1, 5, 64}) {
      EvaluationReader reader(pictures, small_view, workers, batch_size, 3, 20);
      std::int64_t expected = 3;
      for (EvaluationReader::Batch batch; reader.next(batch);) {
        EXPECT_EQ(batch.first, expected);
        EXPECT_EQ(batch.images.sizes(), at::IntArrayRef({std::min(batch_size, 20 - expected), 3, 4, 4}));
        for (std::int64_t row = 0; row < batch.images.size(0); ++row, ++expected) {
          EXPECT_EQ(batch.label[row].item<std::int64_t>(), 100 + expected);
          EXPECT_TRUE(batch.images[row].eq(static_cast<float>(expected) / 255.0f).all().item<bool>()) << expected;
        }
      }
      EXPECT_EQ(expected, 20) << workers << " threads, batches of " << batch_size;
    }
  }
}

TEST(EvaluationReader, ReportsTheFirstUnreadableImageAfterTheBatchesBeforeIt) {
  PlainPictures pictures(12);
  pictures.broken = {9, 6, 7};
  EvaluationReader reader(pictures, small_view, 4, 3, 0, 12);
  EvaluationReader::Batch batch;
  EXPECT_TRUE(reader.next(batch));
  EXPECT_TRUE(reader.next(batch));
  for (int again = 0; again < 2; ++again) {
    try {
      reader.next(batch);
      FAIL() << "an unreadable image went unnoticed";
    } catch (const DataError& error) {
      EXPECT_NE(std::string(error.what()).find("picture-6.png"), std::string::npos) << error.what();
    }
  }
}

TEST(EvaluationReader, AnyExceptionOfAThreadComesOutOfNext) {
  PlainPictures pictures(4);
  pictures.unlucky = 2;
  EvaluationReader reader(pictures, small_view, 2, 4, 0, 4);
  EvaluationReader::Batch batch;
  EXPECT_THROW(reader.next(batch), std::bad_alloc);
}

TEST(EvaluationReader, StaysAtMostTwoBatchesAhead) {
  const PlainPictures pictures(100);
  EvaluationReader reader(pictures, small_view, 3, 5, 0, 100);
  EvaluationReader::Batch batch;
  ASSERT_TRUE(reader.next(batch));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_LE(pictures.reads, 15);
}

TEST(EvaluationReader, UsesMemoryAgainThatNobodyHolds) {
  const PlainPictures pictures(100);
  const auto buffers = [&](bool hold) {
    EvaluationReader reader(pictures, small_view, 2, 5, 0, 100);
    std::set<void*> seen;
    std::vector<at::Tensor> held;
    for (EvaluationReader::Batch batch; reader.next(batch);) {
      seen.insert(batch.images.data_ptr());
      if (hold) held.push_back(batch.images.narrow(0, 0, 1));
    }
    return seen.size();
  };
  EXPECT_LE(buffers(false), 4u);
  EXPECT_EQ(buffers(true), 20u);
}

TEST(EvaluationReader, CanBeLeftHalfReadAndEmpty) {
  const PlainPictures pictures(50);
  { EvaluationReader unread(pictures, small_view, 3, 4, 0, 50); }
  EvaluationReader empty(pictures, small_view, 2, 4, 7, 7);
  EvaluationReader::Batch batch;
  EXPECT_FALSE(empty.next(batch));
}

}  // namespace
}  // namespace luvit
