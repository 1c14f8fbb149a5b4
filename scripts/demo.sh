#!/usr/bin/env bash
# Set-up, build, then a small LUViT pretrained on Fashion-MNIST and fine-tuned to tell its ten classes, beside the same
# model trained from scratch: minutes on two cores. A second call continues or ends at once.
#
#   scripts/demo.sh                  the demo
#   scripts/demo.sh --arms           besides it the controls: permuted block, MLP of equal size, no fusion
#   scripts/demo.sh --photo FILE     reconstructs this image too
#   scripts/demo.sh --seed N         another seed, in folders of its own
source "$(dirname "$0")/common.sh"

arms=(luvit)
photo=()
seed=0
while [ $# -gt 0 ]; do
  case $1 in
    --arms) arms=(luvit permuted mlp vit) ;;
    --photo)
      photo=("$(cd "$called_from" && realpath -e -- "${2:-}" 2>/dev/null)") || fail "--photo: no file '${2:-}'" "give the path of an image"
      shift
      ;;
    --seed) seed=${2:-}; [[ $seed =~ ^[0-9]+$ ]] || fail "--seed: '$seed' is no whole number" "scripts/demo.sh --seed 1"; shift ;;
    --help | -h) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) fail "unknown option '$1'" "scripts/demo.sh --help lists the options" ;;
  esac
  shift
done

scripts/build.sh release luvit_programs
.venv/bin/python scripts/prepare_demo.py

bin=build/release/bin
runs=runs/demo
if [ "$seed" != 0 ]; then runs+=/seed-$seed; fi
for arm in "${arms[@]}"; do
  say "" "demo: $bin/luvit_pretrain --config configs/demo/$arm.yaml --output $runs/$arm train.seed=$seed"
  $bin/luvit_pretrain --config "configs/demo/$arm.yaml" --output "$runs/$arm" "train.seed=$seed"
done

for arm in "${arms[@]}" scratch; do
  if [ "$arm" = scratch ]; then weights=null; else weights=$runs/$arm/model.safetensors; fi
  say "" "demo: $bin/luvit_finetune --config configs/demo/finetune_$arm.yaml --output $runs/finetune_$arm init.weights=$weights train.seed=$seed"
  $bin/luvit_finetune --config "configs/demo/finetune_$arm.yaml" --output "$runs/finetune_$arm" \
    "init.weights=$weights" "train.seed=$seed"
done

pictures=$runs/luvit/reconstructions
$bin/luvit_infer --weights "$runs/luvit/model.safetensors" --images demo/samples/*.png "${photo[@]}" --emit mae \
  --out "$runs/luvit/reconstructions.safetensors" --pictures "$pictures"
say ""
.venv/bin/python scripts/demo_report.py "$runs" "${arms[@]}"
say "pictures (original | masked | reconstruction): $pictures"
say "an image of your own: $bin/luvit_infer --weights $runs/luvit/model.safetensors --images PHOTO --emit mae --out out.safetensors --pictures pictures"
