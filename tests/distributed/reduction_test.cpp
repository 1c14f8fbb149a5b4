#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <cstring>
#include <thread>

#include "gradient_reduction.h"
#include "luvit/distributed/ranks.h"
#include "planned_backend.h"
#include "rank_processes.h"

namespace luvit::test {

namespace {

std::unique_ptr<Ranks> join(const Place& place) {
  return join_ranks(place, {.timeout = std::chrono::seconds(60)});
}

// A small network with enough parameters for several buckets (the first holds 1 MiB), the same on all ranks.
struct Network {
  explicit Network(at::ScalarType type) {
    at::manual_seed(1);
    for (int layer = 0; layer < layers; ++layer) {
      weights.push_back((at::randn({width, width}, at::kDouble) / 20).to(type).requires_grad_());
      weights.push_back((at::randn({width}, at::kDouble) / 20).to(type).requires_grad_());
    }
  }

  at::Tensor loss(const at::Tensor& rows) const {
    at::Tensor x = rows.to(weights[0].scalar_type());
    for (int layer = 0; layer < layers; ++layer)
      x = at::tanh(at::linear(x, weights[2 * layer], weights[2 * layer + 1]));
    return x.square().sum(1).mean() / 4;
  }

  std::vector<at::Tensor> gradients() const {
    std::vector<at::Tensor> all;
    for (const at::Tensor& weight : weights) all.push_back(weight.grad());
    return all;
  }

  void release() {
    for (at::Tensor& weight : weights) weight.mutable_grad().reset();
  }

