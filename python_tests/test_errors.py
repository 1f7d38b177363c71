"""What goes wrong, from a broken app to an endless loop: a clear answer each time, and a host that lives on."""

import ctypes.util
import json
import re
from pathlib import Path

import pytest

from hosts import TEST_APPS, call, run_host

SMALL_HEAP = 32 << 20
THROWN = "Exception thrown while executing."
TIMED_OUT = "Operation took too long to complete."
GOOD_MODULE = "export function handler() {\n  return { body: 'fine' };\n}\n"


# Apps that can't be installed


def properties(**changes):
    return {
        "js_module": "main.js",
        "js_function": "handler",
        "mode": "readonly",
        "forwarding_required": "never",
        "authn_policies": [],
        **changes,
    }


@pytest.fixture
def install(engine, tmp_path):
    """Writes an app of the given modules and calls it; gives what the host says about it."""

    def run(modules, metadata=None, **options):
        metadata = metadata or {"endpoints": {"/x": {"get": properties()}}}
        (tmp_path / "src").mkdir()
        text = metadata if isinstance(metadata, str) else json.dumps(metadata)
        (tmp_path / "app.json").write_text(text)
        for name, source in modules.items():
            path = tmp_path / "src" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source)
        return call(engine, tmp_path, "GET", "/x", **options)

    return run


def assert_refused(answer, *parts):
    assert answer.exit_code > 0, f"the host must fail, and not by a signal: {answer}"
    assert [part for part in parts if part not in answer.errors] == [], answer.errors
    assert "panick" not in answer.errors


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
    incomplete = properties()
    del incomplete[name]
    answer = install({"main.js": GOOD_MODULE}, {"endpoints": {"/x": {"get": incomplete}}})
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


# Modules that can be installed


@pytest.mark.parametrize("specifier", ["./lib/a.js", "lib/a.js", "/lib/a.js", "./x/../lib/./a.js"])
def test_specifiers(install, specifier):
    main = f'import {{ a }} from "{specifier}";\nexport const handler = () => ({{ body: a }});\n'
    assert install({"main.js": main, "lib/a.js": "export const a = 'from a';\n"}).body == "from a"


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


# Libraries and options


def test_library_that_does_not_exist(tmp_path):
    answer = run_host(
        "call", "--plugin", str(tmp_path / "missing.so"), "--app", str(TEST_APPS / "errors"), "GET", "/fine"
    )
    assert_refused(answer, "missing.so")


def test_library_that_is_no_plugin():
    library = ctypes.util.find_library("m")
    answer = run_host("call", "--plugin", library, "--app", str(TEST_APPS / "errors"), "GET", "/fine")
    assert_refused(answer, library)


def test_library_that_is_no_library(tmp_path):
    (tmp_path / "text.so").write_text("no library")
    answer = run_host("call", "--plugin", str(tmp_path / "text.so"), "--app", str(TEST_APPS / "errors"), "GET", "/fine")
    assert_refused(answer, "text.so")


def test_unknown_option_lists_the_known_ones(call_app):
    answer = call_app("errors", "GET", "/fine", no_such_option=1)
    assert_refused(answer, "no_such_option", "jit", "realm", "max_heap_bytes", "max_execution_time_ms")


@pytest.mark.parametrize(
    ("name", "value"),
    [("max_heap_bytes", "much"), ("max_heap_bytes", "-1"), ("jit", "maybe"), ("return_exception_details", "1")],
)
def test_option_with_a_bad_value(call_app, name, value):
    assert_refused(call_app("errors", "GET", "/fine", **{name: value}), name, value)


def test_program_without_arguments():
    assert run_host().exit_code > 0


def test_status_of_500_is_the_exit_code_of_call(call_app):
    answer = call_app("errors", "GET", "/case/error")
    assert answer.status == 500
    assert answer.exit_code > 0


def test_status_below_500_is_no_failure_of_call(call_app):
    answer = call_app("errors", "GET", "/no/such/path")
    assert (answer.status, answer.exit_code) == (404, 0)


# Requests that match nothing


@pytest.fixture
def app(serve):
    return serve("errors")


