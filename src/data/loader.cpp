#include "luvit/data/loader.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include "luvit/core/error.h"
#include "luvit/core/random.h"
#include "luvit/core/text.h"
#include "luvit/data/mixing.h"
#include "sample.h"
#include "worker_threads.h"

namespace luvit {
namespace {

// A place in the ring: a batch and what became of its rows.
struct Slot {
  Batch batch;
  std::int64_t step = 0;                     // that it is for; 0: free
  std::int64_t rows_left = 0;                // to be filled, and mixed
  std::vector<char> filled;                  // by row: waits for its partner
  std::vector<std::vector<BadFile>> bad;     // by row
  std::vector<std::exception_ptr> failures;  // by row
};

}  // namespace

struct Loader::Impl {
  Impl(std::shared_ptr<const Dataset> data, LoaderOptions opts, std::function<void(const BadFile&)> report)
      : options(std::move(opts)), samples(data->size()), maker(data, options), on_bad(std::move(report)) {
    if (options.workers <= 0) options.workers = default_workers();
    steps_an_epoch = steps_per_epoch(samples, options.global_batch);
    if (options.classes > 0) group = mix_group(options.augment.mix, options.global_batch);
    if (options.rank_first % group != 0 || options.rank_count % group != 0)
      throw std::logic_error("Loader: a rank's rows of the batch are no multiple of the group that is mixed");
    slots.resize(static_cast<std::size_t>(options.prefetch + 2));
    for (auto& slot : slots) allocate(slot);
    bad_places.insert(options.known_bad.begin(), options.known_bad.end());
  }
  ~Impl() { stop(); }

  void allocate(Slot& slot) {
    const auto rows = options.rank_count, side = options.image_size;
    const auto kind = [&](at::ScalarType type) { return at::TensorOptions(type).pinned_memory(options.pinned); };
    slot.batch.images = at::empty({rows, 3, side, side}, kind(at::kFloat));
    if (options.noise) slot.batch.noise = at::empty({rows, options.patches}, kind(at::kFloat));
    slot.batch.index = at::empty({rows}, at::kLong);
    slot.batch.label = at::empty({rows}, kind(at::kLong));
    if (options.classes > 0) slot.batch.targets = at::empty({rows, options.classes}, kind(at::kFloat));
    slot.filled.resize(static_cast<std::size_t>(rows));
    slot.batch.first = options.rank_first;
    slot.bad.resize(static_cast<std::size_t>(rows));
    slot.failures.resize(static_cast<std::size_t>(rows));
  }

  void start(std::int64_t first_step, std::int64_t last_step);
  void stop();
  const Batch& next();
  Slot& slot_of(std::int64_t step) { return slots[static_cast<std::size_t>(step) % slots.size()]; }
  void work();
  bool take(std::int64_t& step, std::int64_t& row);
  void fill(std::int64_t step, std::int64_t row);
  std::int64_t partner(std::int64_t row) const { return row / group * group + (group - 1 - row % group); }
  bool completes_a_pair(Slot& slot, std::int64_t row);
  void mix(Slot& slot, std::int64_t row);
  std::int64_t place_in_epoch(std::int64_t step, std::int64_t row) const {
    return (step - 1) % steps_an_epoch * options.global_batch + options.rank_first + row;
  }
  void settle(Slot& slot);

  LoaderOptions options;
  std::int64_t samples, steps_an_epoch = 0;
  std::int64_t group = 1;  // rows that are mixed together
  SampleMaker maker;
  std::function<void(const BadFile&)> on_bad;
  std::vector<Slot> slots;

  std::mutex mutex;  // guards what follows and each slot's step, rows_left and filled
  std::condition_variable work_ready, batch_ready;
  bool stopping = false;
  std::int64_t fill_step = 1, fill_row = 0;  // the next row to be given to a worker
  std::int64_t last_step = 0;

