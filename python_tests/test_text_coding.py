"""`TextEncoder` and `TextDecoder`."""

from functools import partial

import pytest

from environment_app import run_case

REPLACEMENT = "\ufffd"


@pytest.fixture
def case(serve):
    return partial(run_case, serve("environment"))


# Text to bytes


def test_encoder_knows_utf_8_only(case):
    assert case("encodingOfEncoder") == "utf-8"


@pytest.mark.parametrize("text", ["", "abc", "aü€😀", "\0", "\ufeffa"])
def test_encode(case, text):
    assert case("encode", text) == list(text.encode())


def test_encode_without_argument(case):
    assert case("encode") == []


@pytest.mark.parametrize(("value", "text"), [(None, "null"), (1.5, "1.5"), ([1, [2]], "1,2"), (True, "true")])
def test_encode_of_other_values(case, value, text):
    assert case("encode", value) == list(text.encode())


@pytest.mark.parametrize("text", ["\ud800", "a\udc00", "\udc00\ud800x"])
def test_encode_of_lone_surrogates(case, text):
    replaced = "".join(REPLACEMENT if "\ud800" <= unit <= "\udfff" else unit for unit in text)
    assert case("encode", text) == list(replaced.encode())


def test_encode_gives_an_array_with_a_buffer_of_its_own(case):
    assert case("encodeToArray") == [True, 0, 3]


@pytest.mark.parametrize(
    ("text", "size", "read", "written"),
    [
        ("aü€😀", 0, 0, b""),
        ("aü€😀", 1, 1, b"a"),
        ("aü€😀", 2, 1, b"a\0"),
        ("aü€😀", 3, 2, "aü".encode()),
        ("aü€😀", 5, 2, "aü\0\0".encode()),
        ("aü€😀", 6, 3, "aü€".encode()),
        ("aü€😀", 9, 3, "aü€\0\0\0".encode()),
        ("aü€😀", 10, 5, "aü€😀".encode()),
        ("aü€😀", 12, 5, "aü€😀\0\0".encode()),
        ("😀", 1, 0, b"\0"),
        ("😀😀", 4, 2, "😀".encode()),
        ("\ud83dx", 3, 1, REPLACEMENT.encode()),
        ("\ud83dx", 4, 2, f"{REPLACEMENT}x".encode()),
    ],
)
def test_encode_into_an_array(case, text, size, read, written):
    length = len(written.rstrip(b"\0"))
    assert case("encodeInto", text, size) == {"read": read, "written": length, "bytes": list(written)}


def test_encode_into_a_part_of_a_buffer(case):
    assert case("encodeIntoPart") == [0, 0x61, 0x62, 0, 0, 0]


def test_encode_into_bytes_only(case):
    assert case("encodeIntoOther") == "TypeError"


# Decoders


@pytest.mark.parametrize(
    ("label", "encoding"),
    [
        (None, "utf-8"),
        ("utf8", "utf-8"),
        (" UTF-8\n", "utf-8"),
        ("unicode-1-1-utf-8", "utf-8"),
        ("utf-16", "utf-16le"),
        ("unicode", "utf-16le"),
        ("utf-16be", "utf-16be"),
        ("ascii", "windows-1252"),
        ("latin1", "windows-1252"),
        ("iso-8859-1", "windows-1252"),
        ("iso-8859-8-i", "iso-8859-8-i"),
        ("iso-8859-9", "windows-1254"),
        ("gb2312", "gbk"),
        ("gb18030", "gb18030"),
        ("big5-hkscs", "big5"),
        ("x-euc-jp", "euc-jp"),
        ("sjis", "shift_jis"),
        ("csiso2022jp", "iso-2022-jp"),
        ("korean", "euc-kr"),
        ("koi8-r", "koi8-r"),
        ("866", "ibm866"),
        ("mac", "macintosh"),
        ("x-user-defined", "x-user-defined"),
    ],
)
def test_label(case, label, encoding):
    assert case("decoder", label) == {"encoding": encoding, "fatal": False, "ignoreBOM": False}


@pytest.mark.parametrize("label", ["", "none", "utf-7", "utf-32", "replacement", "hz-gb-2312", "\0utf-8", "utf-8\0"])
def test_label_that_does_not_exist(case, label):
    assert case("decoder", label) == "RangeError"


def test_options_of_a_decoder(case):
    expected = {"encoding": "utf-8", "fatal": True, "ignoreBOM": True}
    assert case("decoder", "utf-8", {"fatal": 1, "ignoreBOM": "yes"}) == expected


def test_options_are_an_object(case):
    assert case("decoder", "utf-8", 5) == "TypeError"


# Bytes to text


@pytest.mark.parametrize(
    ("label", "encoded", "text"),
    [
        ("utf-8", "aü€😀\0".encode(), "aü€😀\0"),
        ("utf-16le", "aü€😀".encode("utf-16le"), "aü€😀"),
        ("utf-16be", "aü€😀".encode("utf-16be"), "aü€😀"),
        ("latin1", b"\x80\xe4\xff", "€äÿ"),
        ("koi8-r", "Привет".encode("koi8-r"), "Привет"),
        ("shift_jis", "日本".encode("shift_jis"), "日本"),
        ("euc-jp", "日本".encode("euc-jp"), "日本"),
        ("iso-2022-jp", "日本a".encode("iso-2022-jp"), "日本a"),
        ("gb18030", "中文😀".encode("gb18030"), "中文😀"),
        ("big5", "中文".encode("big5"), "中文"),
        ("euc-kr", "한국".encode("euc-kr"), "한국"),
        ("x-user-defined", b"a\x80\xff", "a\uf780\uf7ff"),
    ],
)
def test_decode(case, label, encoded, text):
    assert case("decode", list(encoded), label) == text


