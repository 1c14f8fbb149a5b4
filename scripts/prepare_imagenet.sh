#!/usr/bin/env bash
# Makes what data.train and data.val read from ImageNet's own files.
#
#   scripts/prepare_imagenet.sh --train ILSVRC2012_img_train.tar --val ILSVRC2012_img_val.tar \
#       --devkit ILSVRC2012_devkit_t12.tar.gz --out DIR [--format folders|shards]
#
#   --train TAR       the tar of one tar a class (n01440764.tar, …)
#   --val TAR         the flat tar of validation images
#   --val-labels F    a text file, one class folder (wnid) a line, in the order of the images' names; or "NAME WNID" lines
#   --devkit TAR      instead of --val-labels: the development kit, for its ground truth and the wnids of its classes
#   --format          folders (DIR/train/WNID/IMAGE, DIR/val/WNID/IMAGE) or shards (DIR/train-%06d.tar, DIR/val-%06d.tar)
#   --shard-images N  images a shard (default 1281: 1001 training shards); training images are spread over all
#                     shards in a fixed order, so that a shard holds many classes
#   --classes N, --train-images N, --val-images N   counts to check (default: ImageNet-1k's 1000, 1281167, 50000)
#
# Nothing is downloaded. Run again after a stop, it goes on where it was: a class or a shard gets its name when it is whole.
set -euo pipefail

train='' val='' labels='' devkit='' out='' format=folders shard_images=1281
classes=1000 train_images=1281167 val_images=50000

fail() { # WHAT HINT
  printf 'prepare_imagenet.sh: error: %s\nhint: %s\n' "$1" "$2" >&2
  exit "${3:-3}"
}
say() { printf '%s\n' "$*"; }

while [ $# -gt 0 ]; do
  case $1 in
    -h|--help) sed -n '2,/^set /s/^# \{0,1\}//p' "$0" | sed '$d'; exit 0 ;;
    --train|--val|--val-labels|--devkit|--out|--format|--shard-images|--classes|--train-images|--val-images) ;;
    *) fail "unknown option $1" "scripts/prepare_imagenet.sh --help lists them" 2 ;;
  esac
  [ $# -ge 2 ] || fail "$1 needs a value" "scripts/prepare_imagenet.sh --help" 2
  case $1 in
    --train) train=$2 ;; --val) val=$2 ;; --val-labels) labels=$2 ;; --devkit) devkit=$2 ;; --out) out=$2 ;;
    --format) format=$2 ;; --shard-images) shard_images=$2 ;; --classes) classes=$2 ;;
    --train-images) train_images=$2 ;; --val-images) val_images=$2 ;;
  esac
  shift 2
done

[ -n "$out" ] || fail "no --out" "name the folder to make" 2
[ -n "$train$val" ] || fail "neither --train nor --val" "name ImageNet's tar files" 2
[ -z "$val" ] || [ -n "$labels$devkit" ] || fail "--val needs --val-labels or --devkit" "the images' names do not tell their class" 2
case $format in folders|shards) ;; *) fail "--format $format" "expected folders or shards" 2 ;; esac
for number in "$shard_images" "$classes" "$train_images" "$val_images"; do
  case $number in ''|*[!0-9]*|0*) fail "'$number' is no count" "counts are decimal numbers from 1" 2 ;; esac
done
for file in "$train" "$val" "$labels" "$devkit"; do
  [ -z "$file" ] || [ -r "$file" ] || fail "$file: cannot be read" "check the path"
done

mkdir -p "$out/.preparing"
out=$(cd "$out" && pwd)
work=$out/.preparing
list_tar() { # TAR: its members, sorted by bytes
  tar -tf "$1" 2>"$work/tar.log" | LC_ALL=C sort || fail "$1: $(head -n1 "$work/tar.log")" "the file is cut short or no tar: fetch it again"
}
expect() { # FOUND WANTED WHAT WHERE
  [ "$1" -eq "$2" ] || fail "$4: $1 $3, expected $2" "fetch the file again, or say the right count (--help)"
}

