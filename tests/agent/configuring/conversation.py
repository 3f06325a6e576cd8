"""A terminal with a script, and surroundings that tests choose."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from agent.errors import StorageError
from agent.export import ProductSource
from agent.settings.parsing import Settings
from agent.sqlite import SqliteSource, SqliteTable
from agent.sqlserver.exploring import FoundTable, databases, installed_driver, tables
from agent.sqlserver.login import Login
from agent.sqlserver.source import SqlServerSource
from agent.sqlserver.table import SqlServerTable

Line = tuple[str, str | type[BaseException]]
"""A part of the question that is expected, and what the person answers, or what happens instead."""


class ScriptedTerminal:
    """Answers as the script says, and fails at a question that isn't next in it."""

    def __init__(self, *script: Line) -> None:
        self.said: list[str] = []
        self._script = list(script)

    def say(self, text: str = "") -> None:
        self.said.append(text)

    def ask(self, question: str) -> str:
        return self._answer(question)

    def ask_hidden(self, question: str) -> str:
        return self._answer(question)

    @property
    def text(self) -> str:
        """Everything that was shown."""
        return "\n".join(self.said)

    def is_done(self) -> bool:
        return not self._script

    def _answer(self, question: str) -> str:
        self.said.append(question)
        assert self._script, f"a question too many: {question}\n{self.text}"
        expected, answer = self._script.pop(0)
        assert expected in question, f"{expected!r} should come before {question!r}\n{self.text}"
        if not isinstance(answer, str):
            raise answer
        return answer


@dataclass
class FakeSurroundings:
    """A real database; servers and a cloud that tests choose."""

    found: list[str] = field(default_factory=list)
    refusals: Iterator[str] = field(default_factory=lambda: iter(()))
    """Why the storage account refuses, one time after another, until it doesn't."""

    tried: list[Settings] = field(default_factory=list)
    tables_of: Callable[[Login], list[FoundTable]] = tables

    def servers(self) -> list[str]:
        return self.found

    def driver(self) -> str:
        return installed_driver()

    def databases(self, login: Login) -> list[str]:
        return databases(login)

    def tables(self, login: Login) -> list[FoundTable]:
        return self.tables_of(login)

    def products(self, table: SqlServerTable | SqliteTable) -> ProductSource:
        if isinstance(table, SqliteTable):
            return SqliteSource(table)
        return SqlServerSource(table)

    def prove_storage(self, settings: Settings) -> None:
        self.tried.append(settings)
        for why in self.refusals:
            raise StorageError(why)

    def token(self, settings: Settings) -> str:
        self.tried.append(settings)
        for why in self.refusals:
            raise StorageError(why)
        return "There is no token yet."
