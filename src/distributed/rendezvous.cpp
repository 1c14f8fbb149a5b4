#include "rendezvous.h"

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "names.h"
#include "socket.h"

namespace luvit {

namespace {

c10::intrusive_ptr<c10d::Store> open_store(const Place& place, std::chrono::seconds timeout) {
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

void Rendezvous::wait_for_ranks() {
  const auto here = [](std::int64_t rank) { return luvit::str("here/", rank); };
  std::vector<std::string> keys;
  for (std::int64_t rank = 0; rank < place_.ranks; ++rank) keys.push_back(here(rank));
  std::vector<std::int64_t> missing;
  try {
    put(here(place_.rank), "yes");
    store_->wait(keys, timeout_);
    return;
  } catch (const std::exception& waited) {
    try {
      for (std::int64_t rank = 0; rank < place_.ranks; ++rank)
        if (!store_->check({here(rank)})) missing.push_back(rank);
    } catch (const std::exception&) {
      throw RunError(luvit::str("rank ", place_.rank, " lost rank 0 at ", place_.address, ":", place_.port,
                                " at the start: ", first_line(waited)));
    }
  }
  throw RunError(luvit::str(rank_names(missing), " of ", place_.ranks, " did not arrive at ", place_.address, ":",
                            place_.port, " within ", timeout_.count(), " s"),
                 "see their own output; distributed.timeout_s sets how long to wait");
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
