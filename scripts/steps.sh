# Sourced by scripts that run steps: each says what it is; the first failure ends the run.

# Else a failure inside of `run` would end it without a word.
set -o errtrace
trap 'echo "$(basename "$0" .sh): FAILED in step: $current" >&2' ERR

step() { printf '\n== %s\n' "$*"; }
run() { current="$1"; step "$1"; shift; "$@"; }
