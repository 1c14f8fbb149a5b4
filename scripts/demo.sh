#!/usr/bin/env bash
# Set-up, build, then a small LUViT pretrained on Fashion-MNIST, fine-tuned to tell its ten classes beside the same model
# trained from scratch, and evaluated: minutes on two cores. A second call continues or ends at once.
#
#   scripts/demo.sh                  the demo
#   scripts/demo.sh --arms           besides it the controls (permuted block, MLP of equal size, no fusion), three seeds
#   scripts/demo.sh --photo FILE     reconstructs this image too
#   scripts/demo.sh --seed N         another seed, in folders of its own; may be given several times
source "$(dirname "$0")/common.sh"
source scripts/demo_runs.sh

arms=(luvit)
seeds=()
photo=()
while [ $# -gt 0 ]; do
  case $1 in
    --arms) arms=(luvit permuted mlp vit) ;;
    --photo)
      photo=("$(cd "$called_from" && realpath -e -- "${2:-}" 2>/dev/null)") || fail "--photo: no file '${2:-}'" "give the path of an image"
      shift
      ;;
    --seed) [[ ${2:-} =~ ^[0-9]+$ ]] || fail "--seed: '${2:-}' is no whole number" "scripts/demo.sh --seed 1"; seeds+=("$2"); shift ;;
    --help | -h) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) fail "unknown option '$1'" "scripts/demo.sh --help lists the options" ;;
  esac
  shift
done
if [ ${#seeds[@]} = 0 ]; then seeds=(0); if [ ${#arms[@]} -gt 1 ]; then seeds=(0 1 2); fi; fi

prepare_demo

for seed in "${seeds[@]}"; do
  runs=$(runs_of "$seed")
  for arm in "${arms[@]}"; do
    pretrain "$arm"
    evaluate eval_features "features_$arm" "$runs/$arm"
    finetune finetune_probe "probe_$arm" "$runs/$arm/model.safetensors"
    finetune "finetune_$arm" "finetune_$arm" "$runs/$arm/model.safetensors"
  done
  finetune finetune_scratch finetune_scratch null
done

runs=$(runs_of "${seeds[0]}")
pictures=$runs/luvit/reconstructions
$bin/luvit_infer --weights "$runs/luvit/model.safetensors" --images demo/samples/*.png "${photo[@]}" --emit mae \
  --out "$runs/luvit/reconstructions.safetensors" --pictures "$pictures"
say ""
folders=()
for seed in "${seeds[@]}"; do folders+=("$(runs_of "$seed")"); done
.venv/bin/python scripts/demo_report.py --arms "${arms[@]}" --seeds "${folders[@]}"
say "pictures (original | masked | reconstruction): $pictures"
say "what the classifier gets right and wrong: $runs/eval_finetune_luvit/report.html"
say "an image of your own: $bin/luvit_infer --weights $runs/luvit/model.safetensors --images PHOTO --emit mae --out out.safetensors --pictures pictures"
