#include "luvit/core/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <vector>

namespace luvit {
namespace {

using Block = std::array<std::uint32_t, 4>;

// Random123's kat_vectors, "philox4x32 10".
TEST(Philox, KnownAnswers) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}), (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

// These numbers decide every run: a change of them is a change of all results.
TEST(Random, StreamsStayWhatTheyAre) {
  Random by_sample(1, 2, 3, Purpose::mask), by_name(1, "blocks.0.attn.qkv.weight", Purpose::initial);
  Random again(1, 2, 3, Purpose::mask);
  EXPECT_EQ(by_sample.bits(), again.bits());
  EXPECT_NE(by_sample.bits(), by_name.bits());
}

TEST(Random, EveryPartOfTheKeyMatters) {
  std::set<std::uint64_t> first;
  auto draw = [&](Random random) { first.insert(static_cast<std::uint64_t>(random.bits()) << 32 | random.bits()); };
  const std::uint64_t high = std::uint64_t{1} << 40;
  for (std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{1}, high})
    for (std::uint64_t epoch : {std::uint64_t{0}, std::uint64_t{1}, high})
      for (std::uint64_t sample : {std::uint64_t{0}, std::uint64_t{1}, high})
        for (Purpose purpose : {Purpose::crop, Purpose::flip}) draw(Random(seed, epoch, sample, purpose));
  const std::string with_zero("a\0", 2);
  for (const std::string& name : {std::string(), std::string("a"), with_zero, std::string("abcdefgh"),
                                  std::string("abcdefghi"), std::string("abcdefgh\0", 9)})
    draw(Random(0, name, Purpose::initial));
  EXPECT_EQ(first.size(), 3u * 3 * 3 * 2 + 6);
}

TEST(Random, UniformStaysInItsHalfOpenRange) {
  Random random(5, 0, 0, Purpose::synthetic);
  double sum = 0;
  for (int i = 0; i < 100000; ++i) {
    double value = random.uniform(-1, 3);
    ASSERT_GE(value, -1);
    ASSERT_LT(value, 3);
    sum += value;
  }
  EXPECT_NEAR(sum / 100000, 1, 0.02);
}

TEST(Random, BelowIsUnbiased) {
  Random random(5, 0, 0, Purpose::synthetic);
  for (std::uint64_t n : {1, 2, 3, 7, 10}) {
    std::vector<int> counts(n);
    for (int i = 0; i < 70000; ++i) ++counts.at(random.below(n));
    double expected = 70000.0 / static_cast<double>(n), chi = 0;
    for (int count : counts) chi += (count - expected) * (count - expected) / expected;
    EXPECT_LT(chi, 35) << n;  // nine degrees of freedom at most: p < 1e-4
  }
  // Three quarters of the 64-bit range: plain modulo would give the lower part twice as often.
  const std::uint64_t large = 3 * (std::uint64_t{1} << 62);
  int low = 0;
  for (int i = 0; i < 30000; ++i) low += random.below(large) < large / 3;
  EXPECT_NEAR(low, 10000, 400);
  EXPECT_THROW(random.below(0), std::invalid_argument);
}

struct Moments {
  double mean = 0, variance = 0, skew = 0, fourth = 0;
};
Moments moments(const std::vector<float>& values) {
  Moments m;
  for (float v : values) m.mean += v;
  m.mean /= static_cast<double>(values.size());
  for (float v : values) {
    double d = v - m.mean;
    m.variance += d * d, m.skew += d * d * d, m.fourth += d * d * d * d;
  }
  m.variance /= static_cast<double>(values.size());
  m.skew /= static_cast<double>(values.size()), m.fourth /= static_cast<double>(values.size());
  return m;
}

TEST(Random, FillsAreOfTheirDistribution) {
  std::vector<float> values(1 << 20);
  Random random(9, 0, 0, Purpose::synthetic);
  random.fill_uniform(values.data(), std::ssize(values), -2, 2);
  for (float v : values) ASSERT_TRUE(v >= -2 && v < 2);
  Moments uniform = moments(values);
  EXPECT_NEAR(uniform.mean, 0, 0.005);
  EXPECT_NEAR(uniform.variance, 16.0 / 12, 0.01);
  random.fill_normal(values.data(), std::ssize(values), 3, 2);
  Moments normal = moments(values);
  EXPECT_NEAR(normal.mean, 3, 0.01);
  EXPECT_NEAR(normal.variance, 4, 0.03);
  EXPECT_NEAR(normal.skew, 0, 0.1);
  EXPECT_NEAR(normal.fourth / (normal.variance * normal.variance), 3, 0.03);
}

