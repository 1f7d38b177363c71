"""How functions of `ccf` refuse arguments; those of `ccf.crypto` have files of their own."""

import pytest

COUNTS = {
    "ccf.pemToId": 1,
    "ccf.enableUntrustedDateTime": 1,
    "ccf.enableMetricsLogging": 1,
    "ccf.rpc.setClaimsDigest": 1,
    "ccf.consensus.getLastCommittedTxId": 0,
    "ccf.consensus.getStatusForTxId": 2,
    "ccf.consensus.getViewForSeqno": 1,
    "ccf.historical.getStateRange": 4,
    "ccf.historical.dropCachedStates": 1,
}

NOT_A_BUFFER = "TypeError: Argument must be an ArrayBuffer"
NOT_A_NUMBER = "TypeError: Argument must be a number"


@pytest.fixture
def outcome(serve):
    """Evaluates an expression; gives its value, or the text of what it throws."""

    def run(expression, **options):
        (found,) = serve("evaluate", **options).post("/evaluate", data=expression).json().values()
        return found

    return run


@pytest.mark.parametrize("function", COUNTS)
def test_number_of_arguments(outcome, function):
    expected = COUNTS[function]
    for given in {expected - 1, expected + 1} - {-1}:
        wanted = expected or "none"
        message = f"TypeError: Passed {given} arguments, but expected {wanted}"
        assert outcome(f"{function}({', '.join(['1'] * given)})") == message


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("ccf.historical.getStateRange(-1, 1, 1, 1)", "Invalid handle or seqno or expiry: cannot be negative"),
        ("ccf.historical.getStateRange(1, -1, 1, 1)", "Invalid handle or seqno or expiry: cannot be negative"),
        ("ccf.historical.getStateRange(1, 1, -1, 1)", "Invalid handle or seqno or expiry: cannot be negative"),
        ("ccf.historical.getStateRange(1, 1, 1, -1)", "Invalid handle or seqno or expiry: cannot be negative"),
        ("ccf.historical.dropCachedStates(-1)", "Invalid handle: cannot be negative"),
        ("ccf.consensus.getStatusForTxId(-1, 1)", "Invalid view or seqno: cannot be negative"),
        ("ccf.consensus.getStatusForTxId(1, -1)", "Invalid view or seqno: cannot be negative"),
        ("ccf.consensus.getViewForSeqno(-1)", "Invalid seqno: cannot be negative"),
    ],
)
def test_negative_numbers(outcome, call, message):
    assert outcome(call) == f"RangeError: {message}"


@pytest.mark.parametrize("argument", ["'1'", "undefined", "null", "{}", "1n", "NaN", "Infinity"])
def test_consensus_takes_numbers(outcome, argument):
    assert outcome(f"ccf.consensus.getViewForSeqno({argument})") == NOT_A_NUMBER
    assert outcome(f"ccf.consensus.getStatusForTxId(1, {argument})") == NOT_A_NUMBER


BUFFER = "new ArrayBuffer(1)"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("'ls'", "TypeError: First argument must be an array"),
        ("{ length: 1 }", "TypeError: First argument must be an array"),
        ("[]", "RangeError: First argument must be a non-empty array"),
        ("['ls', 1]", "TypeError: First argument must be an array of strings, found non-string"),
        ("['ls'], 'input'", NOT_A_BUFFER),
        ("['ls'], new Uint8Array(1)", NOT_A_BUFFER),
    ],
)
def test_subprocess(outcome, arguments, message):
    assert outcome(f"ccf.host.triggerSubprocess({arguments})", subprocesses="on") == message


def test_subprocess_that_the_host_does_not_start(outcome):
    message = "InternalError: Unable to launch host process: "
    assert outcome("ccf.host.triggerSubprocess(['ls'])", subprocesses="on").startswith(message)


def test_attestation_is_not_supported(outcome):
    call = f"snp_attestation.verifySnpAttestation({BUFFER}, {BUFFER})"
    assert outcome(call).endswith("not supported by this host")


def test_errors_are_of_the_realm(outcome):
    caught = (
        "(() => { try { ccf.consensus.getViewForSeqno(-1); } catch (error) { return error instanceof RangeError; } })()"
    )
    assert outcome(caught) is True
