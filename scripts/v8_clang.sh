#!/bin/sh
# Stands in for clang and clang++ while build_v8.py builds V8; not for other use. It drops flags
# that Debian's clang does not know, adds a precompiled header when the object's folder has one,
# and compiles without it when it does not fit. A shell script, because it is started 2,000 times
# and a Python one would take longer to start than some of the files take to compile.
#
# It is copied to WORK/clang/bin; the real programs are in WORK/clang/llvm/bin, the precompiled
# header for obj/x/y.o is WORK/pch/obj/x.pch, and flags for that folder are in WORK/pch/obj/x.flags.
set -eu
clang=${0%/bin/*}
real=$clang/llvm/bin/${0##*/}
pch_dir=${clang%/*}/pch

count=$#
out=
previous=
for arg do
  case $arg in
    -fdiagnostics-show-inlining-chain | -fno-lifetime-dse) ;;
    -fsanitize-ignore-for-ubsan-feature=*) ;;
    *) set -- "$@" "$arg" ;;
  esac
  [ "$previous" != -o ] || out=$arg
  previous=$arg
done
shift "$count"

folder=$pch_dir/${out%/*}
case $out in
  *.o) [ -e "$folder.flags" ] || exec "$real" "$@" -w ;;
  *) exec "$real" "$@" -w ;;
esac

# Each word in the file is a flag of its own.
# shellcheck disable=SC2046
set -- "$@" $(cat "$folder.flags")

with_pch() {
  count=$#
  for arg do
    case $arg in
      # Clang looks for a module of that name and then ignores the precompiled header.
      -fmodule-name=*) ;;
      *) set -- "$@" "$arg" ;;
    esac
  done
  shift "$count"
  "$real" "$@" -w -include-pch "$folder.pch" 2>/dev/null
}

if [ -e "$folder.pch" ]; then
  if with_pch "$@"; then exit 0; fi
  echo "$out" >>"$pch_dir/fallbacks"
fi
exec "$real" "$@" -w
