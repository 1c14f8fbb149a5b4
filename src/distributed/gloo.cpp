// The one file that sees Gloo's headers. Debian's are older than the Gloo inside torch; none of its classes is made or
// derived from here, so that their layout does not matter.
#define USE_C10D_GLOO
#include <cstdlib>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>

#include "process_group.h"

namespace luvit {

c10::intrusive_ptr<c10d::Backend> gloo_backend(const c10::intrusive_ptr<c10d::Store>& store, const Place& place,
                                               const std::string& own_address, std::chrono::seconds timeout) {
  const auto options = c10d::ProcessGroupGloo::Options::create(timeout);
  const char* interface = std::getenv("GLOO_SOCKET_IFNAME");  // as everywhere in PyTorch
  options->devices.push_back(interface ? c10d::ProcessGroupGloo::createDeviceForInterface(interface)
                                       : c10d::ProcessGroupGloo::createDeviceForHostname(own_address));
  return c10::make_intrusive<c10d::ProcessGroupGloo>(store, static_cast<int>(place.rank), static_cast<int>(place.ranks),
                                                     options);
}

}  // namespace luvit