// The vectorised sine, cosine and logarithm against the library's, from the same bits.
TEST(Random, FilledNormalsAreBoxMullerOfThePhiloxBlocks) {
  std::vector<float> normals(4096), uniforms(4096);
  Random(3, "t", Purpose::initial).fill_normal(normals.data(), 4096, 0, 1);
  Random words(3, "t", Purpose::initial);
  for (std::size_t i = 0; i < normals.size(); i += 2) {
    double u = std::ldexp(static_cast<double>(words.bits() >> 8), -24);
    double angle = 2 * M_PI * std::ldexp(static_cast<double>(words.bits()), -32);
    double radius = std::sqrt(-2 * std::log(1 - u));
    ASSERT_NEAR(normals[i], radius * std::cos(angle), 2e-6) << i;
    ASSERT_NEAR(normals[i + 1], radius * std::sin(angle), 2e-6) << i;
  }
}

TEST(Random, AFillIsThePrefixOfALongerOne) {
  std::vector<float> longer(1000), shorter(1000);
  Random(1, 1, 1, Purpose::mask).fill_uniform(longer.data(), 1000);
  for (std::int64_t n : {0, 1, 3, 63, 64, 65, 200}) {
    Random(1, 1, 1, Purpose::mask).fill_uniform(shorter.data(), n);
    for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) ASSERT_EQ(shorter[i], longer[i]) << n;
  }
  Random random(1, 1, 1, Purpose::mask);  // what follows a fill is new, and single draws may follow
  random.fill_uniform(shorter.data(), 5);
  EXPECT_EQ(random.uniform_float(), longer[8]);
}

TEST(Permutation, IsOneForAnySize) {
  for (std::uint64_t n : {1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 63, 64, 65, 1000, 4097}) {
    Permutation permutation(n, 7, 3);
    std::vector<bool> seen(n);
    for (std::uint64_t i = 0; i < n; ++i) {
      std::uint64_t j = permutation(i);
      ASSERT_LT(j, n);
      ASSERT_FALSE(seen[j]);
      seen[j] = true;
    }
    EXPECT_THROW(permutation(n), std::out_of_range);
  }
}

TEST(Permutation, HugeSizesNeedNoTable) {
  for (std::uint64_t n : {std::uint64_t{1} << 33, (std::uint64_t{1} << 62) + 1, ~std::uint64_t{0}}) {
    Permutation permutation(n, 1, 1);
    std::set<std::uint64_t> seen;
    for (std::uint64_t i = 0; i < 1000; ++i) seen.insert(permutation(i));
    EXPECT_EQ(seen.size(), 1000u);
    EXPECT_GT(*seen.rbegin(), n / 2);
  }
}

// All orders of few samples come equally often over the epochs.
TEST(Permutation, SmallOnesAreFair) {
  for (std::uint64_t n : {2, 3, 4}) {
    std::map<std::vector<std::uint64_t>, int> counts;
    const int epochs = 24000;
    for (std::uint64_t epoch = 0; epoch < epochs; ++epoch) {
      Permutation permutation(n, 11, epoch);
      std::vector<std::uint64_t> order;
      for (std::uint64_t i = 0; i < n; ++i) order.push_back(permutation(i));
      ++counts[order];
    }
    std::size_t orders = n == 2 ? 2 : n == 3 ? 6 : 24;
    EXPECT_EQ(counts.size(), orders);
    double expected = static_cast<double>(epochs) / static_cast<double>(orders), chi = 0;
    for (const auto& [order, count] : counts) chi += (count - expected) * (count - expected) / expected;
    EXPECT_LT(chi, 60) << n;
  }
}

// Every sample lands everywhere equally often, and neighbours are torn apart.
TEST(Permutation, PositionsAndNeighboursAreFair) {
  for (std::uint64_t n : {8, 64}) {
    std::vector<int> lands(n * n), gap(n);
    const int epochs = 6400;
    for (std::uint64_t epoch = 0; epoch < epochs; ++epoch) {
      Permutation permutation(n, 2, epoch);
      for (std::uint64_t i = 0; i < n; ++i) ++lands[i * n + permutation(i)];
      for (std::uint64_t i = 0; i + 1 < n; ++i) ++gap[(permutation(i + 1) + n - permutation(i)) % n];
    }
    double expected = epochs / static_cast<double>(n), chi = 0;
    for (int count : lands) chi += (count - expected) * (count - expected) / expected;
    double freedom = static_cast<double>((n - 1) * (n - 1));
    EXPECT_NEAR(chi, freedom, 5 * std::sqrt(2 * freedom)) << n;
    EXPECT_EQ(gap[0], 0);
    expected = epochs, chi = 0;
    for (std::size_t i = 1; i < n; ++i) chi += (gap[i] - expected) * (gap[i] - expected) / expected;
    EXPECT_NEAR(chi, static_cast<double>(n - 2), 6 * std::sqrt(2.0 * static_cast<double>(n - 2))) << n;
  }
}

}  // namespace
}  // namespace luvit
