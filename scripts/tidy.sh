#!/usr/bin/env bash
# scripts/tidy.sh [FILE…]: clang-tidy by .clang-tidy over the given files, all of src and apps otherwise. Minutes a dozen
# files: LibTorch's headers are parsed for each.
source "$(dirname "$0")/common.sh"

command -v clang-tidy >/dev/null || fail "clang-tidy not found" "apt-get install clang-tidy"
scripts/setup.sh
# Without the precompiled header: clang cannot read GCC's.
cmake -G Ninja -S . -B build/tidy -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON >build-tidy.log 2>&1 || { cat build-tidy.log >&2; exit 1; }
rm -f build-tidy.log
if [ $# = 0 ]; then mapfile -t files < <(find src apps -name '*.cpp' ! -name '*_spdlog.cpp'); else files=("$@"); fi
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(build_jobs)" \
  clang-tidy -p build/tidy --quiet --extra-arg=-include --extra-arg="$root/cmake/precompiled.h" --extra-arg=-Wno-unknown-warning-option
