#!/usr/bin/env bash
# Finds, downloads or builds the static library of V8 that crate `v8` links. See --help.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: scripts/v8_archive.sh [--from-source] [--help]

Prints one line on standard output: the path of the gzipped static library of V8 for the version
of crate v8 that Cargo.toml names. Give it to cargo as RUSTY_V8_ARCHIVE. An empty line means that
nothing is to be given, because the crate finds its archive itself. What was looked at and chosen,
and why, goes to standard error. Places, in this order:

  1. RUSTY_V8_ARCHIVE (the file must exist) or RUSTY_V8_MIRROR (then the line is empty)
  2. the user's cache: ${XDG_CACHE_HOME:-$HOME/.cache}/jsv8/v8-<version>
  3. ../shared/v8 beside the checkout
  4. the crate's own download; the result is kept in the user's cache
  5. a build from the crate's source (scripts/build_v8.py): 20 to 60 minutes, about 4 GB of disk;
     an interrupted build goes on when started again; the result is kept in the user's cache

  --from-source   build, whatever there is (step 5), and put the result into the user's cache

JSV8_V8_DOWNLOAD_SECONDS bounds step 4 (default 600).
TEXT
}

# The digest of the archive in ../shared/v8, which is of this version and target.
readonly SHARED_VERSION=152.2.0
readonly SHARED_TARGET=x86_64-unknown-linux-gnu
readonly SHARED_DIGEST=047e3af77fbd3abc08099dcebf510a3d9babd23deb820dd6680d1fe0f88fba8e
# A download of 40 MB and the compilation of the crate's build script, with room to spare.
readonly DOWNLOAD_SECONDS=${JSV8_V8_DOWNLOAD_SECONDS:-600}

say() { printf 'v8_archive: %s\n' "$*" >&2; }

die() {
  say "error: $*"
  exit 1
}

# Prints the answer and ends.
choose() {
  printf '%s\n' "$1"
  exit 0
}

digest_of() { sha256sum -- "$1" | cut -d ' ' -f 1; }

# v8 = "=1.2.3", or v8 = { version = "=1.2.3", ... }
crate_version() {
  local manifest=$root/Cargo.toml found
  [[ -f $manifest ]] || die "$manifest does not exist; it names the version of crate v8"
  found=$(sed -nE 's/^[[:space:]]*v8[[:space:]]*=[[:space:]]*(\{.*version[[:space:]]*=[[:space:]]*)?"=([0-9]+\.[0-9]+\.[0-9]+)".*/\2/p' "$manifest" | sort -u)
  [[ -n $found ]] || die "no line like v8 = \"=1.2.3\" in $manifest, so the version of V8 is not known"
  [[ $found != *$'\n'* ]] || die "$manifest names more than one version of crate v8:" "${found//$'\n'/, }"
  printf '%s\n' "$found"
}

build_target() {
  local host
  if [[ -n ${CARGO_BUILD_TARGET:-} ]]; then
    printf '%s\n' "$CARGO_BUILD_TARGET"
    return
  fi
  host=$(rustc -vV 2>/dev/null | sed -n 's/^host: //p') || true
  [[ -n $host ]] || die "\`rustc -vV\` does not say what machine it compiles for; is Rust installed?"
  printf '%s\n' "$host"
}

# Step 1. The crate runs its build script in a folder of its own, so the path is made absolute.
from_environment() {
  local archive=${RUSTY_V8_ARCHIVE:-}
  if [[ $archive == http:* || $archive == https:* ]]; then
    say "using RUSTY_V8_ARCHIVE, an address which the crate fetches itself: $archive"
    choose "$archive"
  elif [[ -n $archive ]]; then
    [[ -e $archive ]] || die "RUSTY_V8_ARCHIVE names $archive, which does not exist; correct it or unset it"
    say "using RUSTY_V8_ARCHIVE, as you set it: $archive"
    choose "$(realpath -s -- "$archive")"
  elif [[ -n ${RUSTY_V8_MIRROR:-} ]]; then
    say "RUSTY_V8_MIRROR is set: leaving it to the crate to fetch its archive from there"
    choose ''
  fi
}

# Step 2
from_cache() {
  if [[ ! -e $archive ]]; then
    say "the user's cache has no archive ($archive)"
  elif [[ ! -f $archive.sha256 ]]; then
    say "removing $archive: there is no digest beside it, so it can't be checked"
    rm -f -- "$archive"
  elif [[ $(digest_of "$archive") != "$(cut -d ' ' -f 1 "$archive.sha256")" ]]; then
    say "removing $archive: it is damaged (its digest is not the one in $name.sha256)"
    rm -f -- "$archive" "$archive.sha256"
  else
    say "using the archive in the user's cache; its digest is right"
    choose "$archive"
  fi
}

