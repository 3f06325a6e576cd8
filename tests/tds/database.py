"""The stand-in's tables and catalogue views, stored by SQLite in a temporary file."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.tds.statements import (
    AsText,
    Column,
    CountAll,
    Expression,
    Function,
    Literal,
    Name,
    Parameter,
    Select,
    SortKey,
    parse_name,
)
from tests.tds.tokens import SqlError
from tests.tds.wire_types import SqlType, sql_type

SYSTEM_DATABASES = ("master", "tempdb", "model", "msdb")
_COLUMN_WORDS = ("TABLE_SCHEMA", "TABLE_NAME", "COLUMN_NAME", "DATA_TYPE")

Row = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Table:
    """A table as a test declares it."""

    name: str
    columns: Mapping[str, str]
    """Each column's name and type: `{"SellPrice": "numeric(18,2)"}`."""

    rows: Iterable[Row] = ()
    """May be a generator: it is read only once, into SQLite's file."""

    schema: str = "dbo"

    @property
    def types(self) -> dict[str, SqlType]:
        """The columns' types, by name."""
        return {name: sql_type(declared) for name, declared in self.columns.items()}


@dataclass(frozen=True, slots=True)
class Result:
    """A query's result."""

    columns: list[tuple[str, SqlType]]
    rows: Iterator[Row]
    """Each value is one that `SqlType.encode` takes."""

    of_catalog: bool


@dataclass(frozen=True, slots=True)
class _Stored:
    table: Table
    number: int
    types: dict[str, SqlType] = field(repr=False)

    @property
    def source(self) -> str:
        return _quoted(f"{self.table.schema}.{self.table.name}")

    def column(self, name: str) -> tuple[str, SqlType]:
        for own, kind in self.types.items():
            if own.casefold() == name.casefold():
                return own, kind
        raise SqlError(207, f"Invalid column name '{name}'.")


class Database:
    """The database of the stand-in, with the given tables."""

    def __init__(self, name: str, tables: Iterable[Table]) -> None:
        self.name = name
        # An empty path means a temporary file, so 500,000 rows stay out of memory.
        self._sqlite = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._sqlite.create_function("OBJECT_ID", 1, self._object_id)
        self._sqlite.create_function("HAS_DBACCESS", 1, lambda _name: 1)
        self._stored: dict[tuple[str, str], _Stored] = {}
        for table in tables:
            self._add(table)
        own = list(self._stored.values())
        for view in _catalog(name, own):
            self._add(view)

    def close(self) -> None:
        """Drop everything."""
        self._sqlite.close()

    def run(self, select: Select, parameters: Mapping[str, str | int | None]) -> Result:
        """Answer a query; raise SqlError as SQL Server would."""
        stored = self._find(select.table)
        columns = [_described(item, stored) for item in select.items]
        sql = f"SELECT {', '.join(_rendered(item, stored) for item in select.items)}"
        sql += f" FROM {stored.source}"
        if select.where:
            sql += " WHERE " + " AND ".join(
                f"{_rendered(left, stored)} = {_rendered(right, stored)}"
                for left, right in select.where
            )
        if select.order:
            sql += " ORDER BY " + ", ".join(_sort_key(key, stored) for key in select.order)
        if select.top is not None:
            sql += f" LIMIT {select.top}"
        values = {name.lstrip("@"): value for name, value in parameters.items()}
        of_catalog = stored.table.schema in {"sys", "INFORMATION_SCHEMA"}
        return Result(columns, self._sqlite.execute(sql, values), of_catalog)

    def _add(self, table: Table) -> None:
        key = (table.schema.casefold(), table.name.casefold())
        stored = _Stored(table, 1000 + len(self._stored), table.types)
        self._stored[key] = stored
        columns = ", ".join(map(_quoted, table.columns))
        self._sqlite.execute(f"CREATE TABLE {stored.source} ({columns})")
        marks = ", ".join("?" * len(table.columns))
        types = list(stored.types.values())
        self._sqlite.execute("BEGIN")
        self._sqlite.executemany(
            f"INSERT INTO {stored.source} VALUES ({marks})",
            (_stored_row(types, row) for row in table.rows),
        )
        self._sqlite.execute("COMMIT")

    def _find(self, name: Name) -> _Stored:
        *before, table = name
        schema = (before[-1] if before else "") or "dbo"
        elsewhere = len(before) > 1 and before[-2].casefold() != self.name.casefold()
        stored = self._stored.get((schema.casefold(), table.casefold()))
        if stored is None or elsewhere:
            raise SqlError(208, f"Invalid object name '{'.'.join(name)}'.")
        return stored

    def _object_id(self, name: str) -> int | None:
        try:
            return self._find(parse_name(name)).number
        except SqlError:
            return None


