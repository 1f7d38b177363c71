#!/usr/bin/env bash
# Measures what the guards cost, and prints a table: scripts/guards.sh BUILD_FOLDER [ROUNDS [WORDS]], of all guards or of the rows with
# these words. The libraries of the folder are compared with ones that have no guards, which are built here, in a folder of their own, so that
# they are not taken for the others.
set -euo pipefail
cd "$(dirname "$0")/.."
build="$(realpath "$1")"
target="${CARGO_TARGET_DIR:-target}/without_guards"

echo "== building the libraries without guards" >&2
for library in jsv8 jsquickjs; do
  cargo build --release --locked -p "$library" --features "$library/without_guards" --target-dir "$target"
done
cargo build --release --locked -p jsep-bench --bin guards

# Two modes of V8 in one process need two copies of its library.
copy() {
  mkdir -p "$2"
  cp -f "$1/libjsv8.so" "$1/libjsquickjs.so" "$2/"
  cp -f "$1/libjsv8.so" "$2/libjsv8-jitless.so"
}
copy "$build" "$build/guards/on"
copy "$target/release" "$build/guards/off"
"${CARGO_TARGET_DIR:-target}/release/guards" "$build/guards/on" "$build/guards/off" "${@:2}"