def test_sources_of_bytes(case):
    assert case("decodeSources") == ["abcd", "abcd", "bc", "cd", "cd", "\0\0", "", ""]


def test_values_that_are_no_sources(case):
    assert case("decodeOther") == ["TypeError"] * 5


INVALID = [
    (b"\xff", 1),
    (b"\xc3", 1),
    (b"\xe2\x82", 1),
    (b"\xf0\x9f\x98", 1),
    (b"\xed\xa0\x80", 3),
    (b"\xc0\x80", 2),
    (b"\xf4\x90\x80\x80", 4),
]


@pytest.mark.parametrize(("invalid", "count"), INVALID)
def test_invalid_bytes_are_replaced(case, invalid, count):
    assert case("decode", [0x61, *invalid], "utf-8") == "a" + REPLACEMENT * count


@pytest.mark.parametrize(("invalid", "count"), INVALID)
def test_invalid_bytes_are_fatal_on_demand(case, invalid, count):
    assert case("decode", [0x61, *invalid], "utf-8", {"fatal": True}) == "TypeError"


@pytest.mark.parametrize(
    ("label", "invalid"),
    [("utf-16le", b"a\0b"), ("utf-16le", b"\0\xd8a\0"), ("shift_jis", b"\x82"), ("windows-1253", b"\xaa")],
)
def test_invalid_bytes_of_other_encodings(case, label, invalid):
    assert REPLACEMENT in case("decode", list(invalid), label)
    assert case("decode", list(invalid), label, {"fatal": True}) == "TypeError"


def test_valid_bytes_are_not_fatal(case):
    assert case("decode", list("aü€😀".encode()), "utf-8", {"fatal": True}) == "aü€😀"


def test_decoder_after_invalid_bytes(case):
    assert case("decodeAgain", [[0xFF], [0x61]], {"fatal": True}) == ["TypeError", "a"]


@pytest.mark.parametrize("label", ["utf-8", "utf-16le", "utf-16be"])
def test_byte_order_mark_is_left_out_once(case, label):
    assert case("decode", list("\ufeff\ufeffa".encode(label)), label) == "\ufeffa"


@pytest.mark.parametrize("label", ["utf-8", "utf-16le", "utf-16be"])
def test_byte_order_mark_is_kept_on_demand(case, label):
    assert case("decode", list("\ufeffa".encode(label)), label, {"ignoreBOM": True}) == "\ufeffa"


def test_byte_order_mark_of_another_encoding(case):
    assert case("decode", [0xEF, 0xBB, 0xBF, 0x61], "latin1") == "ï»¿a"


def test_byte_order_mark_is_left_out_of_each_text(case):
    assert case("decodeAgain", [[0xEF, 0xBB, 0xBF, 0x61], [0xEF, 0xBB, 0xBF, 0x62]]) == ["a", "b"]


# Streams


@pytest.mark.parametrize(
    ("label", "chunks", "texts"),
    [
        ("utf-8", [b"\xf0", b"\x9f\x98", b"\x80a"], ["", "", "😀a", ""]),
        ("utf-8", [b"\xe2\x82"], ["", REPLACEMENT]),
        ("utf-8", [b"\xe2", b"a"], ["", REPLACEMENT + "a", ""]),
        ("utf-8", [b"\xed", b"\xa0"], ["", REPLACEMENT * 2, ""]),
        ("utf-16le", [b"\x3d", b"\xd8", b"\x00\xde", b"a"], ["", "", "😀", "", REPLACEMENT]),
        ("utf-16be", [b"\xd8\x3d\xde", b"\x00\xd8"], ["", "😀", REPLACEMENT]),
        ("shift_jis", [b"\x82", b"\xa0\x82", b"\x41"], ["", "あ", REPLACEMENT + "A", ""]),
        ("gb18030", [b"\x94", b"\x39", b"\xfc", b"\x36a"], ["", "", "", "😀a", ""]),
        ("gbk", [b"\xd6", b"\xd0\xce"], ["", "中", REPLACEMENT]),
        ("big5", [b"\xa4", b"\xa4"], ["", "中", ""]),
        ("euc-jp", [b"\x8f", b"\xb0", b"\xa1"], ["", "", "丂", ""]),
        ("euc-kr", [b"\xb0\xa1\xb0"], ["가", REPLACEMENT]),
        ("latin1", [b"\xe4", b"a"], ["ä", "a", ""]),
    ],
)
def test_stream(case, label, chunks, texts):
    assert case("decodeStream", [list(chunk) for chunk in chunks], label) == texts


def test_stream_of_an_encoding_with_states(case):
    encoded = "日本a".encode("iso-2022-jp")
    chunks = [[byte] for byte in encoded]
    assert "".join(case("decodeStream", chunks, "iso-2022-jp")) == "日本a"


@pytest.mark.parametrize("label", ["utf-8", "utf-16le", "utf-16be"])
def test_byte_order_mark_in_a_stream(case, label):
    chunks = [[byte] for byte in "\ufeff\ufeffa".encode(label)]
    assert "".join(case("decodeStream", chunks, label)) == "\ufeffa"


def test_stream_that_ends_within_a_character_is_fatal_on_demand(case):
    assert case("decodeStream", [[0xE2, 0x82]], "utf-8", {"fatal": True}) == "TypeError"


def test_stream_keeps_bytes_of_its_own(case):
    assert case("changedChunk") == ["", "€"]
