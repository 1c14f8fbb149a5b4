#!/usr/bin/env bash
# The demo of distillation: for three seeds, a plain ViT without a teacher, the same ViT taught by a plain MAE, the same
# taught by a LUViT, and that LUViT: pretrained, fine-tuned and evaluated on Fashion-MNIST, with what an image costs.
# Teachers and controls are scripts/demo.sh's; a second call continues or ends at once.
#
#   scripts/demo_distill.sh                the four arms, seeds 0 1 2
#   scripts/demo_distill.sh --more         besides them: a fine-tuned teacher's logits and tokens, and an auxiliary path
#   scripts/demo_distill.sh --seed N       another seed; may be given several times
source "$(dirname "$0")/common.sh"
source scripts/demo_runs.sh

arms=(vit student_of_vit student luvit)
seeds=()
while [ $# -gt 0 ]; do
  case $1 in
    --more) arms+=(distilled aux_path) ;;
    --seed) [[ ${2:-} =~ ^[0-9]+$ ]] || fail "--seed: '${2:-}' is no whole number" "scripts/demo_distill.sh --seed 1"; seeds+=("$2"); shift ;;
    --help | -h) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) fail "unknown option '$1'" "scripts/demo_distill.sh --help lists the options" ;;
  esac
  shift
done
if [ ${#seeds[@]} = 0 ]; then seeds=(0 1 2); fi

prepare_demo

for seed in "${seeds[@]}"; do
  runs=$(runs_of "$seed")
  pretrain luvit
  pretrain vit
  pretrain student "distill.teacher=$runs/luvit/model.safetensors"
  pretrain student_of_vit "distill.teacher=$runs/vit/model.safetensors"
  for arm in luvit vit student student_of_vit; do finetune "finetune_$arm" "finetune_$arm" "$runs/$arm/model.safetensors"; done
  for arm in "${arms[@]:4}"; do
    teacher=()
    if [ "$arm" = distilled ]; then teacher=("distill.teacher=$runs/finetune_luvit/model.safetensors"); fi
    finetune "finetune_$arm" "finetune_$arm" "$runs/vit/model.safetensors" "${teacher[@]}"
  done
done

out=runs/demo/distillation
mkdir -p "$out"
first=$(runs_of "${seeds[0]}")
evaluations_of() { for seed in "${seeds[@]}"; do echo "$(runs_of "$seed")/eval_finetune_$1"; done; }
# against BASE ARM NAME: an arm's seeds, paired with another's.
against() {
  mapfile -t base < <(evaluations_of "$1")
  mapfile -t own < <(evaluations_of "$2")
  $bin/luvit_eval seeds "${base[@]}" --against "${own[@]}" --paired --out "$out/$3.seeds.json" >/dev/null
}
against student_of_vit student block  # what the language block adds to the teaching
for arm in "${arms[@]}"; do
  if [ "$arm" = vit ]; then
    mapfile -t base < <(evaluations_of vit)
    $bin/luvit_eval seeds "${base[@]}" --out "$out/vit.seeds.json" >/dev/null
  else
    against vit "$arm" "$arm"
  fi
  $bin/luvit_bench eval --config configs/demo/finetune_luvit.yaml "init.weights=$first/finetune_$arm/model.safetensors" \
    --task finetune --batch 64 --warmup 3 --repeats 20 --json >"$out/$arm.bench.json"
done
say ""
.venv/bin/python scripts/distill_report.py "$out" "${arms[@]}"
