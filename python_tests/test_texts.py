"""Functions of texts take the time that reading them takes, also for texts that are made to take longer."""

import json

import pytest

# The last character of the pattern's first half decides, and each place of the text comes close.
TEXT = """
    const part = letter.repeat(5e5), pattern = part + 'b' + part;
    const text = letter.repeat(1e6) + 'b' + letter.repeat(1e6);
"""
FUNCTIONS = {
    "text.indexOf(pattern)": 500_000,
    "text.indexOf(pattern, 500001)": -1,
    "text.indexOf(pattern + 'c')": -1,
    "text.includes('b' + pattern)": False,
    "text.lastIndexOf(pattern)": 500_000,
    "text.lastIndexOf(pattern, 499999)": -1,
    "text.lastIndexOf(pattern, {valueOf: () => 500000})": 500_000,
    "text.lastIndexOf(pattern, {valueOf: () => 499999})": -1,
    "text.lastIndexOf(pattern, -5)": -1,
    "text.lastIndexOf('c' + pattern)": -1,
    "(() => { try { text.lastIndexOf(pattern, 1n) } catch (error) { return error.name } })()": "TypeError",
    "text.split(pattern).map((it) => it.length)": [500_000, 500_000],
    "text.replace(pattern, '').length": 1_000_000,
    "text.replaceAll(pattern, 'x').length": 1_000_001,
    "text.startsWith(pattern, 500000)": True,
}


@pytest.fixture
def evaluate(serve, engine):
    if "realm" in engine.name:
        pytest.skip("it is the same on each rung")
    app = serve("evaluate")
    return lambda code: app.post("/evaluate", data=f"(() => {{ {code} }})()").json()


@pytest.mark.parametrize("letter", ["a", "\u0101"])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_text_is_found_in_linear_time(evaluate, letter, function):
    found = evaluate(f"const letter = {json.dumps(letter)}; {TEXT} return {function}")
    assert found == {"value": FUNCTIONS[function]}


# Marks of one letter in each wrong order: over it and under it, also as one character or of half its width.
MARKS = {
    "a + (under + over).repeat(3e5)": ("a + under.repeat(3e5) + over.repeat(3e5)", "NFD"),
    "a + '\\u0f73'.repeat(2e5) + a": ("a + '\\u0f71'.repeat(2e5) + '\\u0f72'.repeat(2e5) + a", "NFC"),
    "a + (over + under + over).repeat(2e5)": ("'\\xe1' + under.repeat(2e5) + over.repeat(4e5 - 1)", "NFC"),
    "'\\ud800' + (over + '\\u{1d165}').repeat(2e5)": (
        "'\\ud800' + '\\u{1d165}'.repeat(2e5) + over.repeat(2e5)",
        "NFKD",
    ),
}


@pytest.mark.parametrize("text", MARKS)
def test_marks_are_brought_into_order_in_linear_time(evaluate, text):
    ordered, form = MARKS[text]
    code = "const a = 'a', under = '\\u0316', over = '\\u0301';"
    assert evaluate(f"{code} return ({text}).normalize('{form}') === {ordered}") == {"value": True}
