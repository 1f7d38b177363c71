"""`jsep-host bench`: how many requests it sends, when, and what it says of them."""

import json

from hosts import QUICKJS, REPOSITORY, run_host

HANDLERS = REPOSITORY / "bench" / "apps" / "handlers"


def bench(request, *more):
    """The results of a short measurement, one for each repetition."""
    common = ["--json", "--plugin", str(QUICKJS), "--app", str(HANDLERS), "--request", request, "--seconds", "0.5"]
    answer = run_host("bench", *common, *more)
    assert answer.exit_code == 0, answer.errors
    return json.loads(answer.output)["results"]


def test_count_ends_each_repetition():
    results = bench("GET /tiny", "--count", "20", "--repeat", "3", "--threads", "2")
    assert [result["requests"] for result in results] == [20, 20, 20]
    assert [result["repeat"] for result in results] == [0, 1, 2]
    assert all(result["rungs"] == {"0": 20} and result["errors"] == 0 for result in results)


def test_rate_below_the_capacity_is_kept():
    (result,) = bench("GET /tiny", "--rate", "40", "--threads", "2")
    # On a busy machine the last ones come too late to be sent.
    assert result["requests"] + result["unsent"] == 20
    assert result["requests"] > 0


def test_rate_above_the_capacity_counts_the_wait():
    (result,) = bench("GET /loop", "--rate", "50000")
    assert result["unsent"] > 0
    # Half of the requests were planned in the first half of what was sent, but sent over all of the time.
    assert result["p50_us"] > 10 * result["call_ns_mean"] / 1000


def test_body_from_a_file(tmp_path):
    (tmp_path / "body.json").write_text('[{"id": 1}]')
    (result,) = bench(
        f"POST /json @{tmp_path / 'body.json'}", "--count", "2", "--header", "content-type:application/json"
    )
    assert (result["requests"], result["errors"]) == (2, 0)
