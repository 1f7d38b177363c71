"""`--seccomp`: a thread that executes requests makes no system calls but those that docs/system_calls.md lists."""

import re
import signal

import pytest

from hosts import REPOSITORY
from written_apps import properties, write_app

SOURCE = (REPOSITORY / "harness/confinement.cpp").read_text()
DOCUMENT = (REPOSITORY / "docs/system_calls.md").read_text()

STARTER = 'export const handler = () => { ccf.host.triggerSubprocess(["cat"], ccf.strToBuf("x")); return {}; };'
MANY = """
export function handler() {
  const kept = [];
  for (let number = 0; number < 2000; number++) kept.push(new Uint8Array(20_000), `${number}`.repeat(1000));
  const digest = ccf.crypto.digest("SHA-256", ccf.strToBuf("x".repeat(1_000_000)));
  ccf.kv.table.set(ccf.strToBuf("key"), digest);
  console.log(ccf.crypto.generateAesKey(256).byteLength, Math.random(), Date.now());
  ccf.crypto.generateEcdsaKeyPair("secp256r1");
  return { body: kept.length };
}
"""


WRITES = {"endpoints": {"/x": {"get": properties(mode="readwrite")}}}


def table(heading):
    """The first column of the table below a heading of the document."""
    part = DOCUMENT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return {name for row in re.findall(r"^\| (`.*?) \|", part, re.M) for name in re.findall(r"`(\w+)`", row)}


def in_source(name):
    part = SOURCE.partition(f"{name}[] = {{")[2].partition("}")[0]
    return set(re.findall(r"SCMP_SYS\((\w+)\)", part))


def test_lists_of_the_document_are_those_of_the_host():
    assert in_source("LIBRARY_CALLS") | {"mmap", "mprotect", "prctl"} == table("What the libraries call")
    assert in_source("HOST_CALLS") | {"write"} == table("What the host calls")


def test_confined_request_that_uses_much_is_served(call_app, tmp_path):
    app = write_app(tmp_path / "app", {"main.js": MANY}, WRITES)
    answer = call_app(app, "GET", "/x", "--seccomp")
    assert (answer.status, answer.body) == (200, "4000"), answer.errors


def test_other_system_call_ends_the_host_and_is_named(call_app, tmp_path):
    app = write_app(tmp_path / "app", {"main.js": STARTER}, WRITES)
    answer = call_app(app, "GET", "/x", "--seccomp", "--allow-subprocesses", subprocesses="on")
    assert answer.exit_code == -signal.SIGSYS
    assert re.search(r"^jsep-host: a confined thread must not make the system call \w+$", answer.errors, re.M)


@pytest.mark.parametrize("threads", [1, 4])
def test_confined_host_serves(serve_alone, threads):
    app = serve_alone("kv", "--seccomp", "--threads", str(threads))
    for number in range(20):
        app.put("/entry/key", data=f"value {number}").raise_for_status()
        assert app.get("/entry/key").text == f"value {number}"
