#!/usr/bin/env bash
# The demo of distillation: for three seeds, a plain ViT without a teacher, the same ViT taught by a plain MAE, the same
# taught by a LUViT, and that LUViT: pretrained, fine-tuned and evaluated on Fashion-MNIST, with what an image costs.
# Minutes on two cores; a second call continues or ends at once.
#
#   scripts/demo_distill.sh                the four arms, seeds 0 1 2
#   scripts/demo_distill.sh --more         besides them: a fine-tuned teacher's logits and tokens, and an auxiliary path
#   scripts/demo_distill.sh --seeds "0 1"  other seeds
#   scripts/demo_distill.sh --steps 300    longer runs than the 150 steps of pretraining and of fine-tuning
source "$(dirname "$0")/common.sh"

arms=(vit student_of_vit student luvit)
seeds=(0 1 2)
steps=150
while [ $# -gt 0 ]; do
  case $1 in
    --more) arms+=(distilled aux_path) ;;
    --seeds)
      [[ ${2:-} =~ ^[0-9]+(\ [0-9]+)*$ ]] || fail "--seeds: '${2:-}' are no whole numbers" 'scripts/demo_distill.sh --seeds "0 1 2"'
      read -ra seeds <<<"$2"
      shift
      ;;
    --steps) steps=${2:-}; [[ $steps =~ ^[1-9][0-9]*$ ]] || fail "--steps: '$steps' is no number of steps" "scripts/demo_distill.sh --steps 300"; shift ;;
    --help | -h) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) fail "unknown option '$1'" "scripts/demo_distill.sh --help lists the options" ;;
  esac
  shift
done

scripts/build.sh release luvit_programs
.venv/bin/python scripts/prepare_demo.py

bin=build/release/bin
runs=runs/demo_distill
if [ "$steps" != 150 ]; then runs+=-$steps; fi

# run PROGRAM CONFIG OUTPUT OVERRIDE…; what it says is in its folder's log
run() {
  say "demo: $bin/$1 --config configs/demo/$2.yaml --output $3 ${*:4}"
  "$bin/$1" --config "configs/demo/$2.yaml" --output "$3" "${@:4}" >/dev/null
}
# Held-out images are looked at by luvit_eval, once.
recipe=("train.steps=$steps" data.val=null)

for seed in "${seeds[@]}"; do
  at=$runs/seed-$seed
  for arm in luvit vit student student_of_vit; do
    teacher=()
    case $arm in
      student) teacher=("distill.teacher=$at/luvit/model.safetensors") ;;
      student_of_vit) teacher=("distill.teacher=$at/vit/model.safetensors") ;;
    esac
    run luvit_pretrain "$arm" "$at/$arm" "train.seed=$seed" "${recipe[@]}" "${teacher[@]}"
    run luvit_finetune "finetune_$arm" "$at/finetune_$arm" "train.seed=$seed" "${recipe[@]}" "init.weights=$at/$arm/model.safetensors"
  done
  for arm in "${arms[@]:4}"; do
    teacher=()
    if [ "$arm" = distilled ]; then teacher=("distill.teacher=$at/finetune_luvit/model.safetensors"); fi
    run luvit_finetune "finetune_$arm" "$at/finetune_$arm" "train.seed=$seed" "${recipe[@]}" "init.weights=$at/vit/model.safetensors" \
      "${teacher[@]}"
  done
  for arm in "${arms[@]}"; do
    run luvit_eval eval "$at/eval_$arm" --weights "$at/finetune_$arm/model.safetensors"
  done
done

first=$runs/seed-${seeds[0]}
for arm in "${arms[@]}"; do
  plain=() own=()
  for seed in "${seeds[@]}"; do
    plain+=("$runs/seed-$seed/eval_vit")
    own+=("$runs/seed-$seed/eval_$arm")
  done
  "$bin/luvit_eval" seeds "${plain[@]}" --against "${own[@]}" --paired --out "$runs/$arm.seeds.json" >/dev/null
  "$bin/luvit_bench" eval --config configs/demo/finetune_luvit.yaml "init.weights=$first/finetune_$arm/model.safetensors" \
    --task finetune --batch 64 --warmup 3 --repeats 20 --json >"$runs/$arm.bench.json"
done
say ""
.venv/bin/python scripts/distill_report.py "$runs" "${arms[@]}"
