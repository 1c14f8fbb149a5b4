# LibTorch as two imported targets, without find_package(Torch): that wants a CUDA toolkit, and prefers the
# machine's libraries to the wheel's own.
#   luvit::torch       headers, torch_cpu, c10: the layers and the tests (starts in 0.2 s)
#   luvit::torch_cuda  the CUDA half besides, through torch's own libraries: the programs
if(LUVIT_TORCH_DIR)
  set(torch_root ${LUVIT_TORCH_DIR})
else()
  file(GLOB torch_root ${CMAKE_SOURCE_DIR}/.venv/lib/python3*/site-packages/torch)
endif()
if(NOT torch_root OR NOT EXISTS ${torch_root}/lib/libtorch_cpu.so)
  message(FATAL_ERROR "LibTorch not found in '${torch_root}'. Run scripts/setup.sh, which installs it into .venv, "
    "or pass -DLUVIT_TORCH_DIR=DIR, the folder that holds include/ and lib/libtorch_cpu.so.")
endif()

# The version's header has moved between releases.
set(version_header ${torch_root}/include/torch/headeronly/version.h)
if(NOT EXISTS ${version_header})
  set(version_header ${torch_root}/include/torch/csrc/api/include/torch/version.h)
endif()
file(READ ${version_header} version_text)
set(LUVIT_TORCH_VERSION)
foreach(part MAJOR MINOR PATCH)
  string(REGEX MATCH "define TORCH_VERSION_${part} ([0-9]+)" found "${version_text}")
  list(APPEND LUVIT_TORCH_VERSION ${CMAKE_MATCH_1})
endforeach()
list(JOIN LUVIT_TORCH_VERSION . LUVIT_TORCH_VERSION)
message(STATUS "LibTorch ${LUVIT_TORCH_VERSION} in ${torch_root}")
if(LUVIT_TORCH_VERSION VERSION_LESS 2.11)
  message(FATAL_ERROR "LibTorch ${LUVIT_TORCH_VERSION} in ${torch_root} is too old: 2.11 or newer is needed.")
endif()

# Beside a wheel's torch stand NVIDIA's wheels; a LibTorch out of a zip file brings its libraries along.
get_filename_component(site_packages ${torch_root} DIRECTORY)
file(GLOB nvidia_includes ${site_packages}/nvidia/cu*/include ${site_packages}/nvidia/nccl/include ${site_packages}/nvidia/cudnn/include)
file(GLOB nvidia_libraries ${site_packages}/nvidia/*/lib)

add_library(luvit_torch INTERFACE)
add_library(luvit::torch ALIAS luvit_torch)
target_include_directories(luvit_torch SYSTEM INTERFACE ${torch_root}/include ${torch_root}/include/torch/csrc/api/include ${nvidia_includes})
target_link_libraries(luvit_torch INTERFACE ${torch_root}/lib/libtorch_cpu.so ${torch_root}/lib/libc10.so)
# ATen's parallel_for is a template: compiled without OpenMP it runs on one thread. The wheel's own libgomp, or there
# would be two pools of threads. (The thread sanitizer does not see libgomp's barriers: there it stays at one thread.)
if(NOT "thread" IN_LIST LUVIT_SANITIZE)
  file(GLOB torch_gomp ${torch_root}/lib/libgomp*.so* ${site_packages}/torch.libs/libgomp*.so*)
  target_compile_options(luvit_torch INTERFACE -fopenmp)
  target_link_libraries(luvit_torch INTERFACE $<IF:$<BOOL:${torch_gomp}>,${torch_gomp},gomp>)
endif()
foreach(folder IN ITEMS ${torch_root}/lib ${nvidia_libraries})
  target_link_options(luvit_torch INTERFACE -Wl,-rpath,${folder} -Wl,-rpath-link,${folder})
endforeach()

add_library(luvit_torch_cuda INTERFACE)
add_library(luvit::torch_cuda ALIAS luvit_torch_cuda)
target_link_libraries(luvit_torch_cuda INTERFACE luvit_torch)
if(EXISTS ${torch_root}/lib/libtorch_cuda.so)
  # torch registers its CUDA kernels from static initialisers: the libraries must be linked though no symbol asks for them.
  target_link_options(luvit_torch_cuda INTERFACE
    "LINKER:--push-state,--no-as-needed,${torch_root}/lib/libtorch.so,${torch_root}/lib/libtorch_cuda.so,${torch_root}/lib/libc10_cuda.so,--pop-state")
elseif(NOT LUVIT_CORE_ONLY)
  message(FATAL_ERROR "${torch_root} has no libtorch_cuda.so: a LibTorch built with CUDA is needed (it runs on CPUs too).")
endif()
