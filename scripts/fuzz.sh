#!/usr/bin/env bash
# Fuzzes the libraries through the C interface: [SEED=NUMBER] scripts/fuzz.sh BUILD_FOLDER TARGET|all SECONDS [LIBRARY [RUNS]]
#
# libFuzzer drives the targets of fuzz/, each against one library, or against both to compare them. The libraries are built a second
# time, so that they tell libFuzzer which code ran; stable Rust can do that. Inputs that reach new code go to fuzz/found, inputs that
# fail to fuzz/artifacts; `fuzz/corpus` holds the seeds and what once failed. Without a SEED each run tries other inputs, beginning with what
# former runs found; with one it depends on nothing else than the corpus. A target ends after so many seconds or runs, whatever comes
# first; 0 seconds and -1 runs have no end.
set -euo pipefail
cd "$(dirname "$0")/.."
build="$(realpath "$1")"
target="$2"
seconds="$3"
library="${4:-}"
runs="${5:--1}"

triple="$(rustc -vV | sed -n 's/^host: //p')"
folder="$build/fuzz"
coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
-Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares"

build_all() {
  JSEP_INSTRUMENTED=1 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS=true CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS=true \
    RUSTFLAGS="$coverage" \
    cargo build --release --locked -p jsv8 -p jsquickjs --target "$triple" --target-dir "$folder/libraries"
  RUSTFLAGS="--cfg fuzzing" \
    cargo build --release --locked --manifest-path fuzz/Cargo.toml --target "$triple" --target-dir "$folder/targets"
}

executions=0
forgotten="$(mktemp -d)"
trap 'rm -rf "$forgotten"' EXIT

# Runs one target against a library, with another beside it, and perhaps options for the engines.
run() {
  local name="$1" library="$2" other="$3" options="${4:-}"
  local run="$name.$(basename "$library" .so)${options:+.$options}"
  local found="fuzz/found/$run" artifacts="fuzz/artifacts/$name/" dictionary=()
  if [ -n "${SEED:-}" ]; then found="$forgotten/$run"; fi
  mkdir -p "$found" "$artifacts"
  if [ -f "fuzz/dictionaries/$name.dict" ]; then dictionary=("-dict=fuzz/dictionaries/$name.dict"); fi
  local what="$name on $(basename "$library" .so)${options:+ with $options}"
  echo "-- $what"
  JSEP_FUZZ_LIBRARY="$library" JSEP_FUZZ_OTHER="$other" JSEP_FUZZ_OPTIONS="$options" \
    "$folder/targets/$triple/release/$name" "$found" "fuzz/corpus/$name" "${dictionary[@]}" "-artifact_prefix=$artifacts" \
    "-max_total_time=$seconds" "-runs=$runs" "-seed=${SEED:-0}" -timeout=60 -rss_limit_mb=4096 -max_len=16384 -print_final_stats=1 -verbosity=1 \
    > "$artifacts/last.log" 2>&1 || {
    tail -60 "$artifacts/last.log"
    echo "fuzz: $name found something; its input is in $artifacts" >&2
    return 1
  }
  grep -E "^#[0-9]+[[:space:]]+DONE" "$artifacts/last.log" || tail -3 "$artifacts/last.log"
  local executed="$(sed -n 's/^stat::number_of_executed_units: *//p' "$artifacts/last.log")"
  echo "$what: ${executed:-0} executions"
  executions=$((executions + ${executed:-0}))
}

build_all
v8="$folder/libraries/$triple/release/libjsv8.so"
quickjs="$folder/libraries/$triple/release/libjsquickjs.so"
targets=("$target")
if [ "$target" = all ]; then mapfile -t targets < <(basename -s .rs fuzz/fuzz_targets/*.rs); fi
for name in "${targets[@]}"; do
  case "$name:$library" in
    # It compares both; QuickJS stores nothing, and has no durable realms.
    differential:* | cache:* | datagrams:*) ;;
    *:jsv8) ;;
    *) run "$name" "$quickjs" "$v8" ;;
  esac
  case "$name:$library" in
    differential:* | responses: | responses:jsv8)
      run "$name" "$v8" "$quickjs"
      run "$name" "$v8" "$quickjs" jit=off
      ;;
    cache:* | datagrams:*) run "$name" "$v8" "$quickjs" ;;
    *:jsquickjs) ;;
    *) run "$name" "$v8" "$quickjs" ;;
  esac
done
echo "-- $executions executions in all"
