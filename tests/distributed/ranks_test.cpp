#include "luvit/distributed/ranks.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "rank_processes.h"

namespace luvit::test {

namespace {

std::unique_ptr<Ranks> join(const Place& place) {
  return join_ranks(place, {.device = at::kCPU, .timeout = std::chrono::seconds(60)});
}

at::Tensor numbered(std::int64_t rank) {
  return at::arange(6, at::kDouble).view({2, 3}) + 10 * rank;
}

RANKS_DO(collectives) {
  const auto ranks = join(place);
  require(ranks->rank() == place.rank && ranks->size() == place.ranks, "rank and size");

  at::Tensor given = numbered(place.rank), single = at::full({}, place.rank, at::kLong);
  ranks->broadcast({given, single});
  require(given.equal(numbered(0)) && single.item<std::int64_t>() == 0, "broadcast");

  const at::Tensor all = ranks->gather(numbered(place.rank));
  for (std::int64_t rank = 0; rank < place.ranks; ++rank) require(all[rank].equal(numbered(rank)), "gather");

  at::Tensor sum = numbered(place.rank);
  ranks->sum(sum);
  require(sum.equal(all.sum(0)), "sum");

  const at::Tensor shard = at::arange(4, at::kFloat) + 4 * place.rank;
  require(ranks->join_shards(shard).equal(at::arange(4 * place.ranks, at::kFloat)), "join_shards");

  const auto texts = ranks->gather_text(std::string(static_cast<std::size_t>(place.rank), 'x'));
  for (std::int64_t rank = 0; rank < place.ranks; ++rank)
    require(texts[rank] == std::string(static_cast<std::size_t>(rank), 'x'), "gather_text");
  ranks->wait_for_all();
  require(!ranks->waiting(), "waits when all is done");
}

RANKS_DO(meeting) {
  join_ranks(place, {.timeout = std::chrono::seconds(2)});
}

RANKS_DO(lost_peer) {
  const auto ranks = join(place);
  ranks->wait_for_all();
  if (place.rank == 1) _exit(0);
  ranks->wait_for_all();
}

}  // namespace

TEST(Ranks, WhoDoesNotComeIsNamed) {
  const Variables others{{"WORLD_SIZE", "4"}};  // two more than are started
  const auto processes = start_ranks(2, "meeting", others);
  for (const Process& process : processes) {
    const Ended ended = wait_for(process);
    EXPECT_EQ(ended.exit, 1);
    EXPECT_NE(ended.errors.find("ranks 2 and 3 of 4 did not arrive"), std::string::npos) << ended.errors;
    EXPECT_EQ(std::count(ended.errors.begin(), ended.errors.end(), '\n'), 1) << ended.errors;
  }
  const auto alone = start_ranks(1, "meeting", {{"RANK", "1"}, {"WORLD_SIZE", "2"}});
  const Ended ended = wait_for(alone.front());
  EXPECT_NE(ended.errors.find("rank 1 found nobody at 127.0.0.1:"), std::string::npos) << ended.errors;
  EXPECT_EQ(std::count(ended.errors.begin(), ended.errors.end(), '\n'), 1) << ended.errors;
}

TEST(Ranks, AWaitForALostRankEndsWithAnErrorOfOurs) {
  const auto processes = start_ranks(2, "lost_peer");
  EXPECT_EQ(wait_for(processes[1]).exit, 0);
  const Ended ended = wait_for(processes[0]);
  EXPECT_EQ(ended.exit, 1);
  EXPECT_NE(ended.errors.find("rank 0 of 2: a meeting with the other ranks failed"), std::string::npos) << ended.errors;
}

TEST(Ranks, CollectivesHoldOnAnyNumberOfRanks) {
  for (const std::int64_t count : {1, 2, 3, 4}) EXPECT_TRUE(ranks_hold(count, "collectives"));
}

TEST(Ranks, PlannedRanksHoldWhatThisOneHolds) {
  const auto ranks = planned_ranks(3, 32);
  EXPECT_EQ(ranks->rank(), 3);
  EXPECT_EQ(ranks->size(), 32);
  at::Tensor sum = at::ones({4});
  ranks->sum(sum);
  EXPECT_TRUE(sum.equal(at::full({4}, 32.0)));
  EXPECT_TRUE(ranks->gather(at::ones({2})).equal(at::ones({32, 2})));
  EXPECT_TRUE(ranks->join_shards(at::ones({2})).equal(at::ones({64})));
  EXPECT_EQ(ranks->gather_text("me").size(), 32u);
  at::Tensor same = at::ones({2});
  ranks->broadcast({same});
  EXPECT_TRUE(same.equal(at::ones({2})));
  ranks->wait_for_all();
}

}  // namespace luvit::test
