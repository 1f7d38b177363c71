#!/usr/bin/env bash
# Builds the apps that are made with npm: scripts/build_apps.sh BUILD_FOLDER [APPS_FOLDER]. Each NAME with a package.json in
# APPS_FOLDER, or else in apps, becomes BUILD_FOLDER/apps/NAME, as a directory and, in bundle.json, packed. Does nothing for
# an app that has not changed.
set -euo pipefail
cd "$(dirname "$0")/.."
readonly OLDEST_NODE=18

die() {
  echo "build_apps: error: $*" >&2
  exit 1
}

[ $# -eq 1 ] || [ $# -eq 2 ] || die "usage: scripts/build_apps.sh BUILD_FOLDER [APPS_FOLDER]"
readonly APPS="${2:-apps}"
mkdir -p "$1/apps" "$1/npm"
build="$(realpath "$1")"

require_node() {
  local program version
  for program in node npm; do
    command -v "$program" > /dev/null || die "$program is missing: install the Debian packages nodejs and npm"
  done
  version="$(node --version)"
  version="${version#v}"
  [ "${version%%.*}" -ge "$OLDEST_NODE" ] || die "Node.js $OLDEST_NODE or newer is needed; $(command -v node) is $version"
}

# The files of an app that decide what is built.
sources() {
  find . \( -name node_modules -o -name out -o -name dist \) -prune -o -type f -print0 | LC_ALL=C sort -z
}

# Runs npm, and shows what it said only if it fails.
run_npm() {
  local hint="$1" log="$build/npm/$name.log"
  shift
  if ! npm "$@" > "$log" 2>&1; then
    cat "$log" >&2
    die "$APPS/$name: 'npm $*' failed: $hint (all it said is above, and in $log)"
  fi
}

# In a copy, so that the source tree stays as it is.
build_app() {
  local name="$1" work="$build/npm/$1" result="$build/apps/$1" digest
  cd "$APPS/$name"
  digest="$(sources | xargs -0 sha256sum | sha256sum)"
  if [ -e "$result/bundle.json" ] && [ "$(cat "$build/npm/$name.digest" 2> /dev/null)" = "$digest" ]; then
    echo "== $APPS/$name: up to date"
    return
  fi
  require_node
  rm -rf "$work" "$result" "$build/npm/$name.digest"
  mkdir -p "$work"
  sources | xargs -0 cp --parents -t "$work"
  cd "$work"
  echo "== $APPS/$name: fetching its packages"
  run_npm "does a registry answer? (npm config get registry)" ci --no-audit --no-fund
  echo "== $APPS/$name: compiling and bundling"
  run_npm "the app has an error" run build
  mv dist "$result"
  printf '%s\n' "$digest" > "$build/npm/$name.digest"
}

for package in "$APPS"/*/package.json; do
  name="$(basename "$(dirname "$package")")"
  (build_app "$name")
done
echo "build_apps: $build/apps"
