#!/usr/bin/env bash
# Formats our C++ by .clang-format; with --check changes nothing and fails where something would change.
source "$(dirname "$0")/common.sh"

command -v clang-format >/dev/null || fail "clang-format not found" "apt-get install clang-format"
if [ "${1:-}" = --check ]; then options=(--dry-run --Werror); else options=(-i); fi
find include src apps tests cmake bench \( -name '*.h' -o -name '*.cpp' \) -print0 | xargs -0 clang-format --style=file "${options[@]}"
