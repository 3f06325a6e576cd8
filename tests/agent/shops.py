"""What the agent's tests share: a shop's table, a run, and a fake source, progress and clock."""

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from agent.following import Clock
from agent.names import Columns
from agent.settings.file import PREFIX
from agent.values import catalog_rows
from contract.blobs import RunId, StoreName
from contract.product import CatalogRow
from contract.run import Run, RunState

Row = tuple[object, object, object]

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def clean_environment() -> dict[str, str]:
    """Return our environment without the agent's settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}


def make_shop(path: Path, rows: Iterable[Row], table: str = "Products") -> Path:
    """Create a SQLite file with a table like shopMaster's."""
    quoted = table.replace('"', '""')
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            f'CREATE TABLE "{quoted}" (ProductID VARCHAR(25), ProductName VARCHAR(75), '
            "SellPrice NUMERIC(18,2), QrCode VARCHAR(100), Status INT)"
        )
        database.executemany(f'INSERT INTO "{quoted}" VALUES (?, ?, ?, NULL, 1)', rows)
    return path


def products(count: int) -> list[Row]:
    """Return that many rows, all of them good."""
    return [
        (f"P{number:04}", f"Product {number}", f"{number}.50") for number in range(1, count + 1)
    ]


def make_run(state: RunState = RunState.SENDING, **values: object) -> Run:
    """Return a run with the values that a test is about."""
    given: dict[str, object] = {
        "run": RunId("20261123T120000Z-1a2b3c4d.8DC12"),
        "store": StoreName("0001"),
        "catalog": "0001/20261123T120000Z-1a2b3c4d.json.gz",
        "etag": '"0x8DC12"',
        "message": "Words for the shop owner.",
        "started_at": NOW,
        "updated_at": NOW,
        **values,
    }
    return Run(state=state, **given)  # type: ignore[arg-type]  # the tests pass the right types


@dataclass
class FakeSource:
    """A table in memory; reading it may fail after the last row."""

    table: list[Row]
    breaks_with: BaseException | None = None

    def rows(self) -> Iterator[CatalogRow]:
        yield from catalog_rows(self.table, Columns())
        if self.breaks_with is not None:
            raise self.breaks_with

    def count(self) -> int | None:
        return len(self.table)


@dataclass
class FakeProgress:
    """Records the calls that it gets."""

    begun: list[str] = field(default_factory=list)
    reached: list[tuple[int, int | None]] = field(default_factory=list)
    details: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    ended: int = 0

    def begin(self, what: str, unit: str, total: Callable[[], int | None]) -> None:
        self.begun.append(what)
        self.reached.append((0, total()))

    def reach(self, done: int, total: int | None = None, detail: str = "") -> None:
        self.reached.append((done, total))
        if detail:
            self.details.append(detail)

    def say(self, sentence: str) -> None:
        self.said.append(sentence)

    def end(self) -> None:
        self.ended += 1


class FakeTime:
    """Time that passes only during a sleep."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.now, self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
