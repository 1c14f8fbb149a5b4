#include "image_pass.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <exception>
#include <optional>

namespace luvit {
namespace {

constexpr std::int64_t calls_between_meetings = 16;

// One rank's part: whole calls of the model, one after another.
class Share {
 public:
  Share(const Dataset& data, const ImagePassOptions& options, std::int64_t rank, std::int64_t ranks)
      : data_(data), options_(options) {
    const std::int64_t unit = std::max(options.at_once, options.share_unit);
    const std::int64_t units = (data.size() + unit - 1) / unit;
    share_ = share_of(data.size(), unit, rank, ranks);
    most_calls_ = (units + ranks - 1) / ranks * (unit / options.at_once);
  }
  std::int64_t most_calls() const { return most_calls_; }  // of any rank

  // False at the end.
  bool next(ImageRows& out) {
    if (!reader_) open();
    out = {};  // lets go of the reader's memory
    if (done_ == have_) {
      if (!reader_->next(batch_)) return false;
      done_ = 0;
      have_ = batch_.images.size(0);
    }
    out.first = batch_.first + done_;
    out.count = std::min(options_.at_once, have_ - done_);
    out.label = batch_.label.narrow(0, done_, out.count);
    out.images = batch_.images.narrow(0, done_, out.count);
    if (out.count < options_.at_once) out.images = filled_up(out.images);
    done_ += out.count;
    return true;
  }

 private:
  void open() {
    const std::int64_t calls = std::max<std::int64_t>(1, (options_.batch + options_.at_once - 1) / options_.at_once);
    reader_.emplace(data_, options_.view, options_.workers, calls * options_.at_once, share_.first, share_.last);
  }

  at::Tensor filled_up(const at::Tensor& images) const {
    std::vector<std::int64_t> shape = images.sizes().vec();
    shape[0] = options_.at_once;
    at::Tensor whole = at::zeros(shape, images.options());
    whole.narrow(0, 0, images.size(0)).copy_(images);
    return whole;
  }

  const Dataset& data_;
  const ImagePassOptions& options_;
  RankShare share_;
  std::int64_t most_calls_ = 0;
  std::optional<EvaluationReader> reader_;
  EvaluationReader::Batch batch_;
  std::int64_t done_ = 0, have_ = 0;
};

// In as many rounds on all ranks. That one of them is asked to stop, or cannot go on, goes round with every meeting.
bool run_share(Team& team, Share& share, const ImagePassOptions& options,
               const std::function<void(const ImageRows&)>& each) {
  std::exception_ptr failure;
  bool stopped = false, over = false;
  ImageRows rows;
  for (std::int64_t call = 0; call < share.most_calls() && !over; ++call) {
    team.alive();
    stopped = stopped || (options.stop && options.stop());
    if (!failure && !stopped) try {
        if (share.next(rows)) each(rows);
      } catch (...) {
        failure = std::current_exception();
      }
    if ((call + 1) % calls_between_meetings != 0 && call + 1 < share.most_calls()) continue;
    const std::vector<std::string> ends = team.ranks().gather_text(failure || stopped ? "ends" : "");
    over = std::any_of(ends.begin(), ends.end(), [](const std::string& text) { return !text.empty(); });
  }
  if (failure) std::rethrow_exception(failure);
  return !over;
}

}  // namespace

RankShare share_of(std::int64_t samples, std::int64_t unit, std::int64_t rank, std::int64_t ranks) {
  const std::int64_t units = (samples + unit - 1) / unit;
  return {std::min(samples, units * rank / ranks * unit), std::min(samples, units * (rank + 1) / ranks * unit)};
}

bool image_pass(Team& team, const Dataset& data, const ImagePassOptions& options,
                const std::function<void(const ImageRows&)>& each) {
  bool whole = true;
  team.together([&] {
    Share share(data, options, team.rank(), team.size());
    whole = run_share(team, share, options, each);
  });
  return whole;
}

}  // namespace luvit
