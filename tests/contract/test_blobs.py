"""Blob names: what they say, and what must never be read from one."""

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contract.blobs import (
    UNKNOWN_STORE,
    CatalogMetadata,
    CatalogName,
    InvalidStoreError,
    ResumeName,
    RunId,
    StoreName,
    UnusableName,
    new_catalog_name,
    parse_etag,
    parse_name,
    parse_store,
    resume_name,
    run_of,
    run_record_name,
)
from tests.contract.catalogs import PROPERTY

STORE = StoreName("0001")
STORES = st.from_regex(r"[a-z0-9][a-z0-9-]{0,62}", fullmatch=True)
ETAG = '"0x8DC12AB34CD56EF"'


@PROPERTY
@given(STORES)
@example("0")
@example("a" * 63)
@example("a-")
def test_a_store_name_is_lower_case_letters_digits_and_hyphens(name: str) -> None:
    assert parse_store(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *["", "-a", "A", "a_b", "a b", "a.b", "..", ".", "a\\b", "a\n", "\na"],
        *["a" * 64, "é", "\uff10", "\u0660", "a\0", "%2e%2e", "_unknown", "store\u200b", "ß"],
    ],
)
def test_any_other_name_is_refused_and_not_repeated(name: str) -> None:
    with pytest.raises(InvalidStoreError) as refused:
        parse_store(name)
    assert str(refused.value) == (
        "is not a store name: that has at most 63 lower-case letters, digits and hyphens, and "
        "begins with a letter or digit"
    )
    assert isinstance(parse_name(f"{name}/x.json"), UnusableName)


@PROPERTY
@given(st.text(max_size=70))
def test_any_text_is_a_store_name_by_the_rule_or_refused(text: str) -> None:
    allowed = "abcdefghijklmnopqrstuvwxyz0123456789"
    is_store = 0 < len(text) <= 63 and text[0] in allowed and all(c in allowed + "-" for c in text)
    if is_store:
        assert parse_store(text) == text
    else:
        with pytest.raises(InvalidStoreError):
            parse_store(text)


@pytest.mark.parametrize(
    "ending", [".json", ".jsonl", ".json.gz", ".jsonl.gz", ".JSON", ".Json.GZ"]
)
@pytest.mark.parametrize(
    "stem", ["x", "a.b", "new prices", "2026/11/x", "x.json", "É 🍵", "-", ".x"]
)
def test_a_catalogues_name_is_its_store_and_stem(stem: str, ending: str) -> None:
    assert parse_name(f"0001/{stem}{ending}") == CatalogName(STORE, stem)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        *[("", "store's folder"), ("x.json", "store's folder"), ("0001", "store's folder")],
        *[("/x.json", "not a store"), ("../x.json", "not a store"), ("Shop/x.json", "not a store")],
        *[("_unknown/x.json", "not a store"), ("0001 /x.json", "not a store")],
        *[(f"0001/{part}/x.json", "empty") for part in ("", ".", "..", "a/../b", "a//b")],
        *[("0001/..\\0002/x.json", "empty"), ("0001/a\\..\\x.json", "empty"), ("0001//", "empty")],
        *[(f"0001/a{c}b.json", "unprintable") for c in "\0\n\r\x1b\x7f\u202e\u200b"],
        *[
            ("0001/", "empty"),
            ("0001/x", "ending"),
            ("0001/x.csv", "ending"),
            ("0001/x.gz", "ending"),
        ],
        *[("0001/.json", "ending"), ("0001/.json.gz", "ending"), ("0001/a/.json", "ending")],
        *[("0001/x.json ", "ending"), ("0001/x.json.zip", "ending"), ("0001/xjson", "ending")],
        *[("0001/.resume", "ending"), ("0001/a/.resume", "ending"), ("0001/x.RESUME", "ending")],
        ("0001/" + "x" * 900 + ".json", "longer than 900 characters"),
    ],
)
def test_an_unusable_name_says_why(name: str, why: str) -> None:
    parsed = parse_name(name)
    assert isinstance(parsed, UnusableName)
    assert why in parsed.reason
    assert parsed.reason.endswith(".")
    assert name[-20:] not in parsed.reason or not name  # it may be hostile


def test_a_long_name_is_read_and_its_record_fits_in_storage() -> None:
    name = parse_name("0001/" + "x" * 890 + ".json")
    assert isinstance(name, CatalogName)
    assert len(run_record_name(*run_of(name, ETAG))) < 1024


@PROPERTY
@given(st.text(max_size=40))
@example("0001/..json")
@example("0001/x.json.resume")
def test_whatever_is_read_from_a_name_stays_in_its_stores_folder(rest: str) -> None:
    for text in (rest, f"0001/{rest}", f"0001/{rest}.json.gz", f"0001/{rest}.resume"):
        store, run = run_of(parse_name(text), ETAG)
        assert store == UNKNOWN_STORE or text.startswith(f"{store}/")
        record = run_record_name(store, run)
        assert record.startswith(f"{store}/")
        assert not {"", ".", ".."} & set(re.split(r"[/\\]", record))
        assert record.isprintable()


def test_each_version_of_a_blob_is_its_own_run() -> None:
    name = parse_name("0001/2026/new.json.gz")
    store, run = run_of(name, '"0x8DC12"')
    assert (store, run) == (STORE, "2026/new.8DC12")
    assert run_of(name, '"0x8DC13"') != (store, run)
    assert run_record_name(store, run) == "0001/2026/new.8DC12.json"


