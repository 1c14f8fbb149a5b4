#!/usr/bin/env bash
# The analyses of the demo's models (scripts/demo.sh --arms first): objects over photographs, one report a model and one
# with all of them side by side, the model without fusion first.
#
#   scripts/demo_analysis.sh             all arms
#   scripts/demo_analysis.sh --seed N    of another seed's runs
source "$(dirname "$0")/common.sh"
source scripts/demo_runs.sh

seed=0
while [ $# -gt 0 ]; do
  case $1 in
    --seed) seed=${2:-}; [[ $seed =~ ^[0-9]+$ ]] || fail "--seed: '$seed' is no whole number" "scripts/demo_analysis.sh --seed 1"; shift ;;
    --help | -h) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) fail "unknown option '$1'" "scripts/demo_analysis.sh --help lists the options" ;;
  esac
  shift
done

runs=$(runs_of "$seed")
arms=(vit mlp permuted luvit)
for arm in "${arms[@]}"; do
  if [ ! -e "$runs/finetune_$arm/model.safetensors" ]; then
    fail "no model in $runs/finetune_$arm" "scripts/demo.sh --arms trains the demo's models"
  fi
done

missing=()
for package in tuxpaint-stamps-default opencv-doc python3-pil; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" != 0 ]; then fail "these packages are missing: ${missing[*]}" "as root: apt-get install --no-install-recommends ${missing[*]}"; fi
  say "demo: installing ${missing[*]} (about 550 MB)"
  DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends "${missing[@]}" >/dev/null ||
    fail "apt-get install failed" "apt-get update, then run this again"
fi
/usr/bin/python3 scripts/prepare_analysis.py

scripts/build.sh release luvit_programs
for arm in "${arms[@]}"; do
  run $bin/luvit_eval --config configs/demo/analysis.yaml --weights "$runs/finetune_$arm/model.safetensors" --output "$runs/analysis/$arm"
done
say ""
$bin/luvit_eval report "${arms[@]/#/$runs/analysis/}" --output "$runs/analysis/side_by_side"
say "" "against the model without fusion:"
$bin/luvit_eval compare "$runs/analysis/vit" "$runs/analysis/luvit" --out "$runs/analysis/luvit_against_vit.json"
