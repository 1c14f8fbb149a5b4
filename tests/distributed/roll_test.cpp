#include "roll.h"

#include <gtest/gtest.h>

namespace luvit::test {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct RollTest : testing::Test {
  RollTest() {
    for (const std::int64_t rank : {1, 3, 2}) roll.add(rank, "node" + std::to_string(rank));
  }
  Roll::Findings look(milliseconds at) { return roll.look(begin + at); }
  void heard(std::vector<std::int64_t> ranks, milliseconds at, milliseconds idle = milliseconds(0)) {
    for (const std::int64_t rank : ranks) roll.heard(rank, begin + at, idle);
  }
  const Roll::Time begin{};
  Roll roll{seconds(20), begin};
};

}  // namespace

TEST_F(RollTest, WhoBeatsIsWell) {
  for (int second = 0; second < 100; ++second) {
    heard({1, 2, 3}, seconds(second));
    const auto found = look(seconds(second) + milliseconds(500));
    EXPECT_TRUE(found.slow.empty());
    EXPECT_EQ(found.lost, "");
  }
}

TEST_F(RollTest, SilenceIsSlowAtAQuarterAndToldOnce) {
  heard({1, 2, 3}, seconds(0));
  heard({1, 3}, seconds(5));
  const auto found = look(seconds(5));
  ASSERT_EQ(found.slow.size(), 1u);
  EXPECT_NE(found.slow[0].find("rank 2 on node2 is slow"), std::string::npos) << found.slow[0];
  EXPECT_EQ(found.lost, "");
  EXPECT_TRUE(look(seconds(6)).slow.empty());
  heard({2}, seconds(6));
  EXPECT_TRUE(look(seconds(7)).slow.empty());
  heard({1, 3}, seconds(11));
  EXPECT_EQ(look(seconds(11)).slow.size(), 1u);  // again
}

TEST_F(RollTest, SilenceIsLossWithinTheTimeout) {
  heard({1, 2, 3}, seconds(0));
  heard({1, 3}, seconds(17));
  EXPECT_EQ(look(seconds(17)).lost, "");
  heard({1, 3}, milliseconds(19900));
  EXPECT_EQ(look(milliseconds(19900)).lost,
            "rank 2 on node2 is lost: nothing heard for 19.9 s (distributed.timeout_s is 20)");
}

TEST_F(RollTest, AHungRankIsLostThoughItsProcessBeats) {
  heard({1, 3}, seconds(19));
  heard({2}, seconds(19), seconds(19));
  EXPECT_EQ(
      look(seconds(19)).lost,
      "rank 2 on node2 is lost: the process lives but has not gone forward for 19.0 s (distributed.timeout_s is 20)");
}

TEST_F(RollTest, AllThatACutLinkTookAreNamed) {
  heard({1}, seconds(19));
  heard({2}, milliseconds(100));
  heard({3}, milliseconds(900));
  EXPECT_NE(look(milliseconds(19000)).lost.find("ranks 2 and 3 are lost"), std::string::npos);
}

TEST_F(RollTest, AllThatWaitAreStuckWhenTheTimeIsOver) {
  const auto stuck = [&](int at) { return roll.stuck(begin + seconds(at)); };
  for (const std::int64_t rank : {1, 2}) roll.waits(rank, begin + seconds(30), seconds(29));
  heard({3}, seconds(30));
  EXPECT_EQ(stuck(50), "");  // 3 does not wait
  roll.waits(3, begin + seconds(30), seconds(5));
  EXPECT_EQ(stuck(44), "");
  EXPECT_NE(stuck(45).find("all ranks have been waiting for each other for 20.0 s"), std::string::npos) << stuck(45);
  heard({1}, seconds(46));
  EXPECT_EQ(stuck(60), "");
  roll.left(1);
  EXPECT_NE(stuck(60), "");  // those that are left wait for it
}

TEST_F(RollTest, WhoLeftIsNotMissed) {
  roll.left(2);
  heard({1, 3}, seconds(30));
  EXPECT_EQ(look(seconds(30)).lost, "");
}

}  // namespace luvit::test
