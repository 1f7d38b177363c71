#!/usr/bin/env bash
# Runs the C and C++ tests, and the host under load, with sanitizers: scripts/sanitize.sh BUILD_FOLDER. The libraries are not
# compiled with them: what is checked is the host, and that the libraries use its memory and its threads as they may.
set -euo pipefail
cd "$(dirname "$0")/.."
build="$(realpath "$1")"

# One request after the other from several threads, while the app is replaced; a report of a sanitizer ends the host.
load() {
  local host="$1" library
  shift
  for library in "$build/libjsv8.so" "$build/libjsquickjs.so"; do
    echo "== $host: a load of requests on $(basename "$library")"
    "$@" "$host" bench --plugin "$library" --app apps/logging --threads 4 --seconds 3 --warm-up 0 \
      --request 'POST /log/private {"id": {n}, "msg": "text"}' --request 'GET /log/private?id=1'
  done
}

for sanitizer in thread address,undefined; do
  folder="$build/sanitize/${sanitizer%%,*}"
  mkdir -p "$folder"
  echo "== building the host and its tests with $sanitizer"
  cmake -S harness -B "$folder" -DCMAKE_BUILD_TYPE=RelWithDebInfo "-DJSEP_SANITIZE=$sanitizer" \
    "-DJSV8_LIBRARY=$build/libjsv8.so" "-DJSQUICKJS_LIBRARY=$build/libjsquickjs.so" > "$folder.log"
  cmake --build "$folder" --parallel 2 >> "$folder.log" || { cat "$folder.log"; exit 1; }
  ctest --test-dir "$folder" --output-on-failure
  load "$folder/jsep-host" env "LSAN_OPTIONS=suppressions=harness/tests/lsan.supp:print_suppressions=0" \
    "TSAN_OPTIONS=suppressions=harness/tests/tsan.supp:print_suppressions=0"
done