@pytest.mark.parametrize("prefix", ["", "/app"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_unknown_path(app, prefix, method):
    response = app.request(method, f"{prefix}/no/such%20path?query")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/json"
    assert response.json() == {"error": {"code": "ResourceNotFound", "message": "Unknown path: /no/such%20path."}}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_root_is_unknown(app, method):
    response = app.request(method, "/")
    assert response.status_code == 404
    assert response.json()["error"]["message"] == "Unknown path: /."


@pytest.mark.parametrize("prefix", ["", "/app"])
@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH"])
def test_method_that_the_path_lacks(app, prefix, method):
    response = app.request(method, f"{prefix}/fine")
    assert response.status_code == 405
    error = response.json()["error"]
    assert error["code"] == "UnsupportedHttpVerb"
    start = "Allowed methods for '/fine' are: OPTIONS, "
    assert error["message"].startswith(start)
    assert set(error["message"].removeprefix(start).rstrip(".").split(", ")) == {"GET", "POST"}
    assert response.headers["allow"].startswith("OPTIONS, ")
    assert set(response.headers["allow"].split(", ")) == {"OPTIONS", "GET", "POST"}


def test_options_of_a_known_path(app):
    response = app.request("OPTIONS", "/case/anything")
    assert response.status_code == 204
    assert response.content == b""
    assert response.headers["allow"] == "OPTIONS, GET"


def test_options_of_an_unknown_path(app):
    assert app.request("OPTIONS", "/no/such").status_code == 404


def test_head_of_an_unknown_path(app):
    response = app.request("HEAD", "/no/such")
    assert response.status_code == 404
    assert response.content == b""


def test_head_of_a_path_with_get(app):
    response = app.request("HEAD", "/fine")
    assert response.status_code == 200
    assert response.content == b""
    assert response.headers["content-type"] == "text/plain"


def test_head_of_a_path_without_get(app):
    assert app.request("HEAD", "/json").status_code == 405


# Exceptions


def assert_error(response, message):
    assert response.status_code == 500, response.text
    assert response.headers["content-type"] == "application/json"
    assert response.json() == {"error": {"code": "InternalError", "message": message}}


def assert_works(app):
    response = app.get("/fine")
    assert (response.status_code, response.text) == (200, "fine")


@pytest.fixture
def talkative(serve):
    return serve("errors", return_exception_details="true")


def detail(app, name):
    response = app.get(f"/case/{name}")
    assert response.status_code == 500
    error = response.json()["error"]
    assert error["code"] == "InternalError"
    assert len(error["details"]) == 1
    assert error["details"][0]["code"] == "JSException"
    return error["details"][0]


def test_body_that_is_no_json(app):
    assert_error(app.post("/json", data="{"), THROWN)
    assert app.post("/json", data="[1]").json() == [1]


@pytest.mark.parametrize(
    "name",
    [
        "error",
        "typeError",
        "ownError",
        "engineError",
        "string",
        "number",
        "nullValue",
        "undefinedValue",
        "symbol",
        "bigInt",
        "object",
        "cycle",
        "hostileError",
        "errorWithHostileText",
        "errorWithOddStack",
        "rejection",
    ],
)
def test_exception_is_not_shown(app, name):
    assert_error(app.get(f"/case/{name}"), THROWN)
    assert_works(app)


def test_handler_that_returns_nothing(app):
    assert_error(app.get("/case/nothing"), "Invalid endpoint function return value (not an object).")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("error", "Error: boom"),
        ("typeError", "TypeError: wrong type"),
        ("ownError", "OwnError: own"),
        ("rejection", "RangeError: rejected"),
        ("string", "a text"),
        ("number", "12.5"),
        ("nullValue", "null"),
        ("undefinedValue", "undefined"),
        ("bigInt", "12"),
        ("object", '{"code":1,"text":"ü"}'),
        ("array", "[1,2]"),
        ("errorWithNul", "Error: a\0b"),
        ("errorOfManyLines", "Error: first line\nsecond line\n    at nowhere (nothing.js:1:1)"),
    ],
    ids=lambda value: value if value.isalpha() else "",
)
def test_message_of_an_exception_on_demand(talkative, name, message):
    assert detail(talkative, name)["message"] == message


@pytest.mark.parametrize("name", ["cycle", "hostileError", "errorWithHostileText", "errorWithOddStack", "symbol"])
def test_value_that_resists_being_shown(talkative, name):
    response = talkative.get(f"/case/{name}")
    assert response.status_code == 500
    assert response.json()["error"]["message"] == THROWN
    assert_works(talkative)


FRAME = re.compile(r"^ +at .*\((?:[\w/.]+\.js(?::\d+){1,2}|native)\)$|^ +at (?:[\w/.]+\.js(?::\d+){1,2}|.*\(native\))$")


