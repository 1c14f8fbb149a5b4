#include "luvit/core/version.h"

#include <ATen/Version.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <dlfcn.h>
#include <torch/version.h>

#include "luvit/core/text.h"

namespace luvit {
namespace {

// Both are 1000·major + 10·minor, as CUDA counts.
std::string cuda_version() {
  if (!at::detail::getCUDAHooks().hasCUDART()) return "none";
  long version = at::detail::getCUDAHooks().versionCUDART();
  return str(version / 1000, ".", version % 1000 / 10);
}

// torch's CUDA library brings NCCL along; asking the loaded one needs neither its header nor a link to it.
std::string nccl_version() {
  using GetVersion = int (*)(int*);
  auto get_version = reinterpret_cast<GetVersion>(::dlsym(RTLD_DEFAULT, "ncclGetVersion"));
  int version = 0;
  if (!get_version || get_version(&version) != 0) return "none";
  return str(version / 10000, ".", version % 10000 / 100, ".", version % 100);
}

}  // namespace

Versions versions() {
  return {version_text, git_revision, TORCH_VERSION, cuda_version(), nccl_version()};
}

std::string version_report() {
  Versions v = versions();
  return str("luvit ", v.luvit, " (", v.revision, ")\ntorch ", v.torch, "\nCUDA ", v.cuda, "\nNCCL ", v.nccl, "\n");
}

}  // namespace luvit
