#!/usr/bin/env bash
# scripts/build.sh [PRESET] [TARGET…]: set-up and build; programs come to build/PRESET/bin.
# Presets (CMakePresets.json): release (default, runs on any x86-64), native, debug, asan, tsan.
source "$(dirname "$0")/common.sh"

preset=${1:-release}
shift || true
grep -q "\"name\": \"$preset\"" CMakePresets.json || fail "no preset '$preset'" "one of: release native debug asan tsan"
scripts/setup.sh

log=build/$preset/configure.log
mkdir -p "build/$preset"
cmake --preset "$preset" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
jobs=$(build_jobs)
say "build: preset $preset, $jobs jobs at once, into build/$preset"
cmake --build "build/$preset" --parallel "$jobs" ${1:+--target "$@"}
