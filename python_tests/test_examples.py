"""The example apps answer the same, byte for byte, whichever library runs them."""

import pytest

from examples import EXAMPLES, answers
from hosts import ENGINES

FIRST, *OTHERS = ENGINES


@pytest.fixture(scope="module", params=EXAMPLES)
def example(request, tmp_path_factory):
    """An example app with the answers that the first engine gives."""
    chosen = EXAMPLES[request.param]
    log = tmp_path_factory.mktemp("examples") / f"{request.param}.log"
    return chosen, answers(FIRST, chosen.directory(), chosen.asks, log)


@pytest.mark.parametrize("other", OTHERS, ids=lambda engine: engine.name)
def test_same_answers_on_all_engines(example, other, tmp_path):
    chosen, expected = example
    assert answers(other, chosen.directory(), chosen.asks, tmp_path / "host.log") == expected


def test_answers_are_not_all_alike(example):
    _, expected = example
    assert {True, False} <= {status < 300 for _, _, status, *_ in expected}
