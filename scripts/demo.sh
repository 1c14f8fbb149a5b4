#!/usr/bin/env bash
# Set-up, build, then a small LUViT pretrained on Fashion-MNIST, fine-tuned to tell its ten classes beside the same model
# trained from scratch, and evaluated: minutes on two cores. A second call continues or ends at once.
#
#   scripts/demo.sh                  the demo
#   scripts/demo.sh --arms           besides it the controls (permuted block, MLP of equal size, no fusion), three seeds
#   scripts/demo.sh --photo FILE     reconstructs this image too
#   scripts/demo.sh --seed N         another seed, in folders of its own
source "$(dirname "$0")/common.sh"

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

scripts/build.sh release luvit_programs
.venv/bin/python scripts/prepare_demo.py

bin=build/release/bin

folder_of_seed() { if [ "$1" = 0 ]; then echo runs/demo; else echo "runs/demo/seed-$1"; fi; }

# Said before it is run, so that it can be run again by hand.
run() {
  say "" "demo: $*"
  "$@"
}

# finetune CONFIG NAME WEIGHTS; the test images are looked at by luvit_eval, once.
finetune() {
  run $bin/luvit_finetune --config "configs/demo/$1.yaml" --output "$runs/$2" "init.weights=$3" "train.seed=$seed" data.val=null
  evaluate eval "$2" "$runs/$2"
}

# evaluate CONFIG NAME RUN
evaluate() {
  run $bin/luvit_eval --config "configs/demo/$1.yaml" --weights "$3/model.safetensors" --output "$runs/eval_$2"
}

for seed in "${seeds[@]}"; do
  runs=$(folder_of_seed "$seed")
  for arm in "${arms[@]}"; do
    run $bin/luvit_pretrain --config "configs/demo/$arm.yaml" --output "$runs/$arm" "train.seed=$seed"
    evaluate eval_features "features_$arm" "$runs/$arm"
    finetune finetune_probe "probe_$arm" "$runs/$arm/model.safetensors"
    finetune "finetune_$arm" "finetune_$arm" "$runs/$arm/model.safetensors"
  done
  finetune finetune_scratch finetune_scratch null
done

runs=$(folder_of_seed "${seeds[0]}")
pictures=$runs/luvit/reconstructions
$bin/luvit_infer --weights "$runs/luvit/model.safetensors" --images demo/samples/*.png "${photo[@]}" --emit mae \
  --out "$runs/luvit/reconstructions.safetensors" --pictures "$pictures"
say ""
folders=()
for seed in "${seeds[@]}"; do folders+=("$(folder_of_seed "$seed")"); done
.venv/bin/python scripts/demo_report.py --arms "${arms[@]}" --seeds "${folders[@]}"
say "pictures (original | masked | reconstruction): $pictures"
say "what the classifier gets right and wrong: $runs/eval_finetune_luvit/report.html"
say "an image of your own: $bin/luvit_infer --weights $runs/luvit/model.safetensors --images PHOTO --emit mae --out out.safetensors --pictures pictures"
