"""Lists that take no memory for their places, or that are no arrays: an element is found as in others."""

import pytest

SPARSE = "const list = []; list.length = 2 ** 32 - 1; list[5] = 7; list[7] = NaN;"
FAR = "const list = { length: 2 ** 33, [2 ** 32 + 5]: 'far', get 3() { return this === list } };"
THROWING = "const list = { length: 4, get 2() { throw 'thrown by an element' } };"
CASES = {
    "place": (f"{SPARSE} return list.indexOf(7)", 5),
    "place-of-no-number": (f"{SPARSE} return list.indexOf(NaN, -20)", -1),
    "place-of-a-hole": (f"{SPARSE} return list.indexOf(undefined, -1)", -1),
    "place-from-the-end": (f"{SPARSE} return list.indexOf(7, -(2 ** 32 - 1) + 5)", 5),
    "place-from-behind": (f"{SPARSE} return list.indexOf(7, -(2 ** 32 - 1) + 5) - list.indexOf(9, -5)", 6),
    "place-from-a-text": (f"{SPARSE} return list.indexOf(7, '5')", 5),
    "place-beyond": (f"{SPARSE} return list.indexOf(7, 2 ** 32)", -1),
    "no-number": (f"{SPARSE} return list.includes(NaN)", True),
    "hole": (f"{SPARSE} return list.includes(undefined, 2 ** 32 - 3)", True),
    "beyond": (f"{SPARSE} return list.includes(7, 2 ** 32)", False),
    "far": (f"{FAR} return [].indexOf.call(list, 'far', 2 ** 32)", 2**32 + 5),
    "this-of-an-element": (f"{FAR} return [].indexOf.call(list, true)", 3),
    "length-of-a-text": ("return [].indexOf.call({ length: '3.7', 0: 1, 2: 5 }, 5)", 2),
    "text": ("return [].indexOf.call('abc', 'c')", 2),
    "arguments": ("return (function () { return [].indexOf.call(arguments, 4) })(3, 4)", 1),
    "inherited-length": ("return [].includes.call(Object.create({ length: 3, 1: 'inherited' }), 'inherited')", True),
    "no-length": ("return [].includes.call({ 0: 1 }, 1)", False),
    "thrown-by-an-element": (
        f"{THROWING} try {{ [].includes.call(list, 9) }} catch (thrown) {{ return thrown }}",
        "thrown by an element",
    ),
    "thrown-by-the-length": (
        "try { [].indexOf.call({ get length() { throw 'thrown by the length' } }, 1) } catch (e) { return e }",
        "thrown by the length",
    ),
    "thrown-by-the-start": (
        f"{SPARSE} try {{ list.indexOf(1, {{ valueOf() {{ throw 'by the start' }} }}) }} catch (e) {{ return e }}",
        "by the start",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_element_is_found_in_any_list(serve, case):
    script, expected = CASES[case]
    assert serve("evaluate").post("/evaluate", data=f"(() => {{ {script} }})()").json() == {"value": expected}
