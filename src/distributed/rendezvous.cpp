#include "rendezvous.h"

#include <c10/util/Logging.h>

#include <cstdlib>
#include <thread>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "names.h"
#include "socket.h"

namespace luvit {

namespace {

// c10d logs each failure itself, with its own stack; we report them in a line.
void keep_c10d_quiet() {
  if (!std::getenv("TORCH_CPP_LOG_LEVEL")) FLAGS_caffe2_log_level = 3;  // fatal only
}

c10::intrusive_ptr<c10d::Store> open_store(const Place& place, std::chrono::seconds timeout) {
  keep_c10d_quiet();
  c10d::TCPStoreOptions options;
  options.port = static_cast<std::uint16_t>(place.port);
  options.isServer = place.rank == 0 && !place.store_is_kept;
  if (options.isServer && place.listener >= 0) options.masterListenFd = place.listener;
  options.waitWorkers = false;  // wait_for_ranks can name those that are missing
  options.timeout = timeout;
  options.multiTenant = true;  // one store for all purposes of a process
  try {
    return c10::make_intrusive<c10d::TCPStore>(place.address, options);
  } catch (const std::exception& error) {
    const std::string where = luvit::str(place.address, ":", place.port);
    if (options.isServer)
      throw RunError(luvit::str("rank 0 cannot listen at ", where, ": ", first_line(error)),
                     "is another run using this port? MASTER_PORT sets it");
    throw RunError(luvit::str("rank ", place.rank, " found nobody at ", where, " within ", timeout.count(), " s"),
                   "is rank 0 running, and is this its machine? MASTER_ADDR and MASTER_PORT set the place");
  }
}

}  // namespace

Rendezvous::Rendezvous(const Place& place, std::chrono::seconds timeout, const std::string& purpose)
    : place_(place), timeout_(timeout) {
  store_ = c10::make_intrusive<c10d::PrefixStore>(luvit::str("luvit/", place.attempt, "/", purpose),
                                                  open_store(place, timeout));
  wait_for_ranks();
}

Rendezvous::~Rendezvous() = default;

void Rendezvous::put(const std::string& key, const std::string& text) {
  store_->set(key, text);
}

std::string Rendezvous::get(const std::string& key) {
  store_->wait({key}, timeout_);
  return store_->get_to_str(key);
}

// Rank 0 calls the roll and tells all what it found, so that they agree.
void Rendezvous::wait_for_ranks() {
  constexpr std::chrono::seconds time_to_tell{1};
  const auto here = [](std::int64_t rank) { return luvit::str("here/", rank); };
  std::string missing;
  try {
    put(here(place_.rank), "yes");
    if (place_.rank == 0) {
      missing = call_roll(here);
      put("missing", missing);
    } else {
      store_->wait({"missing"}, timeout_ + time_to_tell);
      missing = store_->get_to_str("missing");
    }
  } catch (const std::exception& error) {
    throw RunError(luvit::str("rank ", place_.rank, " lost rank 0 at ", place_.address, ":", place_.port,
                              " at the start: ", first_line(error)));
  }
  if (missing.empty()) return;
  if (place_.rank == 0) std::this_thread::sleep_for(time_to_tell);  // the store ends with this process
  throw RunError(luvit::str(missing, " of ", place_.ranks, " did not arrive at ", place_.address, ":", place_.port,
                            " within ", timeout_.count(), " s"),
                 "see their own output; distributed.timeout_s sets how long to wait");
}

std::string Rendezvous::call_roll(const std::function<std::string(std::int64_t)>& here) {
  std::vector<std::string> keys;
  for (std::int64_t rank = 0; rank < place_.ranks; ++rank) keys.push_back(here(rank));
  try {
    store_->wait(keys, timeout_);
    return "";
  } catch (const std::exception&) {
    std::vector<std::int64_t> missing;
    for (std::int64_t rank = 0; rank < place_.ranks; ++rank)
      if (!store_->check({here(rank)})) missing.push_back(rank);
    return missing.empty() ? "" : rank_names(missing);
  }
}

std::string Rendezvous::own_address() {
  const auto address_of = [](std::int64_t rank) { return luvit::str("address/", rank); };
  const std::string own = local_address_towards(place_.address, place_.port);
  put(address_of(place_.rank), own);
  if (!is_loopback(own)) return own;
  for (std::int64_t rank = 0; rank < place_.ranks; ++rank) {
    const std::string other = get(address_of(rank));
    if (!is_loopback(other)) return local_address_towards(other, place_.port);
  }
  return own;
}

}  // namespace luvit
