"""What would change since the last catalogue, in words for the shop owner: pure decisions."""

from collections.abc import Iterator
from datetime import datetime

from agent.changes import Change, Changes, Kind
from agent.showing import local_time, shown
from contract.product import Product

NOTHING_TO_COMPARE = (
    "There is nothing to compare with yet: no upload from this computer has succeeded."
)

_LONGEST_ID, _LONGEST_NAME, _LONGEST_PRICE = 25, 30, 15
_LONGEST_OF_TWO_NAMES = 20
_WORDS = {
    Kind.NEW: "new",
    Kind.REPRICED: "other price",
    Kind.RENAMED: "other name",
    Kind.GONE: "gone",
    Kind.UNCHANGED: "unchanged",
}
_MEANING = {Kind.GONE: " (no longer sent; nothing is deleted at Digible)"}


def describe_changes(changes: Changes, since: datetime) -> str:
    """Say what has changed since a catalogue whose run began at `since`, with examples."""
    lines = [describe_counts(changes, since)]
    for kind in Kind:
        if kind is not Kind.UNCHANGED:
            lines += _examples(changes, kind)
    return "\n".join(lines)


def describe_counts(changes: Changes, since: datetime) -> str:
    """Say how many products have changed since then, without naming any."""
    width = max(len(f"{count:,}") for count in changes.counts.values())
    before = f"{local_time(since)}, {changes.before:,} products"
    lines = [
        f"Compared with the last catalogue that succeeded ({before}):",
        *(f"  {_WORDS[kind]:<11} {changes.counts[kind]:>{width},}" for kind in Kind),
    ]
    return "\n".join(lines)


def too_many(changes: Changes, limit: float) -> tuple[str, str] | None:
    """Return why an upload stops because too much has changed, and what to do; None if it goes on.

    `limit` is the share, from 0 to 1, of the products of last time that may be gone or have another price.
    """
    if changes.share <= limit:
        return None
    cause = (
        f"{changes.doubtful:,} of the {changes.before:,} products of the last upload "
        f"({_percent(changes.share)}) are gone ({changes.counts[Kind.GONE]:,}) or have another price "
        f"({changes.counts[Kind.REPRICED]:,}): more than the {_percent(limit)} that "
        "`change_limit_percent` in the settings allows. Nothing was sent."
    )
    remedy = (
        "If that is right, run `shopmaster upload --yes` once. If not, correct `table` or [columns] "
        "in the settings; `shopmaster upload --dry-run` shows what would be sent."
    )
    return cause, remedy


def _percent(share: float) -> str:
    return f"{share * 100:.4g} %"


def _examples(changes: Changes, kind: Kind) -> Iterator[str]:
    examples, count = changes.examples[kind], changes.counts[kind]
    if not examples:
        return
    yield ""
    yield f"{_WORDS[kind].capitalize()}{_MEANING.get(kind, '')}:"
    yield from (f"  {_line(change)}" for change in examples)
    if count > len(examples):
        yield f"  … and {count - len(examples):,} more"


def _line(change: Change) -> str:
    match change:
        case Change(before=Product() as old, now=Product() as new):
            price = _price(new)
            if old.product_price != new.product_price:
                price = f"{_price(old)} → {price}"
            name = _name(new)
            if old.product_name != new.product_name:
                both = (_name(each, _LONGEST_OF_TWO_NAMES) for each in (new, old))
                name = "{} (was {})".format(*both)
            return f"{_id(new)}  {name}: {price}"
        case Change(before=Product() as only) | Change(now=Product() as only):
            return f"{_id(only)}  {_name(only)}: {_price(only)}"
    raise AssertionError(change)


def _id(product: Product) -> str:
    return shown(str(product.product_id), _LONGEST_ID)


def _name(product: Product, longest: int = _LONGEST_NAME) -> str:
    return shown(product.product_name, longest)


def _price(product: Product) -> str:
    return shown(product.product_price, _LONGEST_PRICE)
