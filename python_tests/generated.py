"""How many examples the generated tests try.

The examples are the same in every run. JSEP_EXAMPLES=5000 tries other ones, and as many of them for each property.
"""

import os

from hypothesis import HealthCheck, settings

_EXAMPLES = os.environ.get("JSEP_EXAMPLES")


def generated(examples: int) -> settings:
    """The settings of a test with that many examples."""
    return settings(
        max_examples=int(_EXAMPLES or examples),
        derandomize=_EXAMPLES is None,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
