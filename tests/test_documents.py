"""The documents agree with the code on options, settings, states and functions, and are wrapped."""

import argparse
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from agent.checking.row import Subject
from agent.command_line.parser import command_parser
from agent.errors import ExitCode
from agent.settings.parsing import KEYS
from contract.product import Product, Rejection, Stage
from contract.run import Content, RunError, RunState
from function_app import events
from function_app.batching import Batch
from function_app.errors import SettingsError
from function_app.events import Event, SilentStore
from function_app.settings import read_settings
from function_app.settling import BatchOutcome
from function_app.token import StoredToken
from infra.deployment.functions import functions_of_code
from tests.function_app.fakes import NOON
from tests.infra.bicep.snapshots import read as read_snapshot
from tests.runs import sending_run

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
LONGEST_LINE = 110


def read(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def table(document: str, header: str) -> list[list[str]]:
    """Return the rows of the table whose first column has this header, cell by cell."""
    _, found, rest = read(document).partition(f"\n| {header} |")
    assert found, f"{document} has no table that begins with {header}"
    rows = rest.partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def codes(document: str, header: str) -> list[str]:
    """Return what is in `…` in the first column of such a table."""
    return [code for row in table(document, header) for code in re.findall(r"`([^`]+)`", row[0])]


def options_of(command: str) -> set[str]:
    parser = command_parser()
    (commands,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    actions = commands.choices[command]._actions
    return {option for action in actions for option in action.option_strings} - {"-h", "--help"}


@pytest.mark.parametrize(
    "command", ["configure", "check", "login", "upload", "status", "resume", "schedule", "support"]
)
def test_exactly_the_options_of_a_command_are_documented(command: str) -> None:
    _, _, rest = read("docs/agent.md").partition(f"\n## shopmaster {command}\n")
    section = rest.partition("\n## ")[0]
    documented = re.findall(r"^\| `(--[a-z-]+)", section, re.MULTILINE)
    assert set(documented) == options_of(command)


def test_exactly_the_rows_of_check_are_documented() -> None:
    rows = [(row[0], row[1].strip("`")) for row in table("docs/agent.md", "row")]
    assert rows == [(subject.title, subject.key) for subject in Subject]


def test_exactly_the_exit_codes_are_documented() -> None:
    documented = {int(row[0]) for row in table("docs/agent.md", "exit code")}
    assert documented == set(map(int, ExitCode))


@pytest.mark.parametrize("text", ["docs/agent.md", "upload --help"])
def test_exactly_the_settings_of_the_agent_are_shown(text: str) -> None:
    shown = read(text) if text.endswith(".md") else str(_parser_epilog())
    example = shown.partition('store = "0001"')[2].partition("Environment variables")[0]
    settings, table_name = {"store"}, ""
    for line in example.splitlines():
        if heading := re.match(r"\s*\[(\w+)\]", line):
            table_name = heading[1]
        elif setting := re.match(r"\s*(?:# )?(\w+) = ", line):
            settings.add(f"{table_name}.{setting[1]}".removeprefix("."))
    secret = {"database.password"}  # accepted only in the environment
    if text == "upload --help":
        secret |= {"database.username"}  # mentioned in a comment
    assert settings == set(KEYS) - secret


def _parser_epilog() -> str | None:
    parser = command_parser()
    (commands,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    epilog: str | None = commands.choices["upload"].epilog
    return epilog


class Watched(Mapping[str, str]):
    """An environment without settings, which remembers the names it was asked for."""

    def __init__(self) -> None:
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def test_exactly_the_settings_of_the_function_are_documented() -> None:
    environment = Watched()
    with pytest.raises(SettingsError):
        read_settings(environment)
    assert set(codes("docs/function.md", "setting")) == environment.asked


def test_exactly_the_events_of_the_function_are_documented() -> None:
    assert {
        row[0].strip("`"): ({*codes_in(row[2])}, {*codes_in(row[3])} | _counts_in(row[3]))
        for row in table("docs/telemetry.md", "event")
    } == {
        event.name: ({*event.dimensions}, {*event.measurements}) for event in _one_of_each_event()
    }


def test_every_alert_has_a_chapter_in_the_runbook() -> None:
    kinds = ("scheduledQueryRules", "metricAlerts")
    alerts = [
        alert
        for kind in kinds
        for alert in read_snapshot("plain").all(f"Microsoft.Insights/{kind}")
    ]
    names = {alert.body["name"].removeprefix("alert-") for alert in alerts}
    chapters = set(re.findall(r"^## ([a-z]+-[a-z-]+)$", read("docs/runbook.md"), re.MULTILINE))
    assert chapters == names == set(codes("docs/runbook.md", "alert"))


def codes_in(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def _counts_in(cell: str) -> set[str]:
    counts = {"read", "accepted", "rejected", "not_sent", "batches", "duration_s"}
    return counts if "*counts*" in cell else set()


def _one_of_each_event() -> Iterator[Event]:
    run = replace(
        sending_run(NOON, read=1),
        content=Content("0a" * 32, NOON, '"0x1"', NOON),
        rejections=(Rejection(None, 1, Stage.CATALOG, "SellPrice is missing"),),
        rejected=1,
    )
    batch = Batch(1, 0, (1,), (Product("P1", "x", "1"),))
    yield events.started(run)
    yield events.acknowledged(run, BatchOutcome(batch, 1))
    yield events.refused(run, RunError("refused", "no"))
    yield events.token_read(run, StoredToken("opaque", NOON), NOON)
    yield from events.ended(run.moved_to(RunState.WAITING))
    yield from events.ended(run.moved_to(RunState.COMPLETED_WITH_REJECTIONS))
    yield events.sweep_found(1)
    yield events.sweep_took_up(1)
    yield events.store_silent(SilentStore(run.store, NOON))
    yield events.settings_wrong(["wrong"])


def test_the_documented_defaults_are_the_real_ones() -> None:
    settings = read_settings({"CatalogStorage": "AccountName=a", "DIGIBLE_TOKEN": "opaque"})
    documented = {
        row[0].strip("`"): row[2].strip("`") for row in table("docs/function.md", "setting")
    }
    assert documented["DIGIBLE_API_URL"] == settings.api_url
    assert documented["DIGIBLE_CONCURRENCY"] == str(settings.concurrency)
    assert documented["DIGIBLE_TIMEOUT_SECONDS"] == f"{settings.timeout:g}"
    assert documented["DIGIBLE_IN_DOUBT_SECONDS"] == f"{settings.longest_doubt.seconds}"
    assert documented["DIGIBLE_ON_REFUSAL"] == ("isolate" if settings.isolate else "stop")


def test_exactly_the_states_of_a_run_are_documented() -> None:
    assert codes("docs/function.md", "state") == [state.value for state in RunState]


def test_exactly_the_functions_are_documented() -> None:
    assert set(codes("docs/function.md", "function")) == functions_of_code()


def test_every_kind_of_error_is_documented() -> None:
    code = "".join(path.read_text("utf-8") for path in (ROOT / "function_app").rglob("*.py"))
    kinds = set(re.findall(r'RunError\(\s*"(\w+)"', code))
    sentence = read("docs/function.md").partition("`error.kind`")[2].partition(".\n")[0]
    assert set(re.findall(r"`(\w+)`", sentence)) == kinds


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_prose_is_wrapped(document: Path) -> None:
    text = re.sub(r"^```.*?^```", "", document.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    long = [
        line
        for line in text.splitlines()
        if len(line) > LONGEST_LINE and not line.startswith(("|", "    "))
    ]
    assert long == []


def test_links_lead_to_files_that_exist() -> None:
    dead = [
        f"{document.name}: {link}"
        for document in DOCUMENTS
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text("utf-8"))
        if not (document.parent / link).exists()
    ]
    assert dead == []


def test_files_named_in_the_architecture_exist() -> None:
    named = {
        code
        for row in table("ARCHITECTURE.md", "what")
        for code in re.findall(r"`([^`]+)`", row[1])
    }
    files = {name for name in named if "/" in name or name.endswith(".json")}
    assert {name for name in files if not (ROOT / name).exists()} == set()
