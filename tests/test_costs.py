"""docs/costs.md: its figures follow from its own tables, and these agree with code and infrastructure."""

import ast
import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from azure.core.pipeline import PipelineResponse
from azure.core.pipeline.transport import HttpRequest
from azure.storage.blob import BlobServiceClient, ContainerClient

from agent.following import _LONGEST_PAUSE
from agent.storage.catalogs import BLOCK
from function_app.azure_storage.catalogs import BlobCatalogs
from function_app.azure_storage.lease import _RENEW_EVERY
from function_app.azure_storage.locks import BlobStoreLocks
from function_app.azure_storage.records import BlobRunRecords
from function_app.batching import BATCH_SIZE
from function_app.options import UploadOptions
from function_app.ports import Ports
from function_app.sweeping import sweep
from function_app.triggers import _SWEEP_EVERY
from function_app.upload import Uploader
from tests.function_app.world import World, rows

ROOT = Path(__file__).resolve().parent.parent
COSTS = (ROOT / "docs" / "costs.md").read_text(encoding="utf-8")
FLEETS = (1, 100, 10_000)
ROUND = {"ceil": math.ceil, "max": max}


def table(text: str, header: str) -> list[list[str]]:
    """Return the rows of the table whose first column has this header, cell by cell."""
    _, found, rest = text.partition(f"\n| {header} |")
    assert found, f"there is no table that begins with {header}"
    lines = rest.partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def numbers(text: str) -> dict[str, float]:
    """Return all assumptions and prices by name."""
    given = [*table(text, "assumption"), *table(text, "price")]
    return {name.strip("`"): float(value.replace(",", "")) for name, value, _ in given}


def formulas(text: str) -> dict[str, str]:
    return {name.strip("`"): formula.strip("`") for name, formula in table(text, "quantity")}


def month(text: str, stores: float, **other: float) -> dict[str, float]:
    """Return every number of a month with that many stores, computed as the document says."""
    known: dict[str, float] = {**numbers(text), "stores": stores, **other}
    for name, formula in formulas(text).items():
        known[name] = eval(formula, {"__builtins__": {}, **ROUND}, known)  # the document is ours
    return known


def code(cell: str) -> str:
    """Return what is in `…` in a cell."""
    return cell.split("`")[1]


def money(amount: float) -> str:
    return f"{amount:,.0f}" if amount >= 100 else f"{amount:,.2f}"


def wrong_figures(text: str) -> Iterator[str]:
    """Yield each row, and the sentence, that doesn't follow from the tables, as it should read."""
    months = [month(text, stores) for stores in FLEETS]
    for name, *shown in table(text, "a month, in USD"):
        if shown != (right := [money(each[code(name)]) for each in months]):
            yield f"{name} | {' | '.join(right)}"
    for name, *shown in table(text, "`total`, if a batch takes"):
        seconds = float(name.removesuffix(" s"))
        totals = [month(text, stores, seconds_of_a_batch=seconds)["total"] for stores in FLEETS]
        if shown != (right := [money(total) for total in totals]):
            yield f"{name} | {' | '.join(right)}"
    cents = f"about {months[0]['run'] * 100:.1f} cents"
    if cents not in text:
        yield cents


def test_every_figure_follows_from_the_tables() -> None:
    assert list(wrong_figures(COSTS)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0.1 cents", "0.2 cents"),
        ("| `products` | 5,000 |", "| `products` | 50,000 |"),
        ("| `gb_of_logs` | 2.76 |", "| `gb_of_logs` | 27.60 |"),
        ("`stores * runs_of_a_store`", "`stores * runs_of_a_store * 2`"),
        ("(`alerts`) | 4", "(`alerts`) | 5"),
    ],
)
def test_a_figure_that_does_not_follow_is_noticed(old: str, new: str) -> None:
    assert old in COSTS
    assert list(wrong_figures(COSTS.replace(old, new))) != []


def test_every_number_and_every_formula_is_used() -> None:
    used = {
        node.id
        for formula in formulas(COSTS).values()
        for node in ast.walk(ast.parse(formula))
        if isinstance(node, ast.Name)
    }
    shown = {code(row[0]) for row in table(COSTS, "a month, in USD")}
    told = {"run", "log_gb_a_day"}  # in the text
    assert set(numbers(COSTS)) - used == set()
    assert set(formulas(COSTS)) - used - shown == told - used


