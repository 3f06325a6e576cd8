"""Guesses which table holds the products and which of its columns hold what is sent, by name and type."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent.names import Columns
from agent.sqlserver.exploring import Column, FoundTable

_TEXT = frozenset({"char", "varchar", "nchar", "nvarchar", "text", "ntext"})
_WHOLE = frozenset({"tinyint", "smallint", "int", "bigint", "uniqueidentifier"})
_MONEY = frozenset({"decimal", "numeric", "money", "smallmoney", "float", "real"})
_NOT_A_LETTER = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class _Role:
    """What a column is for, and how to recognise it."""

    names: tuple[str, ...]
    """As a column may be called, the most likely first, in lower case and without other characters."""

    kinds: frozenset[str]


_ID = _Role(
    (
        *("productid", "productcode", "productno", "productnumber", "articleid", "articlenumber"),
        *(
            "articleno",
            "itemid",
            "itemcode",
            "itemno",
            "itemnumber",
            "sku",
            "plu",
            "barcode",
            "ean",
        ),
        *("artikelnummer", "artikelnr", "artnr", "codarticulo", "codigo", "code", "id"),
    ),
    _TEXT | _WHOLE | _MONEY,  # a numeric(18,0) is a common key
)
_NAME = _Role(
    (
        *(
            "productname",
            "productdescription",
            "articlename",
            "itemname",
            "itemdescription",
            "name",
        ),
        *("description", "title", "bezeichnung", "artikelbezeichnung", "designation", "nombre"),
        *("descripcion", "libelle"),
    ),
    _TEXT,
)
_PRICE = _Role(
    (
        *("sellprice", "sellingprice", "salesprice", "saleprice", "retailprice", "unitprice"),
        *("grossprice", "listprice", "price", "verkaufspreis", "vkpreis", "vk", "bruttopreis"),
        *("preis", "precioventa", "precio", "prixvente", "prix", "amount"),
    ),
    _MONEY | frozenset({"int", "bigint"}),
)
_ROLES = (_ID, _NAME, _PRICE)
_TABLES = ("product", "article", "artikel", "articulo", "item", "producto", "produit", "stock")


@dataclass(frozen=True, slots=True)
class Guess:
    """A table that may hold the products."""

    table: FoundTable
    columns: Columns | None
    """None if there is no column that looks right for each of the three."""

    score: float


def ranked(tables: Iterable[FoundTable]) -> list[Guess]:
    """Return the tables, those that look most like a table of products first."""
    guesses = map(_guess, tables)
    return sorted(guesses, key=lambda guess: (-guess.score, guess.table.name))


def _guess(table: FoundTable) -> Guess:
    found = [_best(table.columns, role) for role in _ROLES]
    named = _plain(table.name[-1])
    # `Products` before `OldProducts`, and both before a table of anything else.
    bonus = max((2 - named.find(word) / 50 for word in _TABLES if word in named), default=0.0)
    bonus -= len(named) / 1000
    columns = [column.name for column, _ in found if column is not None]
    is_whole = len(columns) == len(_ROLES) and len(set(columns)) == len(_ROLES)
    return Guess(
        table,
        Columns(*columns) if is_whole else None,
        sum(score for _, score in found) + bonus + 3 * is_whole,
    )


def candidates(columns: Sequence[Column], role: int) -> list[str]:
    """Return a table's columns that may have a role (0: id, 1: name, 2: price), the likeliest first.

    A column whose type rules it out comes last: the owner knows better.
    """
    return [
        column.name for column in sorted(columns, key=lambda column: -_score(column, _ROLES[role]))
    ]


def _best(columns: Sequence[Column], role: _Role) -> tuple[Column | None, float]:
    scored = [(_score(column, role), -place) for place, column in enumerate(columns)]
    score, place = max(scored, default=(0.0, 0))
    return (columns[-place], score) if score > 0 else (None, 0.0)


def _score(column: Column, role: _Role) -> float:
    """Return 1 to 2 for a name that is known, less than 1 for one that contains it, 0 for any other."""
    if column.kind.lower() not in role.kinds:
        return -1.0
    name = _plain(column.name)
    for rank, known in enumerate(role.names):
        if name == known:
            return 2 - rank / len(role.names)
    for rank, known in enumerate(role.names):
        if len(known) > 3 and known in name:
            return 0.9 - rank / (2 * len(role.names))
    return 0.0


def _plain(name: str) -> str:
    return _NOT_A_LETTER.sub("", name.casefold())
