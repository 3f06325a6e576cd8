"""The names of tables and columns: read from the settings, quoted for SQL, compared for advice."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import NamedTuple

MAX_NAMES = 10
"""The most names in one message."""

_LONGEST = 128
_PART = re.compile(r"\s*(?:\[(?P<bracketed>(?:[^\]]|\]\])+)\]\s*|(?P<bare>[^\[.][^.]*)|)(?=\.|\Z)")
_PLAIN = re.compile(r"[^\W\d]\w*\Z")

TableName = tuple[str, ...]
"""A table's name without any quoting; its schema, if given, comes before it, its database before that."""


class Columns(NamedTuple):
    """Which of a table's columns hold what is sent."""

    product_id: str = "ProductID"
    product_name: str = "ProductName"
    sell_price: str = "SellPrice"


def parse_table_name(text: str) -> TableName:
    """Split `Products`, `dbo.Products` or `[dbo].[Prod]]ucts]` into its parts.

    A dot inside brackets belongs to the name, and `]]` is one bracket. The schema may be empty
    (`Shop..Products`): the login's own is meant. The message of a ValueError is the rest of a
    sentence that begins with the setting's name, such as “has an empty part”.
    """
    parts = []
    at = 0
    while True:
        match = _PART.match(text, at)
        if match is None:
            raise ValueError("has a [ that is not closed, or text beside [ ]")
        parts.append(_unquoted(match))
        at = match.end() + 1
        if match.end() == len(text):
            break
    if len(parts) > 3:
        raise ValueError("has more parts than database.schema.table")
    if not parts[-1] or not parts[0]:
        raise ValueError("has an empty part" if text.strip() else "is empty")
    _check(parts)
    return tuple(parts)


def parse_name(text: str) -> str:
    """Return a name that has no parts, such as a column's; brackets around it are taken off.

    A dot always belongs to the name. Raises ValueError as `parse_table_name` does.
    """
    match = _PART.match(text)
    bracketed = match is not None and match["bracketed"] is not None and match.end() == len(text)
    name = _unquoted(match) if match is not None and bracketed else text.strip()
    if not name:
        raise ValueError("is empty")
    _check([name])
    return name


def quote_bracketed(name: str) -> str:
    """Quote one name for SQL Server, whatever is in it."""
    return "[" + name.replace("]", "]]") + "]"


def quote_table(name: TableName) -> str:
    """Quote a table's name for SQL Server, part by part; an empty part stays empty."""
    return ".".join(quote_bracketed(part) if part else "" for part in name)


def shown_table(name: TableName) -> str:
    """Return a table's name as a person would write it in the settings."""
    return ".".join(
        part if not part or _PLAIN.match(part) else quote_bracketed(part) for part in name
    )


def shown_name(name: str) -> str:
    """Return a name as messages have it: in brackets if it has spaces that would be overlooked."""
    is_plain = name.isprintable() and name == " ".join(name.split())
    return name if is_plain else quote_bracketed(name)


def closest(wanted: str, names: Iterable[str]) -> list[str]:
    """Return those of the names that look most like the wanted one, the closest first."""
    matcher = SequenceMatcher(b=wanted.casefold())

    def unlikeness(name: str) -> tuple[float, str]:
        matcher.set_seq1(name.casefold())
        return -matcher.ratio(), name

    return sorted(names, key=unlikeness)[:MAX_NAMES]


def _unquoted(match: re.Match[str]) -> str:
    if match["bracketed"] is not None:
        return match["bracketed"].replace("]]", "]")
    return (match["bare"] or "").strip()


def _check(parts: Iterable[str]) -> None:
    for part in parts:
        if len(part) > _LONGEST:
            raise ValueError(f"has a part of more than {_LONGEST} characters")
        if "\0" in part:
            raise ValueError("contains a NUL character")