# ---- training: one folder a class ------------------------------------------------------------------------------------
unpack_train() {
  local folder=$out/train member class count=0
  [ "$format" = folders ] || folder=$work/train
  mkdir -p "$folder"
  list_tar "$train" >"$work/classes"
  expect "$(grep -c '\.tar$' "$work/classes" || true)" "$classes" "class tars" "$train"
  while read -r member; do
    class=$(basename "$member" .tar)
    count=$((count + 1))
    [ ! -d "$folder/$class" ] || continue
    rm -rf "$folder/.$class.part"
    mkdir "$folder/.$class.part"
    tar -xOf "$train" "$member" >"$work/class.tar" 2>"$work/tar.log" || fail "$train: $member: $(head -n1 "$work/tar.log")" "fetch the file again"
    tar -xf "$work/class.tar" -C "$folder/.$class.part" --no-same-owner 2>"$work/tar.log" ||
      fail "$train: $member: $(head -n1 "$work/tar.log")" "fetch the file again"
    mv "$folder/.$class.part" "$folder/$class"
    say "train: class $count of $classes, $class"
  done < <(grep '\.tar$' "$work/classes")
  rm -f "$work/class.tar"
  expect "$(find "$folder" -name '.*' -prune -o -type f -print | wc -l)" "$train_images" "training images" "$folder"
}

# ---- validation: NAME WNID for each image ----------------------------------------------------------------------------
ground_truth() { # to $work/truth
  list_tar "$val" >"$work/val-members"
  grep -iE '\.(jpe?g|png)$' "$work/val-members" >"$work/val-names" || true
  expect "$(wc -l <"$work/val-names")" "$val_images" "validation images" "$val"
  if [ -n "$labels" ]; then
    if [ "$(awk 'NF { print NF; exit }' "$labels")" = 2 ]; then
      awk 'NF == 2' "$labels" >"$work/truth"
    else
      awk 'NF' "$labels" >"$work/wnids"
      expect "$(wc -l <"$work/wnids")" "$val_images" "lines" "$labels"
      paste -d ' ' <(sed 's#.*/##' "$work/val-names") "$work/wnids" >"$work/truth"
    fi
  else
    mkdir -p "$work/devkit"
    tar -xzf "$devkit" -C "$work/devkit" 2>"$work/tar.log" || fail "$devkit: $(head -n1 "$work/tar.log")" "fetch the file again"
    devkit_truth
  fi
  expect "$(wc -l <"$work/truth")" "$val_images" "labels" "${labels:-$devkit}"
}

# The kit holds a number for each image, and in meta.mat the wnid of each number. A .mat of level 5 is a few zlib streams;
# the wnids stand in them in the order of the numbers, those of the 1000 leaf classes first.
devkit_truth() {
  local numbers meta
  numbers=$(find "$work/devkit" -name 'ILSVRC2012_validation_ground_truth.txt' | head -n1)
  meta=$(find "$work/devkit" -name meta.mat | head -n1)
  [ -n "$numbers" ] && [ -n "$meta" ] || fail "$devkit: no ILSVRC2012_validation_ground_truth.txt or meta.mat in it" "expected ILSVRC2012_devkit_t12.tar.gz"
  command -v python3 >/dev/null || fail "python3 is needed to read the development kit" "install it, or give --val-labels"
  python3 - "$meta" "$numbers" "$classes" "$work/val-names" >"$work/truth" <<'PYTHON' || fail "$devkit: its meta.mat cannot be read" "give --val-labels instead"
import re, struct, sys, zlib
data, at, text = open(sys.argv[1], "rb").read(), 128, b""
while at + 8 <= len(data):
    kind, size = struct.unpack_from("<II", data, at)
    body = data[at + 8 : at + 8 + size]
    text += zlib.decompress(body) if kind == 15 else body
    at += 8 + size
# 8-bit or 16-bit characters, as the kit was saved by one Matlab or another
wnids = re.findall(rb"n\d{8}", text) or [w[::2] for w in re.findall(rb"n\0(?:\d\0){8}", text)]
wnids = list(dict.fromkeys(w.decode() for w in wnids))[: int(sys.argv[3])]
names = [line.strip().rsplit("/", 1)[-1] for line in open(sys.argv[4])]
numbers = [int(line) for line in open(sys.argv[2]) if line.strip()]
if len(names) != len(numbers) or min(numbers) < 1 or max(numbers) > len(wnids):
    sys.exit("counts differ")
for name, number in zip(names, numbers):
    print(name, wnids[number - 1])
PYTHON
}

