"""A broken catalogue is refused with the position and a plain reason, and never cut short."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.compression import CatalogError
from contract.product import CatalogRow
from tests.contract.catalogs import (
    BLOCK_SIZES,
    FORMS,
    PROPERTY,
    Written,
    gzip_members,
    packed,
    read_cut,
)

PRODUCTS = [
    Written("É1", "Tee 🍵", "12.50", "12.50"),
    Written(2, 'a \\ "b"\n', '"0.10"', "0.10"),
    Written("3", "ü", "1E+1", "10"),
]
OBJECTS = [
    product.json(ascii_only=number == 1, extra='"x": [{"y": "}]"}, null], ')
    for number, product in enumerate(PRODUCTS)
]
SIZES = pytest.mark.parametrize("size", [1, 7, 1 << 20])


def read(data: bytes, *sizes: int) -> tuple[list[CatalogRow], CatalogError | None]:
    """Read as far as possible; return the rows, and the error that ended the reading, if any."""
    rows: list[CatalogRow] = []
    try:
        rows.extend(read_cut(data, sizes or [1 << 20]))
    except CatalogError as error:
        return rows, error
    return rows, None


def error_of(data: bytes | str, size: int = 1 << 20) -> CatalogError:
    """Return the error that ends the reading; any other exception fails the test."""
    rows, error = read(data.encode() if isinstance(data, str) else data, size)
    assert error, f"it was read as {rows}"
    assert str(error) == f"{error.reason} ({error.position})"
    return error


def assert_first_products(rows: list[CatalogRow]) -> None:
    assert [row.product_id for row in rows] == [p.product_id for p in PRODUCTS[: len(rows)]]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("size", [1, 1 << 20])
def test_a_catalogue_cut_off_anywhere_is_an_error_and_never_fewer_products(
    form: str, size: int
) -> None:
    data = FORMS[form](OBJECTS).encode()
    # With one object per line, a file cut between two lines is whole: nothing shows that more
    # lines should follow.
    counts = range(1, 4) if form in {"lines", "spaced_lines"} else [3]
    whole = {FORMS[form](OBJECTS[:count]).rstrip().encode(): count for count in counts}
    for length in range(len(data)):
        rows, error = read(data[:length], size)
        assert_first_products(rows)
        if count := whole.get(data[:length].rstrip()):
            assert (error, len(rows)) == (None, count)
        else:
            assert error, f"cut after {length} bytes, it was read as {len(rows)} products"


@pytest.mark.parametrize("pack", [packed, gzip_members])
@pytest.mark.parametrize("form", ["array", "lines", "wrapped"])
@pytest.mark.parametrize("size", [1, 1 << 20])
def test_a_gzip_file_cut_off_anywhere_is_an_error(
    form: str, size: int, pack: Callable[[bytes], bytes]
) -> None:
    data = pack(FORMS[form](OBJECTS).encode())
    for length in range(len(data)):
        rows, error = read(data[:length], size)
        assert_first_products(rows)
        assert error, (
            f"cut after {length} of {len(data)} bytes, it was read as {len(rows)} products"
        )


@pytest.mark.parametrize("size", [1, 1 << 20])
def test_a_gzip_file_with_any_bit_flipped_never_yields_other_products(size: int) -> None:
    data = packed(FORMS["lines"](OBJECTS).encode())
    for position in range(len(data)):
        for bit in range(8):
            flipped = bytearray(data)
            flipped[position] ^= 1 << bit
            rows, error = read(bytes(flipped), size)
            assert error or len(rows) == 3  # a flip in a field of the header that nobody reads
            assert error or rows == read(data)[0]


@SIZES
@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        *[("", "line 1, column 1", "the file is empty"), (" \r\n\t ", "line 2, column 3", "empty")],
        ("<!DOCTYPE html>\n<html>", "line 1, column 1", "this is a web page or XML, not JSON"),
        ("\n\n  <?xml version='1.0'?>", "line 3, column 3", "this is a web page or XML, not JSON"),
        ("ProductID;ProductName\n1;Tea", "line 1, column 1", "a catalogue begins with [ or {"),
        *[("null", "line 1, column 1", "begins with"), ('"[]"', "line 1, column 1", "begins with")],
        ("[", "line 1, column 2", "the file ends too early"),
        ("{", "line 1, column 2", "the file ends too early"),
        ("[{},", "line 1, column 5", "the file ends too early"),
        ("[{}\n", "line 2, column 1", "the file ends too early"),
        ('{"products": [{}]\n,', "line 2, column 2", "the file ends too early"),
        ('{"products": [{}]', "line 1, column 18", "the file ends too early"),
        ('[{"ProductID": "É1', "line 1, column 16", "it was cut off, or a quote is missing"),
        ("[{},]", "line 1, column 5", "a product in { } was expected"),
        ("[{},\n\n [1]]", "line 3, column 2", "a product in { } was expected"),
        ("{}\n{}\n7", "line 3, column 1", "a product in { } was expected"),
        ("{},\n{}", "line 1, column 3", "a product in { } was expected"),
        ("[{} {}]", "line 1, column 5", ", or ] was expected"),
        ('{"ProductID": 1 "x": 2}', "line 1, column 17", ", or } was expected"),
        ('{"ProductID": 1, }', "line 1, column 18", "a key in double quotes was expected"),
        ("{ProductID: 1}", "line 1, column 2", "a key in double quotes was expected"),
        ('{1: 2, "products": []}', "line 1, column 2", "a key in double quotes was expected"),
        ('{"products": [], 1: 2}', "line 1, column 18", "a key in double quotes was expected"),
        ('{"products": [] "x": 2}', "line 1, column 17", ", or } was expected"),
        ('{"products": [], "products": []}', "line 1, column 29", "`products` appears twice"),
        ('{"products" []}', "line 1, column 13", ": was expected"),
        ('[{"É": 1, "🍵" 2}]', "line 1, column 15", "expecting ':' delimiter"),
        ('[{}, {"É": 1\n "🍵": 2}]', "line 2, column 2", "expecting ',' delimiter"),
        ('[{"SellPrice": .5}]', "line 1, column 16", "expecting value"),
        ('[{"SellPrice": 1,5}]', "line 1, column 18", "expecting property name"),
        ('[{"SellPrice": 012}]', "line 1, column 17", "expecting ',' delimiter"),
        ("[{'ProductID': 1}]", "line 1, column 3", "expecting property name"),
        ('[{"ProductName": "a\nb"}]', "line 1, column 20", "invalid control character"),
        ('[{"ProductName": "a\0"}]', "line 1, column 20", "invalid control character"),
        ('[{"ProductName": "\\x41"}]', "line 1, column 19", "invalid \\escape"),
        ('[{"ProductName": "\\u12g4"}]', "line 1, column 20", "invalid \\uXXXX escape"),
        ("[{}]\n[{}]", "line 2, column 1", "there is more text after the catalogue's end"),
        ("[{}]x", "line 1, column 5", "there is more text after the catalogue's end"),
        ('{"products": []}\n{}', "line 2, column 1", "there is more text after"),
        ("[{}]\0", "line 1, column 5", "there is more text after the catalogue's end"),
        ("\ufeff\n[{}]}", "line 2, column 5", "there is more text after the catalogue's end"),
        (f"[{'{}, ' * 3_000}\n{{}} {{}}]", "line 2, column 4", ", or ] was expected"),
    ],
)
def test_the_position_is_that_of_the_wrong_character(
    text: str, place: str, reason: str, size: int
) -> None:
    error = error_of(text, size)
    assert error.position == place
    assert reason in error.reason


@SIZES
@pytest.mark.parametrize(
    ("data", "position"),
    [
        ('[{"ProductName": "Tee für zwei"}]'.encode("latin-1"), "byte 24"),
        ('[{"ProductName": "für 5 €"}]'.encode("cp1252"), "byte 20"),
        (b"\x80", "byte 1"),
        (b'[{"a": "\xed\xa0\x80"}]', "byte 9"),
        (b'[{"a": "\xc0\xaf"}]', "byte 9"),
        (b'[{"a": "\xf0\x9f\x8d', "byte 9"),
    ],
)
@pytest.mark.parametrize("pack", [bytes, packed])
def test_text_that_is_not_utf_8_is_refused_with_the_byte_position(
    data: bytes, position: str, size: int, pack: Callable[[bytes], bytes]
) -> None:
    error = error_of(pack(data), size)
    assert (error.reason, error.position) == ("it is not UTF-8 text; save it as UTF-8", position)


@SIZES
@pytest.mark.parametrize("pack", [bytes, packed])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_utf_16_and_utf_32_are_refused(
    encoding: str, size: int, pack: Callable[[bytes], bytes]
) -> None:
    error = error_of(pack('[{"ProductID": 1}]'.encode(encoding)), size)
    if encoding in {"utf-16", "utf-32"}:
        assert error.reason == "it is saved as UTF-16; save it as UTF-8"


@SIZES
@pytest.mark.parametrize("after", [b"\n", b"x", b"garbage behind the end", b"\x1f\x8bx", b"[]"])
def test_bytes_after_the_end_of_gzip_are_an_error(after: bytes, size: int) -> None:
    whole = packed(b"[{}]")
    error = error_of(whole + after, size)
    assert "gzip" in error.reason
    if not after.startswith(b"\x1f") and len(after) > 1:
        assert error.position in {f"byte {len(whole) + 1}", f"byte {len(whole) + 2}"}


@SIZES
@pytest.mark.parametrize(
    "data",
    [
        *[
            b"PK\x03\x04\x14\0\0\0",
            b"%PDF-1.7\n%\xe2\xe3",
            b"\x1f",
            b"\x1f\x8b",
            b"\0" * 40,
            b"\xef\xbb",
        ],
        *[packed(b""), packed(packed(b"[]")), b"\x1f\x8b" + b"\xff" * 40],
        packed(b"<html></html>"),
    ],
)
def test_other_kinds_of_files_are_refused(data: bytes, size: int) -> None:
    assert error_of(data, size).reason


@PROPERTY
@given(st.text(max_size=60), st.text(max_size=60), st.integers(0, 3), BLOCK_SIZES)
def test_the_outcome_does_not_depend_on_how_the_blocks_are_cut(
    before: str, after: str, count: int, sizes: list[int]
) -> None:
    text = before + FORMS["indented"](OBJECTS[:count]) + after
    data = text.encode("utf-8", "surrogatepass")
    whole_rows, whole_error = read(data)
    rows, error = read(data, *sizes)
    assert (rows, str(error)) == (whole_rows, str(whole_error))
