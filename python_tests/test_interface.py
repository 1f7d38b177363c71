"""The libraries as files: what they export, what they need, how they are mapped."""

import re
import subprocess

import pytest

from hosts import QUICKJS, REPOSITORY, V8

SYSTEM_LIBRARIES = {"libc.so.6", "libm.so.6", "libgcc_s.so.1", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}


@pytest.fixture(params=[V8, QUICKJS], ids=["jsv8", "jsquickjs"])
def library(request):
    assert request.param.exists(), f"{request.param} is missing"
    return request.param


def output_of(*command) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def declared_functions() -> set[str]:
    header = (REPOSITORY / "include/jsep.h").read_text()
    code = re.sub(r"//.*", "", header)
    return set(re.findall(r"\b(jsep_\w+)\(", code))


def dynamic_entries(library, tag: str) -> list[str]:
    return re.findall(rf"\({tag}\)\s+(.*)", output_of("readelf", "--wide", "--dynamic", str(library)))


def test_header_declares_functions():
    assert {
        "jsep_abi_version",
        "jsep_engine_new",
        "jsep_endpoint_execute",
        "jsep_response_free",
    } <= declared_functions()


def test_exports_are_exactly_the_functions_of_the_header(library):
    lines = output_of("nm", "--dynamic", "--defined-only", str(library)).splitlines()
    # Names of symbol versions are listed as absolute symbols.
    exported = {line.split()[-1].partition("@")[0] for line in lines if line.split()[-2] != "A"}
    assert exported == declared_functions()


def test_exports_are_functions(library):
    lines = output_of("nm", "--dynamic", "--defined-only", str(library)).splitlines()
    assert {line.split()[-2] for line in lines} <= {"T", "A"}


def test_soname(library):
    assert dynamic_entries(library, "SONAME") == [f"Library soname: [{library.name}.1]"]


def test_thread_local_storage_is_dynamic(library):
    assert "STATIC_TLS" not in " ".join(dynamic_entries(library, "FLAGS"))


def test_needs_system_libraries_only(library):
    needed = {entry.split("[")[1].rstrip("]") for entry in dynamic_entries(library, "NEEDED")}
    assert needed
    assert needed <= SYSTEM_LIBRARIES


def test_no_search_path(library):
    assert dynamic_entries(library, "RPATH") + dynamic_entries(library, "RUNPATH") == []


def test_no_text_relocations(library):
    assert dynamic_entries(library, "TEXTREL") == []


def test_no_segment_is_writable_and_executable(library):
    headers = output_of("readelf", "--wide", "--program-headers", str(library)).splitlines()
    rights = [line.split("0x")[-2].split(maxsplit=1)[1] for line in headers if re.match(r"\s+LOAD\s", line)]
    assert rights
    assert [right for right in rights if "W" in right and "E" in right] == []


def test_stack_is_not_executable(library):
    headers = output_of("readelf", "--wide", "--program-headers", str(library)).splitlines()
    stacks = [line for line in headers if re.match(r"\s+GNU_STACK\s", line)]
    assert len(stacks) == 1
    assert "RWE" not in stacks[0]


def test_rest_is_read_only_after_relocation(library):
    headers = output_of("readelf", "--wide", "--program-headers", str(library))
    assert "GNU_RELRO" in headers
