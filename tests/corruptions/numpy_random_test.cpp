// Against vectors of numpy's legacy generator, scripts/fixtures/corruptions.py: every draw to the last bit, in the
// fixture's order, so that the changes from one kind of draw to the next count too.
#include "luvit/corruptions/numpy_random.h"

#include <gtest/gtest.h>

#include "fixture.h"
#include "luvit/core/text.h"

namespace luvit {
namespace {

class Vectors {
 public:
  explicit Vectors(std::uint32_t seed) : seed_(seed), file_(fixture_path("random.safetensors").string()) {}

  template <typename Draw>
  void expect(const std::string& name, Draw draw) const {
    const at::Tensor wanted = file_.read(str(seed_, ".", name)).to(at::kDouble).contiguous();
    std::int64_t different = 0;
    for (std::int64_t i = 0; i < wanted.numel(); ++i) {
      different += static_cast<double>(draw()) != wanted.data_ptr<double>()[i];
    }
    EXPECT_EQ(different, 0) << seed_ << "." << name;
  }
  void expect_filled(const std::string& name, NumpyRandom& random,
                     void (NumpyRandom::*fill)(double*, std::int64_t)) const {
    const at::Tensor wanted = file_.read(str(seed_, ".", name));
    at::Tensor got = at::empty_like(wanted);
    (random.*fill)(got.data_ptr<double>(), got.numel());
    EXPECT_TRUE(got.equal(wanted)) << seed_ << "." << name;
  }

 private:
  std::uint32_t seed_;
  SafetensorsFile file_;
};

void expect_the_others(const Vectors& vectors, NumpyRandom& random) {
  vectors.expect("normal", [&] { return 0.3 + 2.5 * random.standard_normal(); });
  vectors.expect("uniform", [&] { return random.uniform(-45, 45); });
  const std::int64_t ranges[8][2] = {
      {0, 5}, {-3, 3}, {0, 1}, {7, 8}, {-4, 4}, {0, 1LL << 32}, {0, (1LL << 32) - 5}, {-(1LL << 40), 1LL << 41}};
  for (const auto& [low, above] : ranges) {
    vectors.expect(str("randint.", low, ".", above), [&, from = low, to = above] { return random.randint(from, to); });
  }
  vectors.expect("random_sample.again", [&] { return random.random_sample(); });
  for (const char* mean : {"0", "0.02", "1", "4.7", "9.999", "10", "25", "60"}) {
    const NumpyPoisson poisson(std::stod(mean));
    vectors.expect(str("poisson.", mean), [&] { return poisson(random); });
  }
  vectors.expect("standard_normal.again", [&] { return random.standard_normal(); });
}

constexpr std::uint32_t seeds[] = {0, 1, 12345, 0xFFFFFFFFu};

TEST(NumpyRandom, EverySingleDrawIsNumpys) {
  for (const std::uint32_t seed : seeds) {
    const Vectors vectors(seed);
    NumpyRandom random(seed);
    vectors.expect("random_sample", [&] { return random.random_sample(); });
    vectors.expect("standard_normal", [&] { return random.standard_normal(); });
    expect_the_others(vectors, random);
  }
}

TEST(NumpyRandom, ManyAtOnceAreTheSameAndLeaveTheGeneratorTheSame) {
  for (const std::uint32_t seed : seeds) {
    const Vectors vectors(seed);
    NumpyRandom random(seed);
    vectors.expect_filled("random_sample", random, &NumpyRandom::fill_random_sample);
    vectors.expect_filled("standard_normal", random, &NumpyRandom::fill_standard_normal);
    expect_the_others(vectors, random);
  }
}

TEST(NumpyRandom, FillsInAnyPiecesAndAfterAnOddNumberOfBits) {
  NumpyRandom one(7), other(7);
  one.bits();
  other.bits();
  std::vector<double> whole(5000), pieces(5000);
  one.fill_standard_normal(whole.data(), 5000);
  for (std::int64_t at = 0, n = 1; at < 5000; at += n, n = std::min<std::int64_t>(n * 2 + 1, 5000 - at)) {
    other.fill_standard_normal(pieces.data() + at, n);
  }
  EXPECT_EQ(whole, pieces);
  EXPECT_EQ(one.bits(), other.bits());
}

TEST(NumpyRandom, ControlAnotherSeedGivesOtherNumbers) {
  const SafetensorsFile file(fixture_path("random.safetensors").string());
  EXPECT_NE(NumpyRandom(2).random_sample(), file.read("1.random_sample")[0].item<double>());
  EXPECT_EQ(NumpyRandom(1).random_sample(), file.read("1.random_sample")[0].item<double>());
}

}  // namespace
}  // namespace luvit
