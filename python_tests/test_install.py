"""What can be installed, and what is said of an app that can't."""

import json
import re

import pytest

from hosts import call
from written_apps import GOOD_MODULE, assert_refused, properties, write_app

SMALL_HEAP = 32 << 20


@pytest.fixture
def install(engine, tmp_path):
    """Writes an app of the given modules and calls it; gives what the host says about it."""

    def run(modules, metadata=None, path="/x", **options):
        return call(engine, write_app(tmp_path, modules, metadata), "GET", path, **options)

    return run


def place(module, line):
    """How a message names a place: `module:line:column`, or in words."""
    return re.compile(rf"{re.escape(module)}\W+(?:line\s+)?{line}\W+(?:column\s+)?[1-9]\d*\b", re.IGNORECASE)


def test_app_that_is_fine(install):
    answer = install({"main.js": GOOD_MODULE})
    assert (answer.exit_code, answer.status, answer.body) == (0, 200, "fine"), answer


def test_missing_app_directory(engine, tmp_path):
    assert_refused(call(engine, tmp_path / "nowhere", "GET", "/x"), "nowhere")


def test_app_directory_without_metadata(engine, tmp_path):
    (tmp_path / "src").mkdir()
    assert_refused(call(engine, tmp_path, "GET", "/x"), "app.json")


def test_invalid_json_in_metadata(install):
    answer = install({"main.js": GOOD_MODULE}, '{\n  "endpoints": {\n    "/x": nonsense\n  }\n}\n')
    assert_refused(answer)
    assert re.search(r"\b3\b", answer.errors), answer.errors


def test_empty_metadata(install):
    assert_refused(install({"main.js": GOOD_MODULE}, " "))