unpack_val() {
  local folder=$out/val
  [ "$format" = folders ] || folder=$work/val
  [ ! -d "$folder" ] || { say "val: already there"; return; }
  ground_truth
  rm -rf "$work/val-flat" "$work/val-part"
  mkdir -p "$work/val-flat" "$work/val-part"
  tar -xf "$val" -C "$work/val-flat" --no-same-owner 2>"$work/tar.log" || fail "$val: $(head -n1 "$work/tar.log")" "fetch the file again"
  find "$work/val-flat" -mindepth 2 -type f -exec mv -t "$work/val-flat" {} +
  awk '{ print $2 }' "$work/truth" | sort -u >"$work/val-classes"
  (cd "$work/val-part" && xargs mkdir -p <"../val-classes")
  local name wnid
  while read -r name wnid; do
    mv "$work/val-flat/$name" "$work/val-part/$wnid/$name" || fail "$val: no $name in it" "the labels belong to other images"
  done <"$work/truth"
  mv "$work/val-part" "$folder"
  rm -rf "$work/val-flat"
  say "val: $val_images images in $(wc -l <"$work/val-classes") classes"
}

# ---- shards ----------------------------------------------------------------------------------------------------------
# A class's number is the place of its wnid in byte order among all classes, so that train and val agree.
class_numbers() { # to $work/all-classes
  local split
  for split in train val; do
    [ ! -d "$work/$split" ] || (cd "$work/$split" && find . -mindepth 1 -maxdepth 1 -type d | sed 's#^\./##')
  done | LC_ALL=C sort -u >"$work/all-classes"
  if [ ! -e "$out/classes.txt" ]; then
    cp "$work/all-classes" "$out/classes.txt"
  elif [ -n "$(comm -13 <(LC_ALL=C sort "$out/classes.txt") "$work/all-classes")" ]; then
    fail "$out/classes.txt: the shards that are there know fewer classes" "make train and val in one run, in a new folder"
  fi
}

write_shards() { # SPLIT
  local split=$1 total shards shard target
  (cd "$work/$split" && find . -type f | LC_ALL=C sort | sed 's#^\./##') >"$work/images"
  # A fixed shuffle, by a hash of the names.
  LC_ALL=C awk 'BEGIN { for (i = 1; i < 256; ++i) code[sprintf("%c", i)] = i }
    { h = 1; for (i = 1; i <= length($0) + 4; ++i) h = (h * 69069 + code[substr($0, i, 1)] + 1) % 4294967296
      printf "%010.0f %s\n", h, $0 }' \
    "$work/images" | LC_ALL=C sort | cut -d' ' -f2- >"$work/shuffled"
  total=$(wc -l <"$work/images")
  shards=$(((total + shard_images - 1) / shard_images))
  for ((shard = 0; shard < shards; ++shard)); do
    target=$out/$(printf '%s-%06d.tar' "$split" "$shard")
    [ ! -e "$target" ] || continue
    rm -rf "$work/cls"
    mkdir "$work/cls"
    (cd "$work/cls" && xargs mkdir -p <"$out/classes.txt")
    # Beside each WNID/NAME.JPEG a cls/WNID/NAME.cls; in the archive both are WNID-NAME, one after the other.
    awk -v first="$((shard * shard_images + 1))" -v count="$shard_images" -v from="$split" -v work="$work" '
      FILENAME == ARGV[1] { number[$0] = FNR - 1; next }
      FNR >= first && FNR < first + count {
        class = substr($0, 1, index($0, "/") - 1); stem = $0; sub(/\.[^.]*$/, "", stem)
        cls = work "/cls/" stem ".cls"; printf "%d", number[class] > cls; close(cls)
        print from "/" $0; print "cls/" stem ".cls"
      }' "$out/classes.txt" "$work/shuffled" >"$work/members"
    tar --format=ustar --owner=0 --group=0 --mtime=@0 --mode=0644 -cf "$target.tmp" -C "$work" \
      --transform='s#^\(train\|val\)/\([^/]*\)/\(.*\)\.[^.]*$#\2-\3.jpg#' --transform='s#^cls/\([^/]*\)/#\1-#' \
      -T "$work/members" || fail "$target: cannot be written" "free some space and run the same command again" 1
    sync "$target.tmp"
    mv "$target.tmp" "$target"
    say "$split: shard $((shard + 1)) of $shards"
  done
}

[ -z "$train" ] || unpack_train
[ -z "$val" ] || unpack_val
if [ "$format" = shards ]; then
  class_numbers
  [ -z "$train" ] || write_shards train
  [ -z "$val" ] || write_shards val
fi
rm -rf "$work"
say "done: $out"
