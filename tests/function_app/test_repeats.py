"""A catalogue whose properties were merely touched is not a new one; one uploaded again on purpose is."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from contract.run import RunState
from function_app.answers import Refused, TokenRefused
from function_app.ports import CatalogVersion
from tests.function_app.world import DOWN, OK, World, ids, rows

OLDER, NEWER = "0001/a.json", "0001/b.json"
MESSAGE = (
    "These products were already delivered; only the properties of their file have changed, so "
    "nothing is sent again. To send them again, upload the file under another name."
)
Touch = Callable[[World, str], CatalogVersion]


def touched(world: World, name: str) -> CatalogVersion:
    return world.catalogs.touch(name)


def copied_onto_itself(world: World, name: str) -> CatalogVersion:
    return world.catalogs.touch(name, copied=True)


def moved(world: World, name: str) -> CatalogVersion:
    """Every blob and record of the storage account is created anew in another one."""
    world.records.move()
    return world.catalogs.put_again(name)


TOUCHES = pytest.mark.parametrize("touch", [touched, copied_onto_itself, moved])


def later(world: World, **time: float) -> None:
    world.clock.advance(timedelta(**(time or {"hours": 1})))


def put(world: World, name: str, price: str = "1.50") -> CatalogVersion:
    later(world)
    return world.put(rows(300, price), name)


def prices(world: World) -> set[str]:
    return {product.product_price for product in world.digible.products.values()}


@TOUCHES
def test_a_delivered_catalogue_is_not_sent_again(world: World, touch: Touch) -> None:
    world.upload(put(world, OLDER))
    later(world)
    run = world.upload(touch(world, OLDER))
    assert (run.state, run.message) == (RunState.SUPERSEDED, MESSAGE)
    assert (run.read, run.accepted, run.not_sent) == (300, 0, 300)
    assert len(world.digible.requests) == 2


@TOUCHES
def test_an_older_catalogue_does_not_come_back_over_a_newer_one(world: World, touch: Touch) -> None:
    world.upload(put(world, OLDER, "1.00"))
    world.upload(put(world, NEWER, "2.00"))
    later(world)
    assert world.upload(touch(world, OLDER)).state is RunState.SUPERSEDED
    assert prices(world) == {"2.00"}
    assert len(world.digible.requests) == 4


@TOUCHES
def test_the_newer_one_stays_the_newest(world: World, touch: Touch) -> None:
    """A touched old catalogue takes no place in the order that it didn't have before."""
    world.upload(put(world, OLDER, "1.00"))
    newer = put(world, NEWER, "2.00")
    world.answer(OK, TokenRefused("Expired", 401))
    assert world.upload(newer).state is RunState.SESSION_EXPIRED
    later(world)
    world.upload(touch(world, OLDER))
    world.resume(newer)
    assert world.run(newer).state is RunState.SUCCEEDED
    assert prices(world) == {"2.00"}


@TOUCHES
def test_it_stays_old_however_often_it_is_touched(world: World, touch: Touch) -> None:
    world.upload(put(world, OLDER, "1.00"))
    world.upload(put(world, NEWER, "2.00"))
    for _ in range(3):
        later(world)
        assert world.upload(touch(world, OLDER)).state is RunState.SUPERSEDED
    assert prices(world) == {"2.00"}


@TOUCHES
def test_one_that_was_superseded_before_it_was_sent_stays_so(world: World, touch: Touch) -> None:
    older, newer = put(world, OLDER, "1.00"), put(world, NEWER, "2.00")
    world.answer(DOWN)
    world.while_sending("P1", lambda: world.upload(newer))
    assert world.upload(older).state is RunState.SUPERSEDED
    later(world)
    assert world.upload(touch(world, OLDER)).state is RunState.SUPERSEDED
    world.all_messages()
    assert prices(world) == {"2.00"}


@TOUCHES
def test_one_that_was_not_delivered_is_delivered_as_the_new_version(
    world: World, touch: Touch
) -> None:
    version = put(world, OLDER)
    world.answer(OK, Refused("No.", 400, about_products=True))
    assert world.upload(version).state is RunState.FAILED
    later(world)
    run = world.upload(touch(world, OLDER))
    assert (run.state, run.accepted) == (RunState.SUCCEEDED, 300)


def test_a_touch_during_the_run_sends_the_catalogue_as_the_new_version(world: World) -> None:
    version = world.put(8_000, OLDER)  # too many to be read ahead
    new: list[CatalogVersion] = []
    world.while_sending("P1", lambda: new.append(touched(world, OLDER)))
    assert world.upload(version).state is RunState.SUPERSEDED
    run = world.upload(new[0])
    assert (run.state, len(world.digible.products)) == (RunState.SUCCEEDED, 8_000)


def test_a_newer_catalogue_stops_the_run_of_a_touched_one(world: World) -> None:
    version = put(world, OLDER, "1.00")
    world.answer(TokenRefused("Expired", 401))
    world.upload(version)
    later(world)
    again = touched(world, OLDER)
    newer = put(world, NEWER, "2.00")
    world.while_sending("P1", lambda: world.upload(newer))
    assert world.upload(again).state is RunState.SUPERSEDED
    world.all_messages()
    assert world.digible.accepted[0] == ids(1, 200)
    assert prices(world) == {"2.00"}


def test_the_same_file_uploaded_again_is_sent_again(world: World) -> None:
    world.upload(put(world, OLDER))
    assert world.upload(put(world, OLDER)).state is RunState.SUCCEEDED
    assert len(world.digible.requests) == 4


def test_an_old_file_uploaded_again_on_purpose_replaces_a_newer_one(world: World) -> None:
    world.upload(put(world, OLDER, "1.00"))
    world.upload(put(world, NEWER, "2.00"))
    assert world.upload(put(world, OLDER, "1.00")).state is RunState.SUCCEEDED
    assert prices(world) == {"1.00"}


def test_after_that_it_has_its_new_place_when_it_is_touched(world: World) -> None:
    world.upload(put(world, OLDER, "1.00"))
    world.upload(put(world, NEWER, "2.00"))
    world.answer(TokenRefused("Expired", 401))
    world.upload(put(world, OLDER, "1.00"))
    later(world)
    for touch in (touched, copied_onto_itself):
        later(world)
        run = world.upload(touch(world, OLDER))
    assert prices(world) == {"1.00"}
    assert run.message == MESSAGE


def test_other_bytes_under_the_same_name_are_new(world: World) -> None:
    world.upload(put(world, OLDER, "1.00"))
    assert world.upload(put(world, OLDER, "2.00")).state is RunState.SUCCEEDED
    assert prices(world) == {"2.00"}


def test_the_same_bytes_under_another_name_are_new(world: World) -> None:
    for name in (OLDER, NEWER, "0001/a.json.json", "0001/a.b.json"):
        assert world.upload(put(world, name)).state is RunState.SUCCEEDED
    assert len(world.digible.requests) == 8