def test_unknown_property_of_an_endpoint(install):
    answer = install({"main.js": GOOD_MODULE}, {"endpoints": {"/x": {"get": properties(foo=1)}}})
    assert_refused(answer, 'metadata.endpoints["/x"]["get"].foo')


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"mode": "sometimes"}, "mode"),
        ({"mode": 1}, "mode"),
        ({"forwarding_required": "perhaps"}, "forwarding_required"),
        ({"authn_policies": "jwt"}, "authn_policies"),
        ({"authn_policies": [1]}, "authn_policies[0]"),
        ({"authn_policies": [{"allOf": ["jwt"]}]}, "authn_policies[0].allOf"),
        ({"js_function": 1}, "js_function"),
        ({"openapi_hidden": "yes"}, "openapi_hidden"),
        ({"interpreter_reuse": {"name": "x"}}, "interpreter_reuse.name"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_property_of_a_wrong_shape(install, changes, path):
    answer = install({"main.js": GOOD_MODULE}, {"endpoints": {"/x": {"get": properties(**changes)}}})
    assert_refused(answer, f'metadata.endpoints["/x"]["get"].{path}')


@pytest.mark.parametrize("name", ["js_module", "js_function", "authn_policies"])
def test_property_that_is_missing(install, name):
    answer = install({"main.js": GOOD_MODULE}, {"endpoints": {"/x": {"get": properties(**{name: None})}}})
    assert_refused(answer, f'metadata.endpoints["/x"]["get"].{name}')


def test_content_of_openapi_is_not_looked_at(install):
    openapi = {"responses": {"200": {"anything": [1]}}}
    answer = install({"main.js": GOOD_MODULE}, {"endpoints": {"/x": {"get": properties(openapi=openapi)}}})
    assert answer.status == 200


def test_two_templates_for_one_path(install):
    endpoints = {"/x/{a}": {"get": properties()}, "/{b}/y": {"get": properties()}}
    assert_refused(install({"main.js": GOOD_MODULE}, {"endpoints": endpoints}), "/x/{a}", "/{b}/y")


def test_template_that_is_not_closed(install):
    answer = install({"main.js": GOOD_MODULE}, {"endpoints": {"/x/{a": {"get": properties()}}})
    assert_refused(answer, "Invalid templated path - missing closing curly bracket: /x/{a")


# Endpoints


def endpoints(path="/x", method="get", **changes):
    return {"endpoints": {path: {method: properties(**changes)}}}


WRITING_MODULE = """export function handler() {
  ccf.kv.table.set(new ArrayBuffer(1), new ArrayBuffer(1));
  return { body: "written" };
}
"""


def test_endpoint_without_mode_may_write(install):
    assert install({"main.js": WRITING_MODULE}, endpoints(mode=None)).body == "written"


@pytest.mark.parametrize("strategy", [None, "none", "to_primary", "to_backup"])
def test_redirection_strategy(install, strategy):
    assert install({"main.js": GOOD_MODULE}, endpoints(redirection_strategy=strategy)).body == "fine"


def test_redirection_strategy_that_does_not_exist(install):
    answer = install({"main.js": GOOD_MODULE}, endpoints(redirection_strategy="elsewhere"))
    assert_refused(answer, 'metadata.endpoints["/x"]["get"].redirection_strategy')


def test_openapi_is_an_object(install):
    answer = install({"main.js": GOOD_MODULE}, endpoints(openapi="text"))
    assert_refused(answer, 'metadata.endpoints["/x"]["get"].openapi')


@pytest.mark.parametrize("method", ["get", "GET", "Get"])
def test_method_in_any_case(install, method):
    assert install({"main.js": GOOD_MODULE}, endpoints(method=method)).body == "fine"


@pytest.mark.parametrize("method", ["", "ge t", "1", "ü"])
def test_method_that_is_none(install, method):
    answer = install({"main.js": GOOD_MODULE}, endpoints(method=method))
    assert_refused(answer, f'metadata.endpoints["/x"]["{method}"]')


@pytest.mark.parametrize("path", ["x", "/x"])
def test_leading_slash_of_a_path_may_be_left_out(install, path):
    assert install({"main.js": GOOD_MODULE}, endpoints(path)).body == "fine"


@pytest.mark.parametrize(
    "twice",
    [
        {"/x": {"get": properties(), "GET": properties()}},
        {"/x": {"get": properties()}, "x": {"get": properties()}},
    ],
    ids=["method", "path"],
)
def test_endpoint_that_is_described_twice(install, twice):
    assert_refused(install({"main.js": GOOD_MODULE}, {"endpoints": twice}), "GET /x is described twice")


def test_templates_of_different_methods_do_not_clash(install):
    metadata = {"endpoints": {"/{a}": {"get": properties()}, "/{b}": {"put": properties()}}}
    assert install({"main.js": GOOD_MODULE}, metadata).body == "fine"


def test_module_that_is_given_twice(engine, tmp_path):
    modules = [{"name": name, "module": GOOD_MODULE} for name in ("main.js", "/main.js")]
    packed = tmp_path / "bundle.json"
    packed.write_text(json.dumps({"metadata": endpoints(), "modules": modules}))
    assert_refused(call(engine, packed, "GET", "/x"), "modules[1].name")


@pytest.mark.parametrize("value", [True, False])
def test_flag_beside_a_packed_app(engine, tmp_path, value):
    modules = [{"name": "main.js", "module": GOOD_MODULE}]
    packed = tmp_path / "bundle.json"
    packed.write_text(json.dumps({"metadata": endpoints(), "modules": modules, "disable_bytecode_cache": value}))
    assert call(engine, packed, "GET", "/x").body == "fine"


def test_files_that_nobody_imports_may_be_anything(install):
    files = {"notes.txt": "no program {", "data.json": "[1, 2", "lib/main.js.map": "{}"}
    assert install({"main.js": GOOD_MODULE, **files}).body == "fine"


# Modules that are missing or broken


def test_missing_module(install):
    assert_refused(install({"other.js": GOOD_MODULE}), "Module 'main.js' could not be loaded")


def test_syntax_error(install):
    answer = install({"main.js": "export function handler() {\n  return {};\n}\nlet a = = 1;\n"})
    assert_refused(answer, "Failed to compile module 'main.js': ")
    assert place("main.js", 4).search(answer.errors), answer.errors


def test_syntax_error_in_an_imported_module(install):
    main = 'import "./lib/broken.js";\n' + GOOD_MODULE
    answer = install({"main.js": main, "lib/broken.js": "\nconst a;\n"})
    assert_refused(answer, "lib/broken.js")
    assert place("lib/broken.js", 2).search(answer.errors), answer.errors


def test_syntax_error_in_a_module_that_nobody_imports(install):
    answer = install({"main.js": GOOD_MODULE, "unused.js": "this is no program"})
    assert (answer.exit_code, answer.body) == (0, "fine"), answer


@pytest.mark.parametrize("specifier", ["./missing.js", "missing.js", "/missing.js"])
def test_import_of_a_missing_module(install, specifier):
    answer = install({"main.js": f'import "{specifier}";\n{GOOD_MODULE}'})
    assert_refused(answer, "Failed to resolve dependencies for module 'main.js': ", "missing.js")


def test_import_of_a_missing_name(install):
    main = 'import { absent } from "./lib.js";\nexport const handler = () => absent;\n'
    answer = install({"main.js": main, "lib.js": "export const present = 1;\n"})
    assert_refused(answer, "absent")


def test_missing_export(install):
    answer = install({"main.js": "export const other = 1;\n"})
    assert_refused(answer, "Failed to find export 'handler' in module 'main.js'")


@pytest.mark.parametrize("value", ["1", "'text'", "{}", "undefined", "null"])
def test_export_that_is_no_function(install, value):
    answer = install({"main.js": f"export const handler = {value};\n"})
    assert_refused(answer, "Export 'handler' of module 'main.js' is not a function")


def test_top_level_that_throws(install):
    answer = install({"main.js": GOOD_MODULE + 'throw new Error("at top level");\n'})
    assert_refused(answer, "Failed to execute main.js: ", "at top level")


def test_top_level_that_does_not_end(install):
    assert_refused(install({"main.js": GOOD_MODULE + "for (;;) {}\n"}, max_execution_time_ms=500), "main.js")


def test_top_level_that_eats_memory(install):
    source = GOOD_MODULE + "const all = [];\nfor (;;) {\n  all.push([all.length]);\n}\n"
    assert_refused(install({"main.js": source}, max_heap_bytes=SMALL_HEAP), "main.js")


def test_module_that_is_not_utf8(engine, tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "app.json").write_text(json.dumps({"endpoints": {"/x": {"get": properties()}}}))
    (tmp_path / "src/main.js").write_bytes(b"// \xff\n" + GOOD_MODULE.encode())
    answer = call(engine, tmp_path, "GET", "/x")
    assert answer.exit_code >= 0, answer


# Modules


@pytest.mark.parametrize("specifier", ["./lib/a.js", "lib/a.js", "/lib/a.js", "./x/../lib/./a.js"])
def test_specifiers(install, specifier):
    main = f'import {{ a }} from "{specifier}";\nexport const handler = () => ({{ body: a }});\n'
    assert install({"main.js": main, "lib/a.js": "export const a = 'from a';\n"}).body == "from a"


@pytest.mark.parametrize("specifier", ["./lib/a", "./lib", "lib/index", "./lib/a.js?x", "./LIB/a.js"])
def test_specifier_is_not_completed(install, specifier):
    modules = {"lib/a.js": "export const a = 1;\n", "lib/index.js": "export const a = 1;\n"}
    answer = install({"main.js": f'import "{specifier}";\n{GOOD_MODULE}', **modules})
    assert_refused(answer, "Failed to resolve dependencies for module 'main.js': ")


def test_relative_specifier_starts_at_the_importer(install):
    main = 'import { b } from "./lib/a.js";\nexport const handler = () => ({ body: b });\n'
    modules = {"main.js": main, "lib/a.js": 'export { b } from "./b.js";\n', "lib/b.js": "export const b = 'lib';\n"}
    assert install({**modules, "b.js": "export const b = 'root';\n"}).body == "lib"


def test_bare_specifier_starts_at_the_root(install):
    main = 'import { b } from "./lib/a.js";\nexport const handler = () => ({ body: b });\n'
    modules = {"main.js": main, "lib/a.js": 'export { b } from "b.js";\n', "lib/b.js": "export const b = 'lib';\n"}
    assert install({**modules, "b.js": "export const b = 'root';\n"}).body == "root"


def test_names_of_one_module_give_one_instance(install):
    main = (
        'import * as a from "a.js";\nimport * as b from "/a.js";\nimport * as c from "./a.js";\n'
        "export const handler = () => ({ body: [a.made === b.made, b.made === c.made] });\n"
    )
    assert json.loads(install({"main.js": main, "a.js": "export const made = {};\n"}).body) == [True, True]


def test_cyclic_imports(install):
    main = 'import { a } from "a.js";\nexport const handler = () => ({ body: a() });\n'
    modules = {
        "main.js": main,
        "a.js": 'import { b } from "b.js";\nexport const name = "a";\nexport const a = () => b();\n',
        "b.js": 'import { name } from "a.js";\nexport const b = () => `b of ${name}`;\n',
    }
    assert install(modules).body == "b of a"


def test_classes_are_the_same_through_two_chains(install):
    main = (
        'import { Thing } from "./thing.js";\nimport { make } from "./make.js";\n'
        "export async function handler() {\n"
        '  const { Thing: again } = await import("./thing.js");\n'
        "  return { statusCode: 201, body: [make() instanceof Thing, again === Thing] };\n}\n"
    )
    modules = {
        "main.js": main,
        "thing.js": "export class Thing {}\n",
        "make.js": 'import { Thing } from "thing.js";\nexport const make = () => new Thing();\n',
    }
    answer = install(modules)
    assert (answer.status, json.loads(answer.body)) == (201, [True, True])


def test_modules_are_strict(install):
    main = "export function handler() {\n  return { body: this === undefined && (() => typeof this)() };\n}\n"
    assert install({"main.js": main}).body == "undefined"


def test_assignment_to_an_undeclared_variable(install):
    main = "export const handler = () => {\n  try { undeclared = 1; } catch { return { body: 'strict' }; }\n};\n"
    assert install({"main.js": main}).body == "strict"


def test_default_export(install):
    metadata = {"endpoints": {"/x": {"get": properties(js_function="default")}}}
    assert install({"main.js": "export default () => ({ body: 'default' });\n"}, metadata).body == "default"


def test_top_level_await(install):
    main = "const value = await Promise.resolve('awaited');\nexport const handler = () => ({ body: value });\n"
    assert install({"main.js": main}).body == "awaited"


def test_module_name_beyond_latin(install):
    metadata = {"endpoints": {"/x": {"get": properties(js_module="ordner ü/häß.js")}}}
    assert install({"ordner ü/häß.js": GOOD_MODULE}, metadata).body == "fine"