  static constexpr int layers = 6, width = 384;
  std::vector<at::Tensor> weights;
};

constexpr std::int64_t rows = 24;  // divides by 1, 2, 3, 4 ranks and 2 micro-batches

at::Tensor global_batch(int step) {
  at::manual_seed(100 + step);
  return at::randn({rows, Network::width}, at::kDouble);
}

at::Tensor own_rows(const Place& place, int step) {
  const std::int64_t count = rows / place.ranks;
  return global_batch(step).narrow(0, place.rank * count, count);
}

// What one process gets for the whole batch.
std::vector<at::Tensor> plain_gradients(at::ScalarType type, int step) {
  Network network(type);
  network.loss(global_batch(step)).backward();
  return network.gradients();
}

double largest_difference(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    largest = std::max(largest, (a[i].to(at::kDouble) - b[i].to(at::kDouble)).abs().max().item<double>());
  return largest;
}

// Of all values together: |a − b| / |b|.
double relative_distance(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  double between = 0, length = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    between += (a[i] - b[i]).to(at::kDouble).square().sum().item<double>();
    length += b[i].to(at::kDouble).square().sum().item<double>();
  }
  return std::sqrt(between / length);
}

void require_plain_gradients(const Network& network, int step) {
  const double difference = largest_difference(network.gradients(), plain_gradients(at::kDouble, step));
  require(difference <= 1e-12, "differs by " + std::to_string(difference));
}

std::vector<const void*> places(const std::vector<at::Tensor>& tensors) {
  std::vector<const void*> all;
  for (const at::Tensor& tensor : tensors) all.push_back(tensor.const_data_ptr());
  return all;
}

double largest(const std::vector<at::Tensor>& all) {
  double found = 0;
  for (const at::Tensor& each : all) found = std::max(found, each.abs().max().item<double>());
  return found;
}

void require_same_bytes(Ranks& ranks, const std::vector<at::Tensor>& tensors) {
  for (const at::Tensor& tensor : tensors) {
    const at::Tensor all = ranks.gather(tensor);
    for (std::int64_t rank = 0; rank < ranks.size(); ++rank)
      require(std::memcmp(all[rank].const_data_ptr(), all[0].const_data_ptr(), all[0].nbytes()) == 0,
              "ranks hold other bytes");
  }
}

RANKS_DO(float64_gradients) {
  const auto ranks = join(place);
  Network network(at::kDouble);
  const auto reduction = ranks->reduce_gradients(network.weights, Compression::none);
  for (int step = 0; step < 3; ++step) {
    network.release();
    reduction->expect();
    network.loss(own_rows(place, step)).backward();
    require_plain_gradients(network, step);
    require_same_bytes(*ranks, network.gradients());
  }
}

RANKS_DO(accumulation) {
  const auto ranks = join(place);
  Network network(at::kDouble);
  const auto reduction = ranks->reduce_gradients(network.weights, Compression::none);
  for (int step = 0; step < 3; ++step) {
    network.release();
    reduction->begin_sum();
    const auto parts = own_rows(place, step).chunk(2);
    (network.loss(parts[0]) / 2).backward();
    const auto first_sums = places(network.gradients());
    if (place.ranks > 1)  // nothing is averaged before the last part
      require(largest_difference(network.gradients(), plain_gradients(at::kDouble, step)) > 1e-6, "reduced too early");
    reduction->expect();
    (network.loss(parts[1]) / 2).backward();
    require_plain_gradients(network, step);
    require(places(network.gradients()) == first_sums, "sums were kept in one place and sent from another");
  }
}

RANKS_DO(compressed_gradients) {
  const auto ranks = join(place);
  Network network(at::kFloat), plain(at::kFloat);
  const auto reduction = ranks->reduce_gradients(network.weights, Compression::bfloat16);
  const auto exact = ranks->reduce_gradients(plain.weights, Compression::none);
  for (int step = 0; step < 3; ++step) {
    for (Network* each : {&network, &plain}) each->release();
    reduction->expect();
    network.loss(own_rows(place, step)).backward();
    exact->expect();
    plain.loss(own_rows(place, step)).backward();
    const double difference = largest_difference(network.gradients(), plain.gradients());
    require(difference <= 1e-3, "differs by " + std::to_string(difference));
    require(difference > 0, "nothing was compressed");
    // That 1e-3 is absolute, and says little where gradients are small. Relatively, one rounding to bfloat16's 8 bits
    // alone may be off by 2^-9 = 2e-3 of a value; here each is rounded when it is sent, at each of the sums and at the
    // average. Of a single value no relative bound holds (what the ranks send may cancel); of the largest, and of all
    // together, where roundings up and down cancel too, it does.
    constexpr double rounding = 1.0 / 512;
    const auto roundings = static_cast<double>(place.ranks + 1);
    require(difference <= roundings * rounding * largest(plain.gradients()), "a value is off by more than roundings");
    const double relative = relative_distance(network.gradients(), plain.gradients());
    require(relative <= std::sqrt(roundings) * rounding, "all are off by " + std::to_string(relative));
    require_same_bytes(*ranks, network.gradients());
  }
  const auto half = reduction->bucket_bytes(), whole = exact->bucket_bytes();
  require(half.size() == whole.size(), "buckets");
  for (std::size_t i = 0; i < half.size(); ++i) require(2 * half[i] == whole[i], "bytes of a bucket");
}

// The same sums in the same order whenever training starts: a resumed run goes on with the same bytes.
RANKS_DO(first_step_again) {
  const auto ranks = join(place);
  std::vector<at::Tensor> before;
  for (int start = 0; start < 2; ++start) {
    Network network(at::kFloat);
    const auto reduction = ranks->reduce_gradients(network.weights, Compression::none);
    for (int step = start == 0 ? 0 : 1; step < 2; ++step) {  // once as the second step of a start, once as the first
      network.release();
      reduction->expect();
      network.loss(own_rows(place, step)).backward();
    }
    if (start == 0)
      before = network.gradients();
    else
      for (std::size_t i = 0; i < before.size(); ++i) require(before[i].equal(network.gradients()[i]), "other bytes");
  }
}

RANKS_DO(waiting) {
  const auto ranks = join(place);
  Network network(at::kFloat);
  const auto reduction = ranks->reduce_gradients(network.weights, Compression::none);
  ranks->wait_for_all();
  const double before = ranks->waited_seconds();
  if (place.rank == 1) std::this_thread::sleep_for(std::chrono::milliseconds(600));
  reduction->expect();
  network.loss(own_rows(place, 0)).backward();
  const double waited = ranks->waited_seconds() - before;
  const at::Tensor all = ranks->gather(at::full({}, waited));
  require(all[0].item<double>() > 0.3, "rank 0 waited " + std::to_string(all[0].item<double>()) + " s");
  require(all[0].item<double>() > all[1].item<double>() + 0.2, "rank 1 waited as long");
}

}  // namespace

