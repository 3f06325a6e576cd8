"""Which of two catalogues is newer, by the blob service's clock."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from azure.storage.blob import BlobServiceClient
from hypothesis import given
from hypothesis import strategies as st

from contract.blobs import CATALOGS, parse_etag
from function_app.ordering import CatalogAge, completed_at

SECOND = datetime(2009, 9, 9, 9, 20, 2, tzinfo=UTC)
DOCUMENTED = '"0x8CBFF45D8A29A19"'  # for that second, in Microsoft's examples
TICKS = 0x8CBFF45D8A29A19


def test_an_azure_etag_contains_the_time_within_the_second() -> None:
    assert completed_at(SECOND, DOCUMENTED) == SECOND + timedelta(microseconds=804_789)


@given(st.integers(-804_789, 195_210))
def test_every_microsecond_in_an_etag_within_its_second_counts(microseconds: int) -> None:
    moment = completed_at(SECOND, f'"0x{TICKS + 10 * microseconds:X}"')
    assert moment == SECOND + timedelta(microseconds=804_789 + microseconds)


@pytest.mark.parametrize(
    "etag",
    [
        '"0x1D7A4F9E2B3C5D0"',  # Azurite's are random
        '"0x2"',
        f'"0x{TICKS + 1_200_000_000:X}"',  # two minutes later
        f'"0x{TICKS - 1_200_000_000:X}"',
        f'"0x{10**40:X}"',
        '"0x"',
        '""',
        '"abc-def"',
        "W/0x8CBFF45D8A29A19",
    ],
)
def test_an_etag_far_from_its_second_is_ignored(etag: str) -> None:
    assert completed_at(SECOND, etag) == SECOND


@pytest.mark.parametrize("seconds", [-1, 1, 5])
def test_an_etag_a_few_seconds_earlier_or_later_counts(seconds: int) -> None:
    etag = f'"0x{TICKS + seconds * 10_000_000:X}"'
    assert completed_at(SECOND, etag) == SECOND + timedelta(seconds=seconds, microseconds=804_789)


def age(seconds: float = 0, etag: str = '"0x1"', name: str = "0001/a.json") -> CatalogAge:
    return CatalogAge(name, etag, SECOND + timedelta(seconds=seconds))


def yes() -> bool:
    return True


def no() -> bool:
    return False


def test_the_catalogue_of_the_later_second_is_newer_whatever_its_name() -> None:
    assert age(1, name="0001/a.json").is_newer_than(age(0, name="0001/z.json"), no)
    assert not age(0, name="0001/z.json").is_newer_than(age(1, name="0001/a.json"), yes)


def test_within_a_second_azures_etags_decide() -> None:
    earlier = age(etag=f'"0x{TICKS - 500:X}"', name="0001/z.json")
    later = age(etag=DOCUMENTED, name="0001/a.json")
    assert later.is_newer_than(earlier, no)
    assert not earlier.is_newer_than(later, yes)


def test_within_a_second_without_azures_etags_the_later_name_is_newer() -> None:
    a, b = age(name="0001/a.json", etag='"0x9"'), age(name="0001/b.json", etag='"0x8"')
    assert b.is_newer_than(a, no)
    assert not a.is_newer_than(b, yes)


@pytest.mark.parametrize("seconds", [-3_600, 0, 1, 3_600])
def test_the_version_that_is_stored_under_a_name_is_newer_whatever_a_clock_says(
    seconds: float,
) -> None:
    one, other = age(seconds, etag='"0x9"'), age(etag='"0x8"')
    assert one.is_newer_than(other, yes)
    assert not one.is_newer_than(other, no)


@given(st.text())
def test_any_etag_is_harmless(etag: str) -> None:
    assert abs(completed_at(SECOND, etag) - SECOND) < timedelta(minutes=1)


def test_the_local_stack_shows_the_order_within_a_second(storage: str) -> None:
    """Azure does so too. Here the names have the opposite order."""
    with BlobServiceClient.from_connection_string(storage) as service:
        container = service.get_container_client(CATALOGS)
        ages = []
        for number in range(50):
            blob = container.get_blob_client(f"ordering/{50 - number:02}.json")
            blob.upload_blob(b"[]")
            written = blob.get_blob_properties()
            ages.append(CatalogAge(written.name, parse_etag(written.etag), written.last_modified))
    assert all(later.is_newer_than(earlier, no) for earlier, later in itertools.pairwise(ages))