def test_the_assumptions_are_those_of_the_code() -> None:
    assumed = SimpleNamespace(**numbers(COSTS))
    assert assumed.batch_size == BATCH_SIZE
    assert assumed.block_kb == BLOCK / 1024
    assert assumed.renewal_seconds == _RENEW_EVERY
    assert assumed.poll_seconds == _LONGEST_PAUSE
    assert assumed.sweep_minutes == _SWEEP_EVERY


def test_the_assumptions_are_those_of_the_infrastructure() -> None:
    assumed = SimpleNamespace(**numbers(COSTS))
    assert assumed.memory_gb == bicep_number("main", "instanceMemoryMB int") / 1024
    assert assumed.catalog_days == bicep_number("main", "catalogRetentionDays int")
    longer = re.search(r"days: catalogRetentionDays \+ (\d+)", bicep("modules/storage"))
    assert longer
    assert assumed.record_days == assumed.catalog_days + int(longer[1])
    assert assumed.soft_delete_days == bicep_number("modules/storage", "softDeleteDays")


def test_the_alerts_are_those_of_the_infrastructure() -> None:
    assumed = SimpleNamespace(**numbers(COSTS))
    alerts = bicep("modules/alerts")
    often = Counter(re.findall(r"^    frequency: (\w+)$", alerts, re.MULTILINE))
    assert assumed.frequent_rules == often.pop("everyFiveMinutes")
    assert assumed.other_rules == often.total()
    assert set(often) <= {"everyQuarterHour", "everyHour"}
    assert assumed.metric_rules == len(re.findall(r"^    metric: ", alerts, re.MULTILINE))


def test_the_daily_cap_is_compared_with_what_is_sent() -> None:
    assert bicep_number("main", "logDailyCapGb int") == 1
    assert 0.8 < month(COSTS, 10_000)["log_gb_a_day"] < 1.2


def test_the_requests_of_a_run_are_those_assumed(azurite_connection: str) -> None:
    counted: Counter[str] = Counter()
    with counting(azurite_connection, counted) as service:
        ports, catalogs = account(service)
        for name in (
            "0001/first.json",
            "0001/second.json",
        ):  # what is assumed is not a store's first run
            catalogs.upload_blob(name, json.dumps(rows(3 * BATCH_SIZE)))
            counted.clear()
            Uploader(ports, UploadOptions()).upload(name)
    assumed = SimpleNamespace(**month(COSTS, 1, products=3 * BATCH_SIZE))
    assert counted == {
        "writes": assumed.writes_of_a_run,
        "lists": assumed.lists_of_a_run,
        "reads": assumed.reads_of_a_run,
        "others": assumed.others_of_a_run,  # over before the lease is renewed
    }


def test_the_requests_of_a_sweep_are_those_assumed(azurite_connection: str) -> None:
    counted: Counter[str] = Counter()
    with counting(azurite_connection, counted) as service:
        ports, catalogs = account(service)
        for name in ("0001/a.json", "0002/a.json", "0003/a.json"):
            catalogs.upload_blob(name, json.dumps(rows(1)))
            Uploader(ports, UploadOptions()).upload(name)
        counted.clear()
        assert not sweep(ports).left
    assert counted == {"lists": month(COSTS, 3)["lists_of_a_sweep"]}


def counting(connection: str, counted: Counter[str]) -> BlobServiceClient:
    """Return a client whose requests are counted by what they cost."""
    kinds = {"PUT": "writes", "GET": "reads", "HEAD": "others"}

    def count(response: PipelineResponse[HttpRequest, object]) -> None:
        request = response.http_request
        asked = parse_qs(urlsplit(request.url).query).get("comp", [""])[0]
        counted[{"list": "lists", "lease": "others"}.get(asked) or kinds[request.method]] += 1

    return BlobServiceClient.from_connection_string(connection, raw_response_hook=count)


def account(service: BlobServiceClient) -> tuple[Ports, ContainerClient]:
    """Return the ports with storage of their own, and its container of catalogues."""
    catalogs, records, locks = (service.create_container(f"c{uuid4().hex}") for _ in range(3))
    ports = replace(
        World().ports,
        catalogs=BlobCatalogs(catalogs),
        records=BlobRunRecords(records),
        locks=BlobStoreLocks(locks),
    )
    return ports, catalogs


def bicep(name: str) -> str:
    return (ROOT / "infra" / f"{name}.bicep").read_text(encoding="utf-8")


def bicep_number(file: str, name: str) -> int:
    """Return the number that a parameter or variable of a Bicep file is set to."""
    found = re.search(rf"^(?:param|var) {name} = (\d+)$", bicep(file), re.MULTILINE)
    assert found, f"{file} has no {name}"
    return int(found[1])
