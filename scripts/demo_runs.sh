# Sourced by the demos: their programs' runs, as they can be run again by hand. All of them continue, or end at once.
bin=build/release/bin

prepare_demo() {
  scripts/build.sh release luvit_programs
  .venv/bin/python scripts/prepare_demo.py
}

# A seed's folder.
runs_of() { if [ "$1" = 0 ]; then echo runs/demo; else echo "runs/demo/seed-$1"; fi; }

# Said before it is run.
run() {
  say "" "demo: $*"
  "$@"
}

# The following are of the seed $seed, in the folder $runs.

# pretrain ARM OVERRIDE…
pretrain() {
  run $bin/luvit_pretrain --config "configs/demo/$1.yaml" --output "$runs/$1" "train.seed=$seed" "${@:2}"
}

# finetune CONFIG NAME WEIGHTS OVERRIDE…; the test images are looked at by luvit_eval, once.
finetune() {
  run $bin/luvit_finetune --config "configs/demo/$1.yaml" --output "$runs/$2" "init.weights=$3" "train.seed=$seed" data.val=null "${@:4}"
  evaluate eval "$2" "$runs/$2"
}

# evaluate CONFIG NAME RUN
evaluate() {
  run $bin/luvit_eval --config "configs/demo/$1.yaml" --weights "$3/model.safetensors" --output "$runs/eval_$2"
}
