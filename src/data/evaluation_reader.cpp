#include "luvit/data/evaluation_reader.h"

#include <ATen/ATen.h>

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

#include "worker_threads.h"

namespace luvit {
namespace {

// A batch being filled. The first row that failed is what next() reports, whichever thread was faster.
struct Pending {
  EvaluationReader::Batch batch;
  std::int64_t rows = 0, claimed = 0, missing = 0;
  std::exception_ptr error;
  std::int64_t error_row = 0;
};

}  // namespace

struct EvaluationReader::Impl {
  ~Impl();
  void open_batches();
  at::Tensor room_for(std::int64_t rows);
  void keep(at::Tensor& images);
  Pending* claim(std::int64_t& row);
  void fill(Batch& out, std::int64_t row, std::vector<std::uint8_t>& encoded) const;
  void work();

  const Dataset& dataset;
  const EvaluationView view;
  const Normaliser normaliser;
  const std::int64_t batch, last;
  std::int64_t opened;            // first sample of the next batch
  const std::size_t most_opened;  // batches in memory: two, or more where a batch has fewer rows than there are threads

  std::mutex mutex;
  std::condition_variable room, whole;
  std::deque<std::unique_ptr<Pending>> pending;  // in order; none leaves before it is whole
  std::vector<at::Tensor> free;                  // images of whole batches that came back: fresh pages cost as much as
                                                 // the pixels
  bool stopping = false;
  std::vector<std::thread> threads;
};

EvaluationReader::Impl::~Impl() {
  {
    const std::lock_guard lock(mutex);
    stopping = true;
  }
  room.notify_all();
  for (std::thread& thread : threads) thread.join();
}

// On the reader's own thread, so that a failed allocation comes out of next().
void EvaluationReader::Impl::open_batches() {
  while (opened < last && pending.size() < most_opened) {
    auto next = std::make_unique<Pending>();
    next->rows = next->missing = std::min(batch, last - opened);
    next->batch = {.images = room_for(next->rows), .label = at::empty({next->rows}, at::kLong), .first = opened};
    opened += next->rows;
    pending.push_back(std::move(next));
  }
  room.notify_all();
}

at::Tensor EvaluationReader::Impl::room_for(std::int64_t rows) {
  if (rows < batch || free.empty()) return at::empty({rows, 3, view.crop, view.crop}, at::kFloat);
  at::Tensor images = std::move(free.back());
  free.pop_back();
  return images;
}

// Unless someone still looks at them.
void EvaluationReader::Impl::keep(at::Tensor& images) {
  const bool ours = images.defined() && images.use_count() == 1 && images.storage().use_count() == 1 &&
                    images.sizes() == at::IntArrayRef({batch, 3, view.crop, view.crop});
  if (ours) free.push_back(std::move(images));
}

Pending* EvaluationReader::Impl::claim(std::int64_t& row) {
  for (const auto& candidate : pending) {
    if (candidate->claimed == candidate->rows) continue;
    row = candidate->claimed++;
    return candidate.get();
  }
  return nullptr;
}

void EvaluationReader::Impl::fill(Batch& out, std::int64_t row, std::vector<std::uint8_t>& encoded) const {
  const std::int64_t index = out.first + row;
  const Image image =
      evaluation_view(dataset.image(index, encoded), view.resize, view.crop, view.filter, dataset.name(index));
  normaliser(image, /*flip=*/false, out.images.data_ptr<float>() + row * out.images.stride(0));
  out.label.data_ptr<std::int64_t>()[row] = dataset.label(index);
}

void EvaluationReader::Impl::work() {
  std::vector<std::uint8_t> encoded;
  std::unique_lock lock(mutex);
  while (!stopping) {
    std::int64_t row = 0;
    Pending* mine = claim(row);
    if (!mine) {
      room.wait(lock);
      continue;
    }
    lock.unlock();
    std::exception_ptr error;
    try {
      fill(mine->batch, row, encoded);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    if (error && (!mine->error || row < mine->error_row)) {
      mine->error = error;
      mine->error_row = row;
    }
    if (--mine->missing == 0) whole.notify_all();
  }
}

EvaluationReader::EvaluationReader(const Dataset& dataset, const EvaluationView& view, std::int64_t workers,
                                   std::int64_t batch, std::int64_t first, std::int64_t last) {
  const std::int64_t threads = workers > 0 ? workers : default_workers();
  impl_.reset(new Impl{.dataset = dataset,
                       .view = view,
                       .normaliser = Normaliser(view.mean, view.std),
                       .batch = batch,
                       .last = last,
                       .opened = first,
                       .most_opened = static_cast<std::size_t>(2 + (threads - 1) / batch)});
  impl_->open_batches();
  for (std::int64_t i = 0; i < threads; ++i) impl_->threads.emplace_back([impl = impl_.get()] { impl->work(); });
}

EvaluationReader::~EvaluationReader() = default;

bool EvaluationReader::next(Batch& out) {
  std::unique_lock lock(impl_->mutex);
  if (impl_->pending.empty()) return false;
  impl_->whole.wait(lock, [&] { return impl_->pending.front()->missing == 0; });
  if (impl_->pending.front()->error) std::rethrow_exception(impl_->pending.front()->error);
  impl_->keep(out.images);
  out = std::move(impl_->pending.front()->batch);
  impl_->pending.pop_front();
  impl_->open_batches();
  return true;
}

}  // namespace luvit
