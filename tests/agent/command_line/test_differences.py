"""What has changed, in words: the numbers first, then examples, and why an upload stops."""

from datetime import UTC, datetime

from agent.command_line.differences import describe_changes, too_many
from agent.comparing import compare
from contract.product import Product

SINCE = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def products(count: int, price: str = "1.50") -> list[Product]:
    return [Product(f"P{number:05}", f"Product {number}", price) for number in range(count)]


def test_the_numbers_stand_under_one_another() -> None:
    changes = compare(products(1_200), [*products(1_000), Product("Q", "Tea", "1")])
    local = f"{SINCE.astimezone():%Y-%m-%d %H:%M}"
    assert describe_changes(changes, SINCE).splitlines()[:6] == [
        f"Compared with the last catalogue that succeeded ({local}, 1,200 products):",
        "  new             1",
        "  other price     0",
        "  other name      0",
        "  gone          200",
        "  unchanged   1,000",
    ]


def test_there_are_examples_of_everything_that_has_changed() -> None:
    before = [*products(8), Product("X1", "Tea", "1.00"), Product("X2", "Tea", "1.00")]
    now = [*products(1), Product("X1", "Crème", "2.00"), Product("X2", "Té", "1.0")]
    assert describe_changes(compare(before, now), SINCE).splitlines()[7:] == [
        "Other price:",
        "  X1  Crème (was Tea): 1.00 → 2.00",
        "",
        "Other name:",
        "  X2  Té (was Tea): 1.00 → 1.0",
        "",
        "Gone (no longer sent; nothing is deleted at Digible):",
        *(f"  P0000{number}  Product {number}: 1.50" for number in range(1, 6)),
        "  … and 2 more",
    ]


def test_a_line_fits_the_screen_however_long_a_name_is() -> None:
    long = Product("9" * 200, "Tea " * 1_000, "1" * 38)
    assert max(map(len, describe_changes(compare([long], []), SINCE).splitlines())) <= 80


def test_nothing_stops_at_the_limit_and_everything_beyond_it() -> None:
    changes = compare(products(1_000), [*products(700), *products(800, "2.00")[700:]])
    assert changes.share == 0.3
    assert too_many(changes, 0.3) is None
    problem = too_many(changes, 0.2999)
    assert problem is not None
    assert problem[0] == (
        "300 of the 1,000 products of the last upload (30 %) are gone (200) or have another price "
        "(100): more than the 29.99 % that `change_limit_percent` in the settings allows. Nothing "
        "was sent."
    )
    assert "`shopmaster upload --yes`" in problem[1]