@pytest.mark.parametrize("etag", ['"0x8DC12"', "0x8DC12", '"8DC12"', "8DC12"])
def test_an_etag_is_the_same_with_and_without_quotes(etag: str) -> None:
    assert run_of(CatalogName(STORE, "x"), etag) == (STORE, "x.8DC12")


@pytest.mark.parametrize("etag", ['"0x8DC12"', "0x8DC12"])
def test_an_etag_is_quoted_as_http_writes_it(etag: str) -> None:
    assert parse_etag(etag) == '"0x8DC12"'


@pytest.mark.parametrize("text", ["", '"', '""', "a b", "a\n", "\x01", "ä", "\ud83d", "x" * 101])
def test_what_is_not_an_etag_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an ETag"):
        parse_etag(text)


@PROPERTY
@given(st.text(min_size=1), st.text(min_size=1))
def test_the_run_of_any_etag_is_harmless_and_unique(one: str, other: str) -> None:
    runs = [run_of(CatalogName(STORE, "x"), f"!{etag}")[1] for etag in (one, other)]
    assert all(re.fullmatch(r"x\.[0-9a-f]{16}", run) for run in runs)
    assert (runs[0] == runs[1]) == (one == other)


@pytest.mark.parametrize("run", ["x.8DC12", "2026/new prices.8DC12", "x.json.8DC12", "a.resume.8D"])
def test_a_resume_request_is_read_back(run: str) -> None:
    name = parse_name(resume_name(STORE, RunId(run)))
    assert name == ResumeName(STORE, RunId(run))
    assert run_of(name, ETAG) == (STORE, run)


HOSTILE = [
    *[
        "",
        "/",
        "..",
        "../..",
        "../../x.json",
        "x",
        "A/x.json",
        "A-x.json",
        "a\\x.json",
        "\0",
        "é/ü",
    ],
    *["a" * 1024, "b" + "a" * 1023, "CON", "x/../y.json", "%2e%2e/x.json", "<script>", "x\n.json"],
]


def unusable_run(blob: str, etag: str = ETAG) -> RunId:
    """Return the run of a blob with an unusable name; all such blobs have the same store."""
    store, run = run_of(UnusableName(blob, "It is hostile."), etag)
    assert store == UNKNOWN_STORE
    return run


@pytest.mark.parametrize("blob", HOSTILE)
def test_the_run_of_an_unusable_name_is_harmless(blob: str) -> None:
    run = unusable_run(blob)
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,120}", run)
    assert not {"", ".", ".."} & {run, *run.split("/")}
    assert run.endswith(".8DC12AB34CD56EF")


def test_runs_of_unusable_names_are_distinct() -> None:
    assert len(set(map(unusable_run, HOSTILE))) == len(HOSTILE)
    assert unusable_run("x", '"0x1"') != unusable_run("x", '"0x2"')
    assert unusable_run("x") == unusable_run("x")


@PROPERTY
@given(st.text(), st.text())
def test_the_run_of_any_name_is_harmless_and_unique(one: str, other: str) -> None:
    runs = [unusable_run(blob) for blob in (one, other)]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", run) for run in runs)
    assert (runs[0] == runs[1]) == (one == other)


def test_the_agents_catalogues_sort_by_time_in_utc() -> None:
    noon = datetime(2026, 11, 23, 12, 0, 5, tzinfo=timezone(timedelta(hours=2)))
    name = new_catalog_name(STORE, noon, "k3x9")
    assert name == "0001/20261123T100005Z-k3x9.json.gz"
    assert parse_name(name) == CatalogName(STORE, "20261123T100005Z-k3x9")
    assert new_catalog_name(STORE, noon.astimezone(UTC) + timedelta(seconds=1), "a") > name


METADATA = st.builds(
    CatalogMetadata,
    rows=st.none() | st.integers(0, 10**12 - 1),
    sha256=st.none() | st.from_regex(r"[0-9a-f]{64}", fullmatch=True),
    traceparent=st.none()
    | st.from_regex(r"00-[1-9a-f][0-9a-f]{31}-[1-9a-f][0-9a-f]{15}-01", fullmatch=True),
    ids_are_unique=st.booleans(),
)


@PROPERTY
@given(METADATA)
def test_metadata_is_read_back_the_same_whatever_storage_does_to_its_keys(
    metadata: CatalogMetadata,
) -> None:
    headers = metadata.to_headers()
    assert CatalogMetadata.from_headers(headers) == metadata
    assert CatalogMetadata.from_headers({k.title(): v for k, v in headers.items()}) == metadata
    assert all(re.fullmatch(r"[a-z][a-z0-9]*", key) for key in headers)


@pytest.mark.parametrize(
    "headers",
    [
        *[{}, {"rows": ""}, {"rows": "-1"}, {"rows": "1.5"}, {"rows": "x"}, {"rows": "1" * 5_000}],
        *[{"rows": "\u0663"}, {"rows": "1\n"}, {"sha256": "abc"}, {"sha256": "g" * 64}],
        *[{"uniqueids": "TRUE"}, {"uniqueids": "1"}, {"note": "by hand"}],
    ],
)
def test_missing_or_malformed_metadata_reads_as_absent(headers: dict[str, str]) -> None:
    assert CatalogMetadata.from_headers(headers) == CatalogMetadata()
