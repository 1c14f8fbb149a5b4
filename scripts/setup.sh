#!/usr/bin/env bash
# Prepares a machine: Debian's packages, then LibTorch and its CUDA from pinned wheels into .venv. What is already
# there costs nothing, so every other script calls this one first.
#
#   scripts/setup.sh                everything the build, the tests and the demo need
#   scripts/setup.sh --peers        the Python libraries luvit is measured against besides, into .peers
#   scripts/setup.sh --no-system    no Debian packages: they, or their like, are already here
source "$(dirname "$0")/common.sh"

system=yes
peers=no
for argument in "$@"; do
  case $argument in
    --no-system) system=no ;;
    --peers) peers=yes ;;
    --help | -h) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) fail "unknown option '$argument'" "scripts/setup.sh --help lists the options" ;;
  esac
done

missing_packages() {
  local package
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
  done
}

install_packages() {
  local packages=("$@") as_root=() line="apt-get install --no-install-recommends ${*}"
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || fail "not root, no sudo, and these packages are missing: ${packages[*]}" "as root: $line"
    as_root=(sudo)
  fi
  say "set-up: installing ${#packages[@]} Debian packages: ${packages[*]}"
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0)
  "${apt[@]}" update >/dev/null || fail "apt-get update failed" "check the network and /etc/apt/sources.list"
  "${apt[@]}" install --no-install-recommends "${packages[@]}" >/dev/null || fail "apt-get install failed" "run it by hand: $line"
}

# Without apt we cannot install; say all that is missing at once.
check_tools() {
  local tool lacking=()
  for tool in g++ cmake ninja python3; do command -v "$tool" >/dev/null || lacking+=("$tool"); done
  [ ${#lacking[@]} = 0 ] || fail "not found: ${lacking[*]} ($1)" "$2"
}

system_packages() {
  local release=unknown wanted missing
  if [ -r /etc/os-release ]; then release=$(. /etc/os-release && echo "$ID-${VERSION_ID:-}"); fi
  local list=third_party/$release.packages
  if ! command -v apt-get >/dev/null || [ ! -e "$list" ]; then
    local hint="install them with this system's package manager; docs/libtorch.md lists what the build needs"
    if command -v apt-get >/dev/null; then hint="as root: apt-get install g++ cmake ninja-build python3 python3-venv; docs/libtorch.md lists the rest"; fi
    check_tools "set-up installs packages with apt on Debian 12 only, this is $release" "$hint"
    say "set-up: this is $release, not Debian 12: libraries are taken as they are, cmake names those that are missing"
    return
  fi
  wanted=$(grep -v '^#' "$list")
  if [ $peers = yes ]; then wanted+=" python3-dev"; fi  # torch.compile builds against Python.h
  missing=$(missing_packages $wanted)
  if [ -n "$missing" ]; then install_packages $missing; fi
}

# python_environment FOLDER LOCK NEEDED_GB [FOLDER TO SEE]: installed once for each state of the lock.
python_environment() {
  local folder=$1 lock=$2 needed=$3 seen=${4:-}
  local stamp=$folder/installed.sha256 want free
  want=$(cat "$lock" <(echo "$root/$folder") | sha256sum)
  if [ "$(cat "$stamp" 2>/dev/null)" = "$want" ]; then return; fi
  python3 -c 'import sys; sys.exit(sys.version_info[:2] < (3, 11))' ||
    fail "$(python3 --version 2>&1) is too old for the pinned wheels" "put a Python of 3.11 or newer first on PATH"
  free=$(df --output=avail -BG . | tail -1 | tr -dc 0-9)
  if [ ! -d "$folder" ] && [ "$free" -lt "$needed" ]; then
    fail "$free GB free here, $folder needs $needed" "make room, or clone the project onto a larger disk"
  fi
  say "set-up: installing $(grep -c == "$lock") packages of $lock into $folder (about $needed GB, once)"
  # A virtual environment holds absolute paths: one that came from elsewhere is made anew.
  if ! "$folder/bin/python" -m pip --version 2>/dev/null | grep -qF "$root/$folder/"; then
    rm -rf "$folder"
    python3 -m venv "$folder" || fail "python3 -m venv failed" "on Debian: apt-get install python3-venv"
  fi
  "$folder/bin/python" -m pip install --quiet --no-deps --disable-pip-version-check -r "$lock" ||
    fail "pip could not install $lock" "check the network (a mirror: PIP_INDEX_URL), then run scripts/setup.sh again"
  if [ -n "$seen" ]; then
    echo "$root/$seen/lib/$(cd "$seen/lib" && ls -d python3*)/site-packages" >"$(echo "$folder"/lib/python3*/site-packages)/$seen.pth"
  fi
  echo "$want" >"$stamp"
}

# What `luvit_eval corrupt` needs for frost. The pictures' licence is unstated, so they are installed, not passed on.
frost_pictures() {
  if compgen -G ".venv/lib/python3*/site-packages/imagecorruptions/frost/frost5.jpg" >/dev/null; then return; fi
  say "set-up: installing the pictures of third_party/frost.lock into .venv (2 MB, once)"
  .venv/bin/python -m pip install --quiet --no-deps --require-hashes --only-binary :all: --disable-pip-version-check \
    -r third_party/frost.lock ||
    fail "pip could not install third_party/frost.lock" "check the network (a mirror: PIP_INDEX_URL), then run scripts/setup.sh again"
}

if [ $system = yes ]; then system_packages; else check_tools "--no-system was given" "docs/libtorch.md lists what the build needs"; fi
python_environment .venv third_party/runtime.lock 5
frost_pictures
if [ $peers = yes ]; then python_environment .peers third_party/peers.lock 2 .venv; fi
