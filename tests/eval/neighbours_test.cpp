#include "neighbours.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "luvit/core/error.h"
#include "luvit/core/random.h"
#include "luvit/core/text.h"
#include "luvit/data/image.h"

namespace luvit {
namespace {

// Each picture has a colour of its own, which is its feature.
class Colours : public Dataset {
 public:
  Colours(std::int64_t size, std::uint64_t seed, std::int64_t classes) : seed_(seed), size_(size), classes_(classes) {}
  std::int64_t size() const override { return size_; }
  std::array<std::uint8_t, 3> colour(std::int64_t index) const {
    Random random(seed_, 0, static_cast<std::uint64_t>(index), Purpose::synthetic);
    std::array<std::uint8_t, 3> colour{};
    for (auto& level : colour) level = static_cast<std::uint8_t>(random.below(40));  // many are alike
    return colour;
  }
  void read(std::int64_t, std::vector<std::uint8_t>&) const override {}
  Image image(std::int64_t index, std::vector<std::uint8_t>&) const override {
    Image image{4, 4, {}};
    for (int i = 0; i < 16; ++i)
      for (const std::uint8_t level : colour(index)) image.pixels.push_back(level);
    return image;
  }
  std::int64_t label(std::int64_t index) const override {
    return static_cast<std::int64_t>(Random(seed_ + 1, 0, static_cast<std::uint64_t>(index), Purpose::synthetic)
                                         .below(static_cast<std::uint64_t>(classes_)));
  }
  std::string name(std::int64_t index) const override { return luvit::str("colour ", index); }
  const std::vector<std::string>& classes() const override { return none_; }

 private:
  std::uint64_t seed_;
  std::int64_t size_, classes_;
  std::vector<std::string> none_;
};

const EvaluationView plain{.resize = 0, .crop = 4, .mean = {0, 0, 0}, .std = {1 / 255.0, 1 / 255.0, 1 / 255.0}};

at::Tensor mean_colour(const at::Tensor& images) {
  return images.mean({2, 3}).round() + 1;
}

NeighbourOptions options_of(std::int64_t k, double temperature) {
  return {.pass = {.view = plain, .batch = 50, .at_once = 32, .workers = 1, .stop = {}},
          .k = k,
          .temperature = temperature};
}

// The same by comparing everything with everything.
Prediction by_hand(const Colours& train, const Colours& data, std::int64_t index, std::int64_t k, double temperature) {
  const auto unit = [](const Colours& of, std::int64_t i) {
    std::array<double, 3> v{};
    double length = 0;
    for (std::size_t j = 0; j < 3; ++j) length += std::pow(v[j] = of.colour(i)[j] + 1.0, 2);
    for (double& x : v) x /= std::sqrt(length);
    return v;
  };
  const auto own = unit(data, index);
  std::vector<std::pair<double, std::int64_t>> order;
  for (std::int64_t i = 0; i < train.size(); ++i) {
    const auto other = unit(train, i);
    order.emplace_back(-(own[0] * other[0] + own[1] * other[1] + own[2] * other[2]), i);
  }
  std::sort(order.begin(), order.end());
  std::map<std::int64_t, double> votes;
  double all = 0;
  for (std::int64_t i = 0; i < std::min(k, train.size()); ++i) {
    const double weight = std::exp((-order[static_cast<std::size_t>(i)].first - 1) / temperature);
    votes[train.label(order[static_cast<std::size_t>(i)].second)] += weight;
    all += weight;
  }
  Prediction best;
  for (const auto& [label, weight] : votes)
    if (weight / all > static_cast<double>(best.confidence) + 1e-6) {
      best.top[0] = label;
      best.confidence = static_cast<float>(weight / all);
    }
  return best;
}

TEST(Neighbours, VoteAsByComparingEverything) {
  const Colours train(2500, 3, 7), data(300, 9, 7);
  Team alone;
  const auto found = nearest_neighbours(alone, train, data, mean_colour, options_of(20, 0.07));
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 300u);
  std::int64_t same = 0;
  for (std::int64_t i = 0; i < 300; ++i) {
    const Prediction& p = (*found)[static_cast<std::size_t>(i)];
    const Prediction expected = by_hand(train, data, i, 20, 0.07);
    same += p.top[0] == expected.top[0];
    EXPECT_EQ(p.label, data.label(i));
  }
  EXPECT_GE(same, 291);  // cosines that differ in float32's last bits may stand in another order at the twentieth place
}

TEST(Neighbours, OfFeaturesThatAreNoNumbersThereAreNone) {
  const Colours train(70, 1, 3), data(40, 2, 3);
  Team alone;
  const auto broken_at = [](std::int64_t count, double value) {
    return [count, value, seen = std::int64_t{0}](const at::Tensor& images) mutable {
      at::Tensor features = mean_colour(images);
      if ((seen += images.size(0)) > count) features[0][1] = value;
      return features;
    };
  };
  for (const double value : {std::nan(""), HUGE_VAL})
    for (const std::int64_t count : {0, 96}) {  // while learning, while asking
      try {
        nearest_neighbours(alone, train, data, broken_at(count, value), options_of(3, 0.1));
        ADD_FAILURE() << "no error";
      } catch (const RunError& error) {
        EXPECT_NE(std::string(error.what()).find("features are not finite"), std::string::npos);
        EXPECT_TRUE(std::string(error.what()).starts_with("colour 0:")) << error.what();
      }
    }
}

TEST(Neighbours, AreTheEarliestAmongEquals) {
  const Colours train(1500, 3, 7);
  Team alone;
  // Every feature is the same: the first image alone votes.
  const auto same = [](const at::Tensor& images) { return at::ones({images.size(0), 5}); };
  const auto found = nearest_neighbours(alone, train, train, same, options_of(1, 1));
  for (const Prediction& p : *found) {
    EXPECT_EQ(p.top, (std::array<std::int64_t, 5>{train.label(0), -1, -1, -1, -1}));
    EXPECT_EQ(p.confidence, 1);
  }
}

TEST(Neighbours, MayBeFewerThanAsked) {
  const Colours train(3, 3, 7), data(2, 9, 7);
  Team alone;
  const auto found = nearest_neighbours(alone, train, data, mean_colour, options_of(20, 0.07));
  for (std::int64_t i = 0; i < 2; ++i)
    EXPECT_EQ((*found)[static_cast<std::size_t>(i)].top[0], by_hand(train, data, i, 20, 0.07).top[0]);
}

TEST(Neighbours, StopWhenAsked) {
  const Colours train(100, 3, 7);
  Team alone;
  NeighbourOptions options = options_of(20, 0.07);
  std::int64_t asked = 0;
  options.pass.stop = [&] { return ++asked > 9; };  // 4 calls of the model for each set, then between queries
  EXPECT_FALSE(nearest_neighbours(alone, train, Colours(600, 9, 7), mean_colour, options));
}

}  // namespace
}  // namespace luvit
