#!/usr/bin/env bash
# Measures jsep-host beside workerd and Node.js: scripts/bench_peers.sh BUILD_FOLDER.
set -euo pipefail
cd "$(dirname "$0")/.."
build="$(realpath "$1")"
peers="$build/npm/peers"

# No lock file: workerd's own package pins those of the platforms, which npm's lock files don't hold completely.
if ! cmp -s bench/peers/package.json "$peers/package.json" || [ ! -x "$peers/node_modules/.bin/workerd" ]; then
  echo "== fetching workerd"
  mkdir -p "$peers"
  cp bench/peers/package.json "$peers/"
  if ! npm install --prefix "$peers" --no-package-lock --no-audit --no-fund > "$peers/npm.log" 2>&1; then
    cat "$peers/npm.log" >&2
    rm "$peers/package.json"
    echo "bench_peers: npm can't fetch workerd" >&2
    exit 1
  fi
fi
PYTHONPATH=bench exec python3 -m suite.peers "$build"
