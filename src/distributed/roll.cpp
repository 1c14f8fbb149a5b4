#include "roll.h"

#include <algorithm>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "names.h"

namespace luvit {

namespace {

using std::chrono::milliseconds;

// Early enough that all ranks have heard of it, and ended, when the timeout is over.
milliseconds lost_after(milliseconds timeout) {
  return timeout - std::min(timeout / 10, milliseconds(2000));
}

std::string seconds(milliseconds time) {
  const auto tenths = (time.count() + 50) / 100;
  return str(tenths / 10, ".", tenths % 10, " s");
}

}  // namespace

std::string rank_on(std::int64_t rank, const std::string& host) {
  return str("rank ", rank, " on ", escape(host));
}

void Roll::add(std::int64_t rank, const std::string& host) {
  entries_.push_back({rank, host, begin_, begin_, {}});
}

void Roll::heard(std::int64_t rank, Time now, milliseconds idle) {
  Entry& found = entry(rank);
  found.heard = now;
  found.forward = now - idle;
  found.waits_since.reset();
}

void Roll::waits(std::int64_t rank, Time now, milliseconds time) {
  heard(rank, now, milliseconds::zero());
  entry(rank).waits_since = now - time;
}

void Roll::left(std::int64_t rank) {
  entry(rank).left = true;
}

Roll::Findings Roll::look(Time now) {
  Findings findings;
  std::vector<std::int64_t> lost;
  const Entry* worst = nullptr;
  for (Entry& each : entries_) {
    const milliseconds silent = silence(each, now);
    if (silent >= timeout_ * 3 / 4) lost.push_back(each.rank);  // if one is lost, these are likely to be with it
    if (silent > milliseconds::zero() && (!worst || silent > silence(*worst, now))) worst = &each;
    if (silent < timeout_ / 4) {
      each.told_slow = false;
    } else if (!each.told_slow) {
      each.told_slow = true;
      findings.slow.push_back(str(rank_on(each.rank, each.host), " is slow: nothing heard from it for ",
                                  seconds(silent), "; it counts as lost after ", seconds(timeout_)));
    }
  }
  if (!worst || silence(*worst, now) < lost_after(timeout_)) return findings;
  findings.lost_rank = worst->rank;
  std::sort(lost.begin(), lost.end());
  const bool lives = now - worst->heard < timeout_ / 4;
  findings.lost =
      str(lost.size() == 1 ? rank_on(worst->rank, worst->host) : rank_names(lost), lost.size() == 1 ? " is" : " are",
          " lost: ", lives ? "the process lives but has not gone forward for " : "nothing heard for ",
          seconds(silence(*worst, now)), " (distributed.timeout_s is ", timeout_.count() / 1000, ")");
  return findings;
}

std::string Roll::stuck(Time now) const {
  Time latest = begin_;
  for (const Entry& each : entries_) {
    if (each.left) continue;
    if (!each.waits_since) return "";
    latest = std::max(latest, *each.waits_since);
  }
  if (now - latest < timeout_) return "";
  return str("all ranks have been waiting for each other for ",
             seconds(std::chrono::duration_cast<milliseconds>(now - latest)),
             ": the network between them has failed, or they do not do the same (distributed.timeout_s is ",
             timeout_.count() / 1000, ")");
}

std::string Roll::broken(std::int64_t rank) const {
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& each) { return each.rank == rank; });
  return str(rank_on(rank, found == entries_.end() ? "?" : found->host),
             " is lost: its connection broke (its process was killed or crashed; its own output may say why)");
}

Roll::Entry& Roll::entry(std::int64_t rank) {
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& each) { return each.rank == rank; });
  if (found == entries_.end()) throw RunError(str("no rank ", rank, " is watched"));
  return *found;
}

milliseconds Roll::silence(const Entry& entry, Time now) const {
  return entry.left ? milliseconds::zero() : std::chrono::duration_cast<milliseconds>(now - entry.forward);
}

}  // namespace luvit
