#!/usr/bin/env bash
# scripts/test.sh [PRESET] [ctest options…]: set-up, build and all tests. `scripts/test.sh release -R resume` runs some.
source "$(dirname "$0")/common.sh"

preset=${1:-release}
shift || true
scripts/build.sh "$preset"
# Two at once: each test program maps LibTorch's 500 MB.
exec ctest --preset "$preset" -j2 "$@"