# Step 3
from_shared() {
  local shared
  shared=$(dirname -- "$root")/shared/v8/$name
  if [[ ! -f $shared ]]; then
    say "there is no archive beside the checkout ($shared)"
  elif [[ $version != "$SHARED_VERSION" || $target != "$SHARED_TARGET" ]]; then
    say "not using $shared: it is of $SHARED_VERSION for $SHARED_TARGET, needed is $version for $target"
  elif [[ $(digest_of "$shared") != "$SHARED_DIGEST" ]]; then
    say "not using $shared: it is damaged or another (its digest is not the known one)"
  else
    say "using the archive beside the checkout; its digest is the known one"
    choose "$shared"
  fi
}

# One download or build at a time; who waited finds the result in the cache.
lock() {
  mkdir -p -- "$cache"
  exec 9>"$cache/lock"
  if ! flock -n 9; then
    say "another run downloads or builds the archive; waiting for it"
    flock 9
    [[ $from_source == yes ]] || from_cache
  fi
}

# Puts a library into the cache. The digest first: an archive without one is not trusted.
store() {
  local half=$archive.$$.part
  gzip -n -6 <"$1" >"$half"
  printf '%s  %s\n' "$(digest_of "$half")" "$name" >"$archive.sha256"
  mv -f -- "$half" "$archive"
}

why_not_downloaded() {
  local log=$1
  if [[ $2 == 124 || $2 == 137 ]]; then
    printf 'not finished after %s seconds\n' "$DOWNLOAD_SECONDS"
    return
  fi
  # What the network said, else what cargo said.
  grep -oE 'urlopen error .*[^>]|HTTP Error .*' "$log" | tail -n 1 | grep . && return
  grep -m 1 -E '^error' "$log" || tail -n 1 "$log"
}

# Runs a command and, when this script is stopped, stops it too. (Bash would leave it running,
# and `timeout` takes what it runs out of reach of Ctrl-C.)
attend() {
  local job status=0
  "$@" 9>&- </dev/null &
  job=$!
  trap 'kill "$job" 2>/dev/null; wait "$job" || true; exit 130' INT TERM HUP
  wait "$job" || status=$?
  trap - INT TERM HUP
  return "$status"
}

# shellcheck disable=SC2317  # `attend` calls it
run_build_script() {
  cd "$1"
  unset RUSTY_V8_ARCHIVE RUSTY_V8_SKIP_DOWNLOAD V8_FROM_SOURCE V8_FORCE_DEBUG DOCS_RS DENO_TRYBUILD CARGO_BUILD_BUILD_DIR
  export CARGO_TARGET_DIR=$1/target
  exec timeout -k 10 "$DOWNLOAD_SECONDS" cargo check
}

# Step 4. Checking a project that uses the crate runs the crate's build script, which downloads.
from_download() {
  local scratch=$cache/download status=0 library
  rm -rf -- "$scratch"
  mkdir -p "$scratch/src"
  printf '[package]\nname = "scratch"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\nv8 = "=%s"\n[workspace]\n' \
    "$version" >"$scratch/Cargo.toml"
  : >"$scratch/src/lib.rs"
  # The same versions of everything else, which cargo may have already.
  if [[ -f $root/Cargo.lock ]]; then cp -- "$root/Cargo.lock" "$scratch/"; fi
  say "trying the crate's own download (at most $DOWNLOAD_SECONDS seconds)"
  attend run_build_script "$scratch" >"$scratch/log" 2>&1 || status=$?
  library=$(find "$scratch/target" -path '*/gn_out/obj/librusty_v8.a' -print -quit 2>/dev/null) || true
  # An archive is whole as soon as it has this name, whatever cargo did afterwards.
  if [[ -n $library ]]; then
    store "$library"
    rm -rf -- "$scratch"
    say "using the crate's own download, kept in the user's cache"
    choose "$archive"
  fi
  say "the crate's own download did not work: $(why_not_downloaded "$scratch/log" "$status")"
  rm -rf -- "$scratch"
}

# Step 5
build() {
  [[ $target == "$SHARED_TARGET" ]] || die "no archive for $target, and a build from source works for $SHARED_TARGET only; set RUSTY_V8_ARCHIVE"
  say "building V8 from the source of crate v8 $version; this takes 20 to 60 minutes"
  attend python3 "$root/scripts/build_v8.py" --version "$version" --output "$archive" >&2 ||
    die "the build from source failed; the lines above say why"
  say "using the archive just built, kept in the user's cache"
  choose "$archive"
}

from_source=no
for option in "$@"; do
  case $option in
    --from-source) from_source=yes ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && die "unknown option: $option" ;;
  esac
done

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
[[ $from_source == yes ]] || from_environment
version=$(crate_version)
target=$(build_target)
[[ -n ${XDG_CACHE_HOME:-${HOME:-}} ]] || die "neither XDG_CACHE_HOME nor HOME is set, so there is no place for a cache"
cache=${XDG_CACHE_HOME:-$HOME/.cache}/jsv8/v8-$version
name=librusty_v8_release_$target.a.gz
archive=$cache/$name

if [[ $from_source == yes ]]; then
  say "--from-source: not looking for an archive elsewhere"
  lock
  build
fi
from_cache
from_shared
lock
from_download
build
