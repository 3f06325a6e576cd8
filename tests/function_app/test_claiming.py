"""A store's newest good catalogue, whichever run claims it."""

from datetime import datetime, timedelta

import pytest

from contract.blobs import StoreName
from function_app.claiming import claim_newest, is_newest, is_outdated
from function_app.ordering import CatalogAge
from tests.function_app.fakes import NOON
from tests.function_app.world import STORE, World

LATER = NOON + timedelta(seconds=1)


def version(
    name: str = "0001/a.json", etag: str = '"0x1"', modified: datetime = NOON
) -> CatalogAge:
    return CatalogAge(name, etag, modified)


def yes() -> bool:
    return True


def claim(world: World, catalog: CatalogAge, store: StoreName = STORE) -> bool:
    outdated = is_outdated(world.ports, store, catalog, yes)
    claimed = claim_newest(world.ports, store, catalog, yes)
    assert not (outdated and claimed)
    return claimed


def test_the_first_catalogue_is_the_newest(world: World) -> None:
    assert claim(world, version())
    assert is_newest(world.ports, STORE, version())


def test_before_any_claim_every_catalogue_counts_as_the_newest(world: World) -> None:
    assert is_newest(world.ports, STORE, version())


def test_a_newer_catalogue_replaces_an_older_one(world: World) -> None:
    older, newer = version("0001/z.json"), version("0001/b.json", modified=LATER)
    assert claim(world, older)
    assert claim(world, newer)
    assert not is_newest(world.ports, STORE, older)
    assert is_newest(world.ports, STORE, newer)


def test_an_older_catalogue_does_not_replace_a_newer_one(world: World) -> None:
    older, newer = version("0001/z.json"), version("0001/b.json", modified=LATER)
    assert claim(world, newer)
    assert not claim(world, older)
    assert is_newest(world.ports, STORE, newer)


def test_a_catalogue_may_be_claimed_again(world: World) -> None:
    assert claim(world, version())
    assert claim(world, version())


def test_each_store_has_its_own_newest_catalogue(world: World) -> None:
    assert claim(world, version("0001/b.json"))
    assert claim(world, version("0002/a.json"), StoreName("0002"))


def test_the_newer_of_two_simultaneous_claims_wins(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another run writes the note after we read it and before we write it."""
    older, newer = version("0001/z.json"), version("0001/b.json", modified=LATER)
    write = world.locks.note_newest

    def outrun(store: StoreName, catalog: CatalogAge, over: str | None) -> bool:
        monkeypatch.setattr(world.locks, "note_newest", write)
        assert claim(world, newer)
        return write(store, catalog, over)

    monkeypatch.setattr(world.locks, "note_newest", outrun)
    assert not claim(world, older)
    assert is_newest(world.ports, STORE, newer)


def test_a_damaged_note_is_replaced(world: World) -> None:
    world.locks.damage(STORE)
    assert is_newest(world.ports, STORE, version())
    assert claim(world, version())
    assert not is_newest(world.ports, STORE, version("0001/b.json"))
