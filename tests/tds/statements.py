"""The stand-in's T-SQL: SET, and SELECT from one table. Anything else is error 102."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tests.tds.tokens import SqlError

_TOKEN = re.compile(
    r"""\s*(?:
        \[(?P<bracketed>(?:[^\]]|\]\])+)\]
      | N?'(?P<text>(?:[^']|'')*)'
      | (?P<number>[0-9]+)
      | (?P<parameter>@\w+)
      | (?P<word>[^\W\d]\w*)
      | (?P<sign>\S)
    )""",
    re.VERBOSE,
)

Name = tuple[str, ...]
"""The parts of a name, in order: ("dbo", "Products")."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column, by name."""

    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    """Text or a whole number."""

    value: str | int


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter, by name, with its @."""

    name: str


@dataclass(frozen=True, slots=True)
class Function:
    """A function of one argument."""

    name: str
    argument: "Expression"


@dataclass(frozen=True, slots=True)
class AsText:
    """CAST(argument AS nvarchar(n)): the only supported cast."""

    argument: "Expression"


@dataclass(frozen=True, slots=True)
class CountAll:
    """COUNT_BIG(*)."""


Expression = Column | Literal | Parameter | Function | AsText | CountAll


@dataclass(frozen=True, slots=True)
class SortKey:
    """One part of ORDER BY; without a collation, the column's own applies."""

    expression: Expression
    collation: str | None


@dataclass(frozen=True, slots=True)
class Select:
    """SELECT TOP top items FROM table WHERE left = right AND … ORDER BY keys."""

    items: tuple[Expression, ...]
    table: Name
    where: tuple[tuple[Expression, Expression], ...]
    order: tuple[SortKey, ...]
    top: int | None = None


@dataclass(frozen=True, slots=True)
class SetOption:
    """SET name value, where the value is a word or a number."""

    name: str
    value: str


Statement = Select | SetOption


def parse_batch(sql: str) -> list[Statement]:
    """Return a batch's statements; raise SqlError 102 at the first word that is not understood."""
    return _Parser(sql).batch()


def parse_name(text: str) -> Name:
    """Return the parts of a name, written as OBJECT_ID takes it."""
    return _Parser(text).name()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


_END = _Token("end", "")
_Item = TypeVar("_Item")


class _Parser:
    def __init__(self, sql: str) -> None:
        self._tokens = [
            _Token(match.lastgroup or "", match[match.lastgroup or 0])
            for match in _TOKEN.finditer(sql)
        ]
        self._at = 0

    def batch(self) -> list[Statement]:
        statements: list[Statement] = [self._statement()]
        while self._take_if(";"):
            if self._next() is not _END:
                statements.append(self._statement())
        if self._next() is not _END:
            raise self._error()
        return statements

    def name(self) -> Name:
        parts = [self._part()]
        while self._take_if("."):
            parts.append("" if self._next().text == "." else self._part())
        return tuple(parts)

    def _statement(self) -> Statement:
        if self._take_if("SET"):
            return SetOption(self._take("word"), self._take("word", "number"))
        self._expect("SELECT")
        top = int(self._take("number")) if self._take_if("TOP") else None
        items = self._list_of(self._expression)
        self._expect("FROM")
        table = self.name()
        where = []
        if self._take_if("WHERE"):
            where.append(self._equation())
            while self._take_if("AND"):
                where.append(self._equation())
        order: list[SortKey] = []
        if self._take_if("ORDER"):
            self._expect("BY")
            order = self._list_of(self._sort_key)
        return Select(tuple(items), table, tuple(where), tuple(order), top)

    def _list_of(self, read: Callable[[], _Item]) -> list[_Item]:
        items = [read()]
        while self._take_if(","):
            items.append(read())
        return items

    def _equation(self) -> tuple[Expression, Expression]:
        left = self._expression()
        self._expect("=")
        return left, self._expression()

    def _sort_key(self) -> SortKey:
        expression = self._expression()
        return SortKey(expression, self._take("word") if self._take_if("COLLATE") else None)

    def _expression(self) -> Expression:
        token = self._next()
        if token.kind in {"text", "number", "parameter"}:
            self._at += 1
            return _constant(token)
        name = self._part()
        if token.kind == "word" and self._take_if("("):
            return self._function(name)
        return Column(name)

    def _function(self, name: str) -> Expression:
        if name.upper() == "COUNT_BIG":
            self._expect("*")
            self._expect(")")
            return CountAll()
        argument = self._expression()
        if name.upper() == "CAST":
            for word in ("AS", "NVARCHAR", "("):
                self._expect(word)
            self._take("number")
            self._expect(")")
            self._expect(")")
            return AsText(argument)
        self._expect(")")
        return Function(name.upper(), argument)

    def _part(self) -> str:
        return self._take("word", "bracketed").replace("]]", "]")

    def _next(self) -> _Token:
        return self._tokens[self._at] if self._at < len(self._tokens) else _END

    def _take(self, *kinds: str) -> str:
        token = self._next()
        if token.kind not in kinds:
            raise self._error()
        self._at += 1
        return token.text

    def _take_if(self, word: str) -> bool:
        token = self._next()
        found = token.kind in {"word", "number", "sign"} and token.text.upper() == word
        self._at += found
        return found

    def _expect(self, word: str) -> None:
        if not self._take_if(word):
            raise self._error()

    def _error(self) -> SqlError:
        return SqlError(102, f"Incorrect syntax near '{self._next().text}'.", 15)


def _constant(token: _Token) -> Expression:
    if token.kind == "parameter":
        return Parameter(token.text)
    if token.kind == "number":
        return Literal(int(token.text))
    return Literal(token.text.replace("''", "'"))
