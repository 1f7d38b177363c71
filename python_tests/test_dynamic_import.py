"""Modules that are imported while a request runs."""

import pytest

from hosts import call
from written_apps import assert_refused, write_app

LIBRARY = "export const made = {};\nexport const name = 'library';\n"


@pytest.fixture
def run(engine, tmp_path):
    """Runs a handler of the given code; its module may have more before it, and others beside it."""

    def run(code, before="", **modules):
        source = f"{before}\nexport async function handler() {{\n{code}\n}}\n"
        return call(engine, write_app(tmp_path, {"main.js": source, "lib/library.js": LIBRARY, **modules}), "GET", "/x")

    return run


@pytest.mark.parametrize(
    "specifier", ["./lib/library.js", "lib/library.js", "/lib/library.js", "./lib/../lib/library.js"]
)
def test_specifiers(run, specifier):
    assert run(f'return {{ body: (await import("{specifier}")).name }};').body == "library"


def test_specifier_may_be_computed(run):
    assert run('return { body: (await import(["lib", "library.js"].join("/"))).name };').body == "library"


def test_relative_specifier_starts_at_the_importer(run):
    modules = {"lib/load.js": 'export const load = () => import("./library.js");\n'}
    before = 'import { load } from "./lib/load.js";'
    assert run("return { body: (await load()).name };", before, **modules).body == "library"


def test_module_is_the_one_of_static_imports(run):
    before = 'import * as library from "lib/library.js";'
    code = 'const again = await import("/lib/library.js");\nreturn { body: String(again.made === library.made) };'
    assert run(code, before).body == "true"


def test_module_runs_once_in_a_request(run):
    modules = {"count.js": "globalThis.count = (globalThis.count ?? 0) + 1;\n"}
    code = 'await import("count.js");\nawait import("./count.js");\nreturn { body: String(globalThis.count) };'
    assert run(code, **modules).body == "1"


def test_modules_that_import_each_other(run):
    modules = {
        "a.js": 'import { b } from "b.js";\nexport const name = "a";\nexport const a = () => b();\n',
        "b.js": 'import { name } from "a.js";\nexport const b = () => `b of ${name}`;\n',
    }
    assert run('return { body: (await import("a.js")).a() };', **modules).body == "b of a"


def test_module_that_awaits_at_its_top_level(run):
    modules = {"slow.js": 'export const { name } = await import("./lib/library.js");\n'}
    assert run('return { body: (await import("slow.js")).name };', **modules).body == "library"


def test_import_at_the_top_level(run):
    assert run("return { body: name };", 'const { name } = await import("./lib/library.js");').body == "library"


def test_import_in_code_made_of_text(run):
    assert run("return { body: (await eval('import(\"lib/library.js\")')).name };").body == "library"


# Failures


def outcome(specifier):
    """Code that says how an import ends."""
    return f'return {{ body: await import("{specifier}").then(() => "loaded", (error) => error.constructor.name) }};'


def assert_rejected(answer):
    """The import has ended with an error, and the request well."""
    assert answer.status == 200, answer
    assert answer.body in ("TypeError", "ReferenceError")


@pytest.mark.parametrize("specifier", ["./missing.js", "missing.js", "lib", "./lib/library", "../main.txt", ""])
def test_missing_module_is_a_rejection(run, specifier):
    assert_rejected(run(outcome(specifier)))


def test_import_that_a_module_lacks_is_a_rejection(run):
    assert_rejected(run(outcome("lost.js"), **{"lost.js": 'import "./missing.js";\n'}))


def test_name_that_a_module_lacks_is_a_syntax_error(run):
    lost = 'import { absent } from "./lib/library.js";\n'
    assert run(outcome("lost.js"), **{"lost.js": lost}).body == "SyntaxError"


def test_syntax_error_is_a_rejection(run):
    assert run(outcome("broken.js"), **{"broken.js": "this is no program"}).body == "SyntaxError"


def test_exception_at_the_top_level_is_a_rejection(run):
    assert run(outcome("throws.js"), **{"throws.js": "throw new RangeError('no');\n"}).body == "RangeError"


def test_failure_stays_in_the_request(run):
    modules = {"throws.js": "throw new RangeError('no');\n"}
    code = (
        'const ends = await Promise.allSettled([import("throws.js"), import("throws.js"), import("lib/library.js")]);\n'
        "return { body: [ends.map(({ status }) => status), ends[0].reason === ends[1].reason] };"
    )
    assert run(code, **modules).body == '[["rejected","rejected","fulfilled"],true]'


def test_import_that_nobody_waits_for(run):
    assert run('import("missing.js");\nreturn { body: "done" };').body == "done"


def test_rejection_at_the_top_level_refuses_the_app(run):
    assert_refused(run("return {};", 'await import("missing.js");'), "main.js", "missing.js")