  std::int64_t next_step = 1;  // the caller's thread only, as are those below
  double waited = 0;
  std::set<std::int64_t> bad_places;
  std::vector<std::string> first_bad;
  std::vector<std::jthread> workers;  // last: they end before the rest goes
};

void Loader::Impl::start(std::int64_t first, std::int64_t last) {
  stop();
  for (auto& slot : slots) slot.step = 0;
  stopping = false;
  fill_step = next_step = first;
  fill_row = 0;
  last_step = last;
  workers = start_workers(options.workers, [this] { work(); });
}

void Loader::Impl::stop() {
  {
    const std::lock_guard lock(mutex);
    stopping = true;
  }
  work_ready.notify_all();
  workers.clear();  // joins
}

// Hands out rows one by one, in the order in which they will be wanted; waits while the ring is full.
bool Loader::Impl::take(std::int64_t& step, std::int64_t& row) {
  std::unique_lock lock(mutex);
  work_ready.wait(lock,
                  [this] { return stopping || fill_step > last_step || fill_row > 0 || slot_of(fill_step).step == 0; });
  if (stopping || fill_step > last_step) return false;
  Slot& slot = slot_of(fill_step);
  if (fill_row == 0) {
    slot.step = slot.batch.step = fill_step;
    slot.rows_left = options.rank_count;
    std::fill(slot.filled.begin(), slot.filled.end(), 0);
  }
  step = fill_step;
  row = fill_row;
  if (++fill_row == options.rank_count) {
    fill_row = 0;
    ++fill_step;
  }
  return true;
}

void Loader::Impl::fill(std::int64_t step, std::int64_t row) {
  Slot& slot = slot_of(step);
  const auto at_row = static_cast<std::size_t>(row);
  slot.bad[at_row].clear();
  slot.failures[at_row] = nullptr;
  try {
    const auto epoch = (step - 1) / steps_an_epoch;
    const Permutation order(static_cast<std::uint64_t>(samples), options.seed, static_cast<std::uint64_t>(epoch));
    const auto place = static_cast<std::uint64_t>(place_in_epoch(step, row));
    Row to;
    to.image = slot.batch.images.data_ptr<float>() + row * slot.batch.images.stride(0);
    if (options.noise) to.noise = slot.batch.noise.data_ptr<float>() + row * options.patches;
    to.index = slot.batch.index.data_ptr<std::int64_t>() + row;
    to.label = slot.batch.label.data_ptr<std::int64_t>() + row;
    if (options.classes > 0) to.target = slot.batch.targets.data_ptr<float>() + row * options.classes;
    maker.make(epoch, static_cast<std::int64_t>(order(place)), to, slot.bad[at_row]);
  } catch (...) {
    slot.failures[at_row] = std::current_exception();
  }
}

// Of two partners the one that is ready later has both mixed, by its own worker.
bool Loader::Impl::completes_a_pair(Slot& slot, std::int64_t row) {
  const std::lock_guard lock(mutex);
  slot.filled[static_cast<std::size_t>(row)] = 1;
  return slot.filled[static_cast<std::size_t>(partner(row))] != 0;
}

void Loader::Impl::mix(Slot& slot, std::int64_t row) {
  const auto other = partner(row);
  if (slot.failures[static_cast<std::size_t>(row)] || slot.failures[static_cast<std::size_t>(other)]) return;
  const auto epoch = (slot.batch.step - 1) / steps_an_epoch;
  const auto nth_group = place_in_epoch(slot.batch.step, row) / group;
  Random random(options.seed, static_cast<std::uint64_t>(epoch), static_cast<std::uint64_t>(nth_group), Purpose::mix);
  const auto side = options.image_size;
  const Mix mix = draw_mix(random, options.augment.mix, side, side);
  const auto of = [](const at::Tensor& tensor, std::int64_t i) {
    return tensor.data_ptr<float>() + i * tensor.stride(0);
  };
  mix_images(mix, of(slot.batch.images, row), of(slot.batch.images, other), side, side);
  mix_targets(mix, of(slot.batch.targets, row), of(slot.batch.targets, other), options.classes);
}

void Loader::Impl::work() {
  std::int64_t step = 0, row = 0;
  while (take(step, row)) {
    fill(step, row);
    if (group > 1 && completes_a_pair(slot_of(step), row)) mix(slot_of(step), row);
    const std::lock_guard lock(mutex);
    if (--slot_of(step).rows_left == 0) batch_ready.notify_all();
  }
}

// Reports what was unreadable in this batch, row by row, so that neither the reports nor the end depend on which
// worker was first.
void Loader::Impl::settle(Slot& slot) {
  for (std::size_t row = 0; row < slot.bad.size(); ++row) {
    for (auto& file : slot.bad[row]) {
      if (!bad_places.insert(file.index).second) continue;
      file.epoch = static_cast<double>(slot.step - 1) / static_cast<double>(steps_an_epoch);
      if (first_bad.size() < 3) first_bad.push_back(file.reason);
      if (on_bad) on_bad(file);
    }
    const auto count = static_cast<std::int64_t>(bad_places.size());
    if (count > options.data.max_bad) {
      throw DataError(str(count, count == 1 ? " unreadable image" : " unreadable images", ", more than data.max_bad = ",
                          options.data.max_bad, ": ", join(first_bad, "; "), count > 3 ? "; …" : ""),
                      "repair or remove what is listed, or raise data.max_bad: others then stand in for it");
    }
    if (slot.failures[row]) std::rethrow_exception(slot.failures[row]);
  }
}

const Batch& Loader::Impl::next() {
  std::unique_lock lock(mutex);
  if (next_step > last_step) throw std::logic_error("Loader::next() beyond the last step");
  // The batch before the last one is given back; the last one stays readable.
  Slot& given_back = slot_of(next_step - 2);
  if (given_back.step != 0 && given_back.step == next_step - 2) {
    given_back.step = 0;
    work_ready.notify_all();
  }
  Slot& slot = slot_of(next_step);
  const auto ready = [&] { return slot.step == next_step && slot.rows_left == 0; };
  if (!ready()) {
    const auto begin = std::chrono::steady_clock::now();
    batch_ready.wait(lock, ready);
    waited += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }
  lock.unlock();
  settle(slot);
  ++next_step;
  return slot.batch;
}

Loader::Loader(std::shared_ptr<const Dataset> dataset, LoaderOptions options,
               std::function<void(const BadFile&)> on_bad)
    : impl_(std::make_unique<Impl>(std::move(dataset), std::move(options), std::move(on_bad))) {}
Loader::~Loader() = default;

void Loader::start(std::int64_t first_step, std::int64_t last_step) {
  impl_->start(first_step, last_step);
}
const Batch& Loader::next() {
  return impl_->next();
}
double Loader::waited_seconds() const {
  return impl_->waited;
}
std::int64_t Loader::bad_count() const {
  return static_cast<std::int64_t>(impl_->bad_places.size());
}

std::int64_t Loader::steps_per_epoch(std::int64_t samples, std::int64_t global_batch) {
  if (global_batch <= 0 || samples < global_batch) {
    throw DataError(str("the data set has ", samples, " images, fewer than train.batch_size = ", global_batch),
                    "lower train.batch_size, or add images");
  }
  return samples / global_batch;
}

std::vector<std::int64_t> sample_order(std::int64_t samples, std::int64_t global_batch, std::uint64_t seed,
                                       std::int64_t step) {
  const auto steps = Loader::steps_per_epoch(samples, global_batch);
  const Permutation order(static_cast<std::uint64_t>(samples), seed, static_cast<std::uint64_t>((step - 1) / steps));
  std::vector<std::int64_t> places(static_cast<std::size_t>(global_batch));
  for (std::int64_t i = 0; i < global_batch; ++i) {
    const auto position = static_cast<std::uint64_t>((step - 1) % steps * global_batch + i);
    places[static_cast<std::size_t>(i)] = static_cast<std::int64_t>(order(position));
  }
  return places;
}

}  // namespace luvit
