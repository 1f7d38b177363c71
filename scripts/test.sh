#!/usr/bin/env bash
# Runs all tests: scripts/test.sh BUILD_FOLDER. Each step says what it is; the first failure ends the run.
set -euo pipefail
cd "$(dirname "$0")/.."
build="$(realpath "$1")"

source scripts/steps.sh

tools() {
  if [ ! -x "$build/venv/bin/pytest" ] || ! cmp -s python_tests/requirements.txt "$build/venv/requirements.txt"; then
    python3 -m venv "$build/venv"
    "$build/venv/bin/pip" install --quiet --disable-pip-version-check -r python_tests/requirements.txt
    cp python_tests/requirements.txt "$build/venv/requirements.txt"
  fi
}

clang_format() {
  find harness packaging \( -name '*.[ch]' -o -name '*.[ch]pp' \) -print0 | xargs -0 -r clang-format --dry-run -Werror
}

run "Python packages of the tests" tools
run "format of Rust" cargo fmt --all --check
run "format of C and C++" clang_format
run "format and lint of Python" "$build/venv/bin/ruff" check bench python_tests scripts
"$build/venv/bin/ruff" format --check bench python_tests scripts
run "format of the fuzz targets" cargo fmt --manifest-path fuzz/Cargo.toml --check
run "lint of libjsv8" cargo clippy --locked -p jsv8 -p interruptible_builtins --all-targets -- -D warnings
run "lint of libjsquickjs" cargo clippy --locked -p jsquickjs --all-targets -- -D warnings
run "lint of both without guards" cargo clippy --locked -p jsv8 -p jsquickjs --lib \
  --features jsv8/without_guards,jsquickjs/without_guards -- -D warnings
run "unit tests, and the header against the source" cargo test --locked -p jsv8 -p interruptible_builtins
run "unit tests of libjsquickjs" cargo test --locked -p jsquickjs --lib
run "unit tests with machine code" env JSEP_JIT=on cargo test --locked -p jsv8 --lib
run "C and C++ tests of the interface and the host" \
  env JSV8_LIBRARY="$build/libjsv8.so" JSQUICKJS_LIBRARY="$build/libjsquickjs.so" \
  ctest --test-dir "$build/harness" --output-on-failure --parallel 2
# The same inputs each time, and no more of them on a fast machine: other ones are what `make fuzz` is for.
run "each fuzz target for some seconds" env SEED=1 scripts/fuzz.sh "$build" all 4 "" 2000
run "install, and a program that uses it" packaging/test.sh "$build"
run "apps that are made with npm" scripts/build_apps.sh "$build"
run "end-to-end tests on both libraries" env JSEP_BUILD="$build" "$build/venv/bin/pytest" python_tests -q
run "some of them in realms that are poisoned before each request" \
  env JSEP_BUILD="$build" JSEP_TEST_POISON=1 "$build/venv/bin/pytest" python_tests/test_globals.py -q
run "more of them in such realms, where V8 chooses the rung, and on QuickJS" \
  env JSEP_BUILD="$build" JSEP_TEST_POISON=1 "$build/venv/bin/pytest" -q -k "not jsv8-realm" \
  python_tests/test_{request,response,kv,reuse,structured_clone,text_coding,url,logging,crypto_keys}.py
run "end-to-end tests in threads that make few system calls" \
  env JSEP_BUILD="$build" JSEP_TEST_SECCOMP=1 "$build/venv/bin/pytest" -q \
  python_tests/test_{system_calls,kv,crypto,crypto_keys,historical,isolation,limits,memory_maps}.py
step "all tests passed"