TEST(Reduction, Float64GradientsAreThoseOfOneProcess) {
  for (const std::int64_t count : {1, 2, 3, 4}) EXPECT_TRUE(ranks_hold(count, "float64_gradients"));
}

TEST(Reduction, MicroStepsBeforeTheLastAreNotReduced) {
  for (const std::int64_t count : {1, 2, 3}) EXPECT_TRUE(ranks_hold(count, "accumulation"));
}

TEST(Reduction, Bfloat16IsCloseAndHalvesTheBytes) {
  for (const std::int64_t count : {2, 3, 4}) EXPECT_TRUE(ranks_hold(count, "compressed_gradients"));
}

// A backend that notes when something is sent.
class Recorder : public PlannedBackend {
 public:
  explicit Recorder(std::vector<std::string>& events) : PlannedBackend(0, 4), events_(events) {}
  Work allreduce(std::vector<at::Tensor>& tensors, const c10d::AllreduceOptions& options) override {
    events_.push_back("sent");
    return PlannedBackend::allreduce(tensors, options);
  }

 private:
  std::vector<std::string>& events_;
};

// What happens in a backward pass: buckets "sent", and the gradient of the "first layer", the last to come.
std::vector<std::string> events_of_backward(bool in_order) {
  std::vector<std::string> events;
  Network network(at::kFloat);
  std::vector<at::Tensor> given = network.weights;
  if (!in_order) std::reverse(given.begin(), given.end());
  const auto all =
      std::make_shared<Collectives>(group_of_planned(c10::make_intrusive<Recorder>(events)), 0, 4, at::kCPU);
  const auto reduction = make_gradient_reduction(all, given, Compression::none);
  EXPECT_GT(reduction->bucket_bytes().size(), 1u);
  network.weights[0].register_hook([&](const at::Tensor&) { events.push_back("first layer"); });
  reduction->expect();
  network.loss(global_batch(0)).backward();
  return events;
}

TEST(Reduction, TheFirstBucketIsSentWhileBackwardRuns) {
  EXPECT_EQ(events_of_backward(true).front(), "sent");
  EXPECT_EQ(events_of_backward(false).front(), "first layer");  // parameters in the wrong order: no overlap
}

TEST(Reduction, APlanNeedsNoValues) {
  Network network(at::kFloat), shapes(at::kFloat);
  for (at::Tensor& weight : shapes.weights) weight = weight.detach().to(at::kMeta).requires_grad_();
  const auto ranks = planned_ranks(3, 32);
  const auto real = ranks->reduce_gradients(network.weights, Compression::none);
  const auto planned = ranks->reduce_gradients(shapes.weights, Compression::none);
  EXPECT_EQ(planned->bucket_bytes(), real->bucket_bytes());
  for (int step = 0; step < 2; ++step) {
    shapes.release();
    planned->expect();
    shapes.loss(global_batch(step).to(at::kMeta)).backward();
  }
  ranks->sum(at::ones({2}, at::kMeta));
  EXPECT_TRUE(ranks->gather(at::ones({2}, at::kMeta)).is_meta());
}

TEST(Reduction, TheFirstStepOfAStartAddsUpLikeAnyOther) {
  EXPECT_TRUE(ranks_hold(3, "first_step_again"));
}

TEST(Reduction, WaitsAreToldFromWork) {
  EXPECT_TRUE(ranks_hold(2, "waiting"));
}

}  // namespace luvit::test
