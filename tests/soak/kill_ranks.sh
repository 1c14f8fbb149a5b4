#!/usr/bin/env bash
# Kills random ranks of one training at random moments (200 times, or as often as said; a quarter of them while the
# ranks start, meet, load and resume), starts it again by the same command each time, and holds its final weights to
# those of an undisturbed run. Takes about three seconds a kill.
# Usage: tests/soak/kill_ranks.sh [BUILD_DIR] [KILLS]
set -eu
build=${1:-build/release}
LUVIT_KILLS=${2:-200} exec "$build/bin/e2e_tests" --gtest_filter='RankFaults.KillsOfRandomRanksEndInTheSameBytes'
