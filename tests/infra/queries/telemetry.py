"""Queries run over telemetry: captured events in DuckDB, in a table shaped as in Application Insights."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final

import duckdb_kql

from tests.infra.queries.table import CUSTOM_EVENTS
from tests.ingestion import CustomEvent

QUERIES: Final = Path(__file__).resolve().parents[3] / "infra" / "queries"
_SQL_TYPES: Final = {
    "datetime": "TIMESTAMP",
    "string": "VARCHAR",
    "dynamic": "JSON",
    "int": "INTEGER",
}

Row = Mapping[str, object]


def query_names(folder: str = "") -> list[str]:
    """Return the names of the queries in a folder of infra/queries, such as `alerts/run-failed`."""
    found = (QUERIES / folder).glob("*.kql")
    return sorted(path.relative_to(QUERIES).with_suffix("").as_posix() for path in found)


def query_text(name: str, parameters: Mapping[str, str] | None = None) -> str:
    """Return a query's text, with the workbook's parameters replaced."""
    text = (QUERIES / f"{name}.kql").read_text(encoding="utf-8")
    for parameter, value in (parameters or {}).items():
        text = text.replace(f"{{{parameter}}}", value)
    return text


def earlier(events: Iterable[CustomEvent], by: timedelta) -> list[CustomEvent]:
    """Return the events as if they had been sent that much earlier."""
    return [replace(event, sent_at=event.sent_at - by) for event in events]


def ending_at(events: Sequence[CustomEvent], moment: datetime) -> list[CustomEvent]:
    """Return the events as if the last of them had been sent at `moment`."""
    last = max((event.sent_at for event in events), default=moment)
    return earlier(events, last - moment)


def renamed(events: Iterable[CustomEvent], store: str, prefix: str = "") -> list[CustomEvent]:
    """Return the events as if they were of another store; `prefix` goes before the names of their runs."""
    return [
        replace(
            event,
            dimensions={
                **event.dimensions,
                "store": store,
                "run": prefix + event.dimensions["run"],
            },
        )
        for event in events
    ]


def run_query(
    text: str, events: Iterable[CustomEvent], now: datetime, window: timedelta | None = None
) -> list[Row]:
    """Return a query's result over the events, as at `now`; older ones than `window` are not seen."""
    seen = [event for event in events if window is None or now - window <= event.sent_at <= now]
    columns = ", ".join(f'"{name}" {_SQL_TYPES[kind]}' for name, kind in CUSTOM_EVENTS.items())
    with duckdb_kql.connect() as database:
        database.execute(f"CREATE TABLE customEvents ({columns})")
        if seen:
            values = [value for event in seen for value in _row(event).values()]
            row = f"({', '.join('?' * len(_row(seen[0])))})"
            statement = f"INSERT INTO customEvents ({', '.join(_row(seen[0]))}) VALUES "
            database.execute(statement + ", ".join([row] * len(seen)), values)
        sql = _as_sql(text, now)
        result = database.execute(str(sql), sql.parameters)
        names_of_result = [column[0] for column in result.description]
        return [dict(zip(names_of_result, row, strict=True)) for row in result.fetchall()]


@cache
def _as_sql(text: str, now: datetime) -> duckdb_kql.TranslationResult:
    """Translate a query; this takes most of the time, and most queries are run several times."""
    return duckdb_kql.to_sql(text, schema={"customEvents": list(CUSTOM_EVENTS)}, query_now=now)


def _row(event: CustomEvent) -> dict[str, object]:
    return {
        "timestamp": event.sent_at.astimezone(UTC).replace(tzinfo=None),
        "name": event.name,
        "itemType": "customEvent",
        "customDimensions": json.dumps(event.dimensions),
        "customMeasurements": json.dumps(event.measurements),
        "operation_Id": event.operation,
        "cloud_RoleName": event.role,
        "itemCount": 1,
    }
