#!/usr/bin/env bash
# check_config.sh PROGRAM CONFIG: the committed config resolves, here where neither its images nor its weights are. Keys
# that come from the weights then have their defaults; all that is written is checked.
cd "$(dirname "$0")/.." || exit 1
overrides=()
if grep -q '^    weights:' "$2"; then overrides=(model.fusion.weights=random); fi
exec "$1" --config "$2" --print-config "${overrides[@]}"
