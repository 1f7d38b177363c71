#!/usr/bin/env bash
# Installs the Debian packages that are missing, after saying so: those for building and running, and with the argument
# `tests` those for the tests and benches too, with `peers` those for the comparison with other servers as well.
set -euo pipefail

packages=(
  build-essential cmake binutils            # C and C++; OpenSSL for the libraries is built from its source
  libcli11-dev nlohmann-json3-dev libseccomp-dev libssl-dev libsqlite3-dev libedit-dev   # what jsep-host is made of
  python3                                   # the comparison of `make run`
)
if [ "${1-}" = tests ] || [ "${1-}" = peers ]; then
  packages+=(python3-venv clang-format pkg-config)
  packages+=(libjemalloc2 libtcmalloc-minimal4 libmimalloc2.0)   # allocators that a host may have
  # Node.js bundles the apps that come from npm. It often is there from elsewhere than Debian.
  if ! command -v node > /dev/null || ! command -v npm > /dev/null; then
    packages+=(nodejs npm)
  fi
fi

if [ "${1-}" = peers ]; then
  packages+=(wrk)                           # sends the requests of `make bench-peers`
fi

if ! command -v cargo > /dev/null; then
  echo "install_packages: cargo is missing; install Rust first (the toolchain is not a Debian package of a fitting version)" >&2
  exit 1
fi

missing=()
for package in "${packages[@]}"; do
  if ! dpkg-query -W -f='${Status}' "$package" 2> /dev/null | grep -q 'install ok installed'; then
    missing+=("$package")
  fi
done
if [ ${#missing[@]} -eq 0 ]; then
  exit 0
fi

echo "== installing system packages: ${missing[*]}"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo > /dev/null; then
    echo "install_packages: run this as root: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
log="$(mktemp)"
if ! { "${as_root[@]}" apt-get update -qq && DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq \
  -o DPkg::Lock::Timeout=600 --no-install-recommends "${missing[@]}"; } > "$log" 2>&1; then
  cat "$log" >&2
  echo "install_packages: apt-get could not install: ${missing[*]}" >&2
  exit 1
fi
rm -f "$log"