@pytest.mark.parametrize("name", ["error", "nestedError", "rejection", "errorOfManyLines"])
def test_trace_holds_frames_only(talkative, name):
    lines = detail(talkative, name)["trace"].rstrip("\n").split("\n")
    assert lines != [""]
    assert [line for line in lines if not FRAME.match(line)] == []


def test_trace_names_function_file_line_and_column(talkative):
    lines = (TEST_APPS / "errors/src/thrown.js").read_text().splitlines()
    line_of = {name: lines.index(text) + 1 for name, text in {"inner": '    throw new Error("nested");'}.items()}
    trace = detail(talkative, "nestedError")["trace"]
    first, second, third = trace.splitlines()[:3]
    assert re.fullmatch(rf"    at inner \(thrown\.js:{line_of['inner']}:\d+\)", first), trace
    assert second.startswith("    at outer (thrown.js:")
    # An engine may name the object that the function was called on, too.
    assert re.match(r"    at (?:\w+\.)?nestedError \(thrown\.js:", third), trace


@pytest.mark.parametrize("name", ["string", "number", "nullValue", "object"])
def test_values_that_are_no_errors_have_no_trace(talkative, name):
    assert "trace" not in detail(talkative, name)


@pytest.mark.parametrize(("name", "message"), [("getterOfResult", "in getter"), ("toJsonOfResult", "in toJSON")])
def test_details_of_an_exception_in_the_result(talkative, name, message):
    assert detail(talkative, name)["message"] == f"Error: {message}"


def test_no_details_without_exception(talkative):
    response = talkative.get("/case/nothing")
    assert response.json()["error"].get("details", []) == []


# Time


ENDLESS = sorted(
    set(
        re.findall(
            r"^export (?:async )?(?:function|const) (\w+)", Path(TEST_APPS / "errors/src/endless.js").read_text(), re.M
        )
    )
    - {"loopInThrownValue", "loopInThrownError", "loopInRegularExpression"}
)


@pytest.fixture
def impatient(serve):
    return serve("errors", max_execution_time_ms=200)


@pytest.mark.parametrize("name", ENDLESS)
def test_endless_loop(impatient, name):
    assert_error(impatient.get(f"/case/{name}"), TIMED_OUT)
    assert_works(impatient)


@pytest.mark.parametrize("name", ["loopInThrownValue", "loopInThrownError"])
def test_endless_loop_in_a_thrown_value(impatient, name):
    response = impatient.get(f"/case/{name}")
    assert response.status_code == 500
    assert response.json()["error"]["message"] in (THROWN, TIMED_OUT)
    assert_works(impatient)


@pytest.mark.parametrize("name", ["loopInThrownValue", "loopInThrownError"])
def test_endless_loop_in_a_thrown_value_that_is_shown(serve, name):
    app = serve("errors", max_execution_time_ms=200, return_exception_details="true", log_exception_details="true")
    response = app.get(f"/case/{name}")
    assert response.status_code == 500
    assert response.json()["error"]["message"] in (THROWN, TIMED_OUT)
    assert_works(app)


def test_endless_regular_expression(impatient):
    assert impatient.get("/case/loopInRegularExpression").status_code == 500
    assert_works(impatient)


def test_details_of_the_time_limit(serve):
    app = serve("errors", max_execution_time_ms=200, return_exception_details="true")
    error = app.get("/case/loop").json()["error"]
    assert error["message"] == TIMED_OUT
    assert error["details"][0]["message"] == "InternalError: interrupted"


def test_default_time_limit_is_longer_than_a_short_loop(app):
    assert app.get("/case/garbage").json() == 200 << 20


# Limits that nothing can run in


@pytest.mark.parametrize(
    ("name", "value", "message", "exception"),
    [
        ("max_execution_time_ms", 0, TIMED_OUT, "interrupted"),
        ("max_stack_bytes", 100, THROWN, "stack overflow"),
        ("max_heap_bytes", 100, THROWN, "out of memory"),
    ],
    ids=lambda value: value if isinstance(value, str) and "_" in value else "",
)
def test_limit_too_low_for_anything(call_app, name, value, message, exception):
    # The limit holds for the install as well, which may be the first to meet it.
    answer = call_app("errors", "GET", "/fine", **{name: value})
    assert answer.exit_code > 0
    if answer.status == 500:
        assert json.loads(answer.body)["error"]["message"] == message
    else:
        assert exception in answer.errors


# Stack


