#!/bin/sh
# Installs the header, the libraries that were built, their pkg-config and CMake files, and the host program.
#
#   install.sh PREFIX BUILD_DIR
#
# DESTDIR is put before all paths, as packagers need it. LIBDIR is the library directory below PREFIX (default: lib).
set -eu

fail() {
    echo "install.sh: $*" >&2
    exit 1
}

[ $# -eq 2 ] || fail "usage: install.sh PREFIX BUILD_DIR"
prefix=$1
build=$2
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$here/..
libdir=${LIBDIR:-lib}
case $prefix in
    /*) ;;
    *) fail "PREFIX must be an absolute path, but is $prefix" ;;
esac
[ -d "$build" ] || fail "there is no build directory $build"

version=$(sed -n '/^\[\(workspace\.\)\{0,1\}package\]/,/^\[[^p]/s/^version *= *"\(.*\)"/\1/p' "$root/Cargo.toml" | head -n 1)
[ -n "$version" ] || fail "there is no version in Cargo.toml"

to=${DESTDIR:-}$prefix
lib=$to/$libdir
cmake=$lib/cmake/Jsep
mkdir -p "$to/include" "$lib/pkgconfig" "$cmake" "$to/bin"

# Fills the placeholders of a template; values hold no character that is special to sed.
fill() {
    sed -e "s|@PREFIX@|$prefix|g" -e "s|@LIBDIR@|$prefix/$libdir|g" -e "s|@VERSION@|$version|g" \
        -e "s|@NAME@|${name:-}|g" -e "s|@DESCRIPTION@|${description:-}|g" -e "s|@LIBDIR_TO_PREFIX@|$upwards|g" "$1"
}

# The way from the library directory back to the prefix: one step up for each part of its name.
upwards=$(echo "$libdir" | sed -e 's|[^/][^/]*|..|g')

install -m 644 "$root/include/jsep.h" "$to/include/jsep.h"

found=
install_library() {
    name=$1
    description=$2
    [ -e "$build/lib$name.so" ] || return 0
    found="$found $name"
    install -m 755 "$build/lib$name.so" "$lib/lib$name.so.1"
    ln -sf "lib$name.so.1" "$lib/lib$name.so"
    fill "$here/jsep.pc.in" >"$lib/pkgconfig/$name.pc"
    chmod 644 "$lib/pkgconfig/$name.pc"
}
install_library jsv8 "JavaScript endpoints for a C or C++ host, on V8"
install_library jsquickjs "JavaScript endpoints for a C or C++ host, on QuickJS"
[ -n "$found" ] || fail "there is no library in $build"

for file in JsepConfig.cmake JsepConfigVersion.cmake; do
    fill "$here/$file.in" >"$cmake/$file"
    chmod 644 "$cmake/$file"
done
if [ -e "$build/jsep-host" ]; then
    install -m 755 "$build/jsep-host" "$to/bin/jsep-host"
fi
echo "installed version $version of$found in $to"
