#include "process_group.h"

#include <algorithm>
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "names.h"
#include "rendezvous.h"

namespace luvit {

namespace {

// A wait is not a loss: a rank may be busy for longer than it may be silent (a checkpoint on a slow disk). The Watch
// tells the two apart and ends the process; this is for a run that nobody watches.
std::chrono::milliseconds longest_wait(std::chrono::seconds timeout) {
  return std::max<std::chrono::milliseconds>(10 * timeout, std::chrono::hours(1));
}

}  // namespace

Group join_group(const Place& place, at::Device device, std::chrono::seconds timeout) {
  using Type = c10d::ProcessGroup::BackendType;
  const bool on_cuda = device.is_cuda();
  if (on_cuda && !nccl_backend) throw UsageError("ranks on CUDA: this program was linked without NCCL");
  Rendezvous rendezvous(place, timeout, "tensors");
  Group made;
  try {
    made.backend = on_cuda ? nccl_backend(rendezvous.store(), place, timeout)
                           : gloo_backend(rendezvous.store(), place, rendezvous.own_address(), timeout);
  } catch (const std::exception& error) {
    throw RunError(luvit::str("rank ", place.rank, " cannot connect to the others: ", first_line(error)),
                   "all machines must reach each other on every port; GLOO_SOCKET_IFNAME or NCCL_SOCKET_IFNAME name "
                   "the network device");
  }
  if (on_cuda) made.backend->setBoundDeviceId(device);
  made.backend->setTimeout(longest_wait(timeout));
  const Type type = on_cuda ? Type::NCCL : Type::GLOO;
  made.group = c10::make_intrusive<c10d::ProcessGroup>(rendezvous.store(), static_cast<int>(place.rank),
                                                       static_cast<int>(place.ranks));
  made.group->setBackend(device.type(), type, made.backend);
  made.group->setDefaultBackend(type);
  made.group->setGroupName("luvit");
  return made;
}

}  // namespace luvit
