# Sourced by the other scripts: where the project is, how messages look, how many jobs fit this machine.
set -euo pipefail
called_from=$PWD
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

say() { printf '%s\n' "$*"; }

# fail WHAT HINT
fail() {
  printf 'error: %s\nhint: %s\n' "$1" "$2" >&2
  exit 2
}

# A compile job takes up to 1.5 GB (LibTorch's headers).
build_jobs() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/^MemAvailable/ {print int($2 / 1572864)}' /proc/meminfo)
  if [ "$memory" -lt 1 ]; then memory=1; fi
  echo $((cores < memory ? cores : memory))
}
