#!/usr/bin/env bash
# Measures both libraries: scripts/bench.sh BUILD_FOLDER [PART…]. SCALE=0.2 makes all measurements shorter, to try the benches; with the
# default of 0.8 all of them take about 12 minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
build="$(realpath "$1")"
shift

if [ ! -x "$build/bench_venv/bin/python" ] || ! cmp -s bench/requirements.txt "$build/bench_venv/requirements.txt"; then
  echo "== Python packages of the benches"
  python3 -m venv "$build/bench_venv"
  "$build/bench_venv/bin/pip" install --quiet --disable-pip-version-check -r bench/requirements.txt
  cp bench/requirements.txt "$build/bench_venv/requirements.txt"
fi
# Built before the clock of the measurements starts.
cargo bench --locked -p jsep-bench --bench layers --no-run
cargo build --release --locked -p jsep-bench --bins
PYTHONPATH=bench exec "$build/bench_venv/bin/python" -m suite "$build" "$@" --scale "${SCALE:-0.8}"