@pytest.mark.parametrize("name", ["recursionWithoutEnd", "recursionInProxy", "recursionInToString"])
def test_recursion_without_end(app, name):
    assert_error(app.get(f"/case/{name}"), THROWN)
    assert_works(app)


@pytest.mark.parametrize(
    "name", ["recursionInJson", "recursionInParse", "recursionInEval", "recursionInRegularExpression"]
)
def test_deep_nesting_does_no_harm(app, name):
    assert app.get(f"/case/{name}").status_code in (200, 500)
    assert_works(app)


def test_recursion_in_a_getter_of_the_result(app):
    assert_error(app.get("/case/recursionInGetter"), "Invalid endpoint function return value (error reading body).")
    assert_works(app)


def test_recursion_in_json_of_the_result(app):
    message = "Invalid endpoint function return value (error during JSON conversion of body)."
    assert_error(app.get("/case/recursionInToJson"), message)
    assert_works(app)


def test_stack_overflow_can_be_caught(app):
    assert app.get("/case/recursionCaught").text == "caught"


def test_details_of_the_stack_limit(talkative):
    assert detail(talkative, "recursionWithoutEnd")["message"] == "InternalError: stack overflow"


def test_stack_limit_is_found_by_doubling(serve):
    app = serve("errors", max_stack_bytes=512 << 10)
    depth = 1
    while (response := app.get(f"/recursion/{depth}")).status_code == 200:
        assert response.json() == depth
        depth *= 2
        assert depth < 1 << 22, "no depth reaches the limit"
    assert depth > 64
    assert_error(response, THROWN)
    assert app.get("/recursion/1").json() == 1


# Heap


@pytest.fixture
def small(serve):
    return serve("errors", max_heap_bytes=SMALL_HEAP)


@pytest.mark.parametrize(
    "name",
    [
        "growingArray",
        "growingString",
        "growingMap",
        "growingBuffers",
        "growingSmallBuffers",
        "growingInCatch",
        "growingClosures",
        "growingPromises",
        "growingResizableBuffer",
        "hugeBuffer",
        "hugeArray",
    ],
)
def test_heap_limit(small, name):
    assert_error(small.get(f"/case/{name}"), THROWN)
    assert_works(small)


def test_heap_limit_while_the_result_is_read(small):
    response = small.get("/case/growingInGetter")
    assert response.status_code == 500
    assert_works(small)


@pytest.mark.parametrize("name", ["hugeStringJson", "impossibleBuffer"])
def test_result_that_does_not_fit(small, name):
    assert small.get(f"/case/{name}").status_code == 500
    assert_works(small)


def test_long_string_does_no_harm(small):
    # It may fit, where an engine keeps repetitions of a string as such.
    assert small.get("/case/hugeString").status_code in (200, 500)
    assert_works(small)


def test_memory_error_may_be_caught(small):
    response = small.get("/case/hugeBufferCaught")
    assert response.text == "caught" or response.status_code == 500
    assert_works(small)


def test_heap_limit_again_and_again(small):
    for _ in range(5):
        assert_error(small.get("/case/growingArray"), THROWN)
        assert_error(small.get("/case/growingBuffers"), THROWN)
        assert_works(small)


def test_garbage_does_not_count(small):
    assert small.get("/case/garbage").json() == 200 << 20


@pytest.mark.parametrize(("limit", "fits"), [(SMALL_HEAP, 5 << 20), (100 << 20, 50 << 20)])
def test_buffers_count_as_heap(serve, limit, fits):
    app = serve("errors", max_heap_bytes=limit)
    assert app.get(f"/allocation/{fits}").json() == fits
    assert_error(app.get(f"/allocation/{limit + 1}"), THROWN)
    assert_error(app.get(f"/allocation/{5 * limit}"), THROWN)
    assert app.get(f"/allocation/{fits}").json() == fits


@pytest.mark.parametrize("name", ["growingArray", "hugeBuffer"])
def test_details_of_the_heap_limit(serve, name):
    app = serve("errors", max_heap_bytes=SMALL_HEAP, return_exception_details="true")
    assert detail(app, name)["message"] == "InternalError: out of memory"


def test_buffer_above_a_small_limit(serve):
    app = serve("errors", max_heap_bytes=3 << 20, return_exception_details="true")
    response = app.get(f"/allocation/{5 << 20}")
    assert response.status_code == 500
    assert response.json()["error"]["details"][0]["message"] == "InternalError: out of memory"