def _catalog(database: str, own: list[_Stored]) -> Iterator[Table]:
    """Yield the catalogue views that describe the tables."""
    name = "nvarchar(128)"
    yield Table(
        "columns",
        {"object_id": "int", "column_id": "int", "name": name},
        [
            (stored.number, number, column)
            for stored in own
            for number, column in enumerate(stored.types, 1)
        ],
        schema="sys",
    )
    yield Table(
        "COLUMNS",
        {**dict.fromkeys(_COLUMN_WORDS, name), "ORDINAL_POSITION": "int"},
        [
            (stored.table.schema, stored.table.name, column, declared.partition("(")[0], number)
            for stored in own
            for number, (column, declared) in enumerate(stored.table.columns.items(), 1)
        ],
        "INFORMATION_SCHEMA",
    )
    yield Table(
        "databases", {"name": name}, [(each,) for each in (*SYSTEM_DATABASES, database)], "sys"
    )
    yield Table(
        "TABLES",
        {"TABLE_SCHEMA": name, "TABLE_NAME": name},
        [(stored.table.schema, stored.table.name) for stored in own],
        "INFORMATION_SCHEMA",
    )


def _stored_row(types: list[SqlType], row: Row) -> list[Any]:
    return [
        None if value is None else kind.store(value) for kind, value in zip(types, row, strict=True)
    ]


def _described(item: Expression, stored: _Stored) -> tuple[str, SqlType]:
    match item:
        case Column(name):
            return name, stored.column(name)[1]
        case CountAll():
            return "", sql_type("bigint")
        case _:
            raise SqlError(102, "The stand-in selects only columns and COUNT_BIG(*).")


def _rendered(expression: Expression, stored: _Stored) -> str:
    """Return an expression as SQLite understands it."""
    match expression:
        case Column(name):
            return _quoted(stored.column(name)[0])
        case Literal(value):
            return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)
        case Parameter(name):
            return ":" + name.lstrip("@")
        case CountAll():
            return "count(*)"
        case AsText(argument):
            return f"CAST({_rendered(argument, stored)} AS TEXT)"
        case Function(name, argument):
            return _function(name, _rendered(argument, stored))


def _function(name: str, argument: str) -> str:
    if name == "DATALENGTH":
        return f"length(CAST({argument} AS BLOB))"
    if name in {"OBJECT_ID", "HAS_DBACCESS"}:
        return f"{name}({argument})"
    raise SqlError(195, f"'{name}' is not a recognized built-in function name.", 15)


def _sort_key(key: SortKey, stored: _Stored) -> str:
    """Order text as SQL Server does: by its collation, ignoring trailing blanks."""
    rendered = _rendered(key.expression, stored)
    if _is_text(key.expression, stored):
        binary = key.collation is not None and key.collation.upper().endswith("_BIN2")
        return f"rtrim({rendered}, ' ') COLLATE {'BINARY' if binary else 'NOCASE'}"
    if key.collation is not None:
        raise SqlError(447, "Expression type int is invalid for COLLATE clause.")
    return rendered


def _is_text(expression: Expression, stored: _Stored) -> bool:
    match expression:
        case Column(name):
            return stored.column(name)[1].is_text
        case _:
            return isinstance(expression, AsText)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
