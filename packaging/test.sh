#!/bin/sh
# Installs to a temporary directory, and builds and runs a program with each library, once by pkg-config and once by CMake.
#
#   test.sh [BUILD_DIR]
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
build=${1:-$here/../build}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

check_installed() {
    echo "== $1, pkg-config"
    # Flags are words.
    # shellcheck disable=SC2046
    ${CC:-cc} -std=c11 -Wall -Wextra -Werror "$here/consumer/consumer.c" -o "$work/consumer-$1" \
        $(PKG_CONFIG_PATH="$2/lib/pkgconfig" pkg-config --cflags --libs "$1")
    readelf -d "$work/consumer-$1" | grep -q "\[lib$1.so.1\]"
    LD_LIBRARY_PATH="$2/lib" "$work/consumer-$1"

    echo "== $1, CMake"
    cmake -S "$here/consumer" -B "$work/cmake-$1" -DCMAKE_PREFIX_PATH="$2" -DCOMPONENT="$1" >/dev/null
    cmake --build "$work/cmake-$1" >/dev/null
    "$work/cmake-$1/consumer"
}

prefix=$work/prefix
"$here/install.sh" "$prefix" "$build"
for library in jsv8 jsquickjs; do
    if [ -e "$build/lib$library.so" ]; then
        check_installed "$library" "$prefix"
    else
        echo "== $library is not built"
    fi
done

echo "== staged installation"
DESTDIR=$work/stage "$here/install.sh" /opt/jsep "$build"
[ -e "$work/stage/opt/jsep/include/jsep.h" ]
if grep -rlI "$work" "$work/stage"; then
    echo "test.sh: the files above name the staging directory" >&2
    exit 1
fi

echo "== a component that is not there"
if cmake -S "$here/consumer" -B "$work/cmake-none" -DCMAKE_PREFIX_PATH="$prefix" -DCOMPONENT=none >"$work/none.log" 2>&1; then
    echo "test.sh: CMake found a component that does not exist" >&2
    exit 1
fi
grep -q "without its component none" "$work/none.log"
echo "all good"
