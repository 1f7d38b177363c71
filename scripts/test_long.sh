#!/usr/bin/env bash
# The long forms of tests that `make test` runs for a short while: scripts/test_long.sh BUILD_FOLDER. Takes some hours on two cores.
set -euo pipefail
cd "$(dirname "$0")/.."
build="$(realpath "$1")"

source scripts/steps.sh

end_to_end() { env JSEP_BUILD="$build" "$@" "$build/venv/bin/pytest" python_tests -q; }

run "a hundred thousand generated programs in proven and in fresh realms" \
  env JSEP_PROGRAMS=100000 cargo test --release --locked -p jsv8 --lib generated_programs
run "the same with machine code, twenty thousand" \
  env JSEP_JIT=on JSEP_PROGRAMS=20000 cargo test --release --locked -p jsv8 --lib generated_programs
run "scripts that end at each place at which they can" \
  env JSEP_ENDS=1000 cargo test --release --locked -p jsv8 --lib ending
for library in libjsv8.so libjsquickjs.so; do
  run "a hundred thousand requests whose time is close to the limit, $library" \
    env JSEP_TEST_NEAR_LIMIT=100000 "$build/harness/tests/interface_test" "$build/$library"
done
run "all ways to ask for too much memory, three heap limits" \
  env JSEP_BUILD="$build" JSEP_TEST_GROWTH=1 "$build/venv/bin/pytest" python_tests/test_growth.py -q
run "all end-to-end tests in realms that are poisoned before each request" end_to_end JSEP_TEST_POISON=1
run "all end-to-end tests in threads that make few system calls" end_to_end JSEP_TEST_SECCOMP=1
step "all long tests passed"
