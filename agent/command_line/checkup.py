"""Puts the checks together, as the settings want them; `check`, `support` and the schedule's proof use it."""

import logging
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from agent.checking.cloud import CLOUD, cloud_rows
from agent.checking.database import DATABASE, database_rows
from agent.checking.folders import state_folder_rows, temporary_folder_rows
from agent.checking.row import Row, Subject, not_checked
from agent.checking.schedule import UsedSettings, schedule_rows
from agent.checking.settings import settings_row, unusable_settings_row
from agent.checking.side_by_side import Chain, side_by_side
from agent.checking.token import token_rows
from agent.command_line.command import CLOCK, Call, tokens_for
from agent.command_line.probes import CloudProbe, ScheduleProbe, changed_at, database_for
from agent.errors import AgentError
from agent.settings.exposure import changeable, exposure
from agent.settings.file import RawSettings, machine_wide_file, read_settings
from agent.settings.parsing import Settings, parse_settings
from agent.showing import shown
from agent.state import last_run
from contract.blobs import StoreName

logger = logging.getLogger(__name__)

_LONGEST = 4_000  # characters of a line
_ABOUT_THE_PAST = {Subject.LAST_RUN, Subject.SCHEDULE}


@dataclass(frozen=True, slots=True)
class Checkup:
    """The checks of one store."""

    store: StoreName | None
    """None if the settings can't be used."""

    rows: Iterator[Row]
    """A row for each subject, in their order, each as soon as it is known."""


def check_up(call: Call, *, is_proof: bool = False) -> Checkup:
    """Begin to check everything; `is_proof` leaves out how earlier runs went, and the schedule itself."""
    try:
        raw = read_settings(call.config, call.environment)
        settings = parse_settings(raw, with_storage=True)
    except AgentError as error:
        return Checkup(None, _harmless(_without_settings(error, is_proof=is_proof), call))
    call.redaction.learn(settings.secrets)
    state = call.state_folder(settings)
    call.log_to(state)
    exposed = exposure(raw) or changeable(raw.file, machine_wide_file(call.environment))
    row = settings_row(raw.file, settings.store, exposed)
    chains = [Chain((Subject.SETTINGS,), lambda: iter([row])), *_chains(settings, raw, state)]
    if is_proof:
        chains = [each for each in chains if each.subjects != (Subject.SCHEDULE,)]
    rows = (row for row in side_by_side(chains) if _is_wanted(row.subject, is_proof=is_proof))
    return Checkup(settings.store, _harmless(rows, call))


def _harmless(rows: Iterator[Row], call: Call) -> Iterator[Row]:
    """Log the rows, and yield them without secrets and without what a terminal would act on.

    That has to be before anybody wraps lines, or escapes what is in them.
    """

    def harmless(text: str) -> str:
        return "\n".join(shown(call.redaction.hide(line), _LONGEST) for line in text.splitlines())

    for row in rows:
        found = replace(row, finding=harmless(row.finding), remedy=harmless(row.remedy))
        logger.info("%s: %s. %s", row.subject.title, row.mark, found.finding)
        yield found


def _is_wanted(subject: Subject, *, is_proof: bool) -> bool:
    return not (is_proof and subject in _ABOUT_THE_PAST)


def _without_settings(error: AgentError, *, is_proof: bool) -> Iterator[Row]:
    for subject in Subject:
        if subject is Subject.SETTINGS:
            yield unusable_settings_row(error)
        elif subject is Subject.TEMPORARY_FOLDER:
            yield from temporary_folder_rows()
        elif _is_wanted(subject, is_proof=is_proof):
            yield not_checked(subject, because=Subject.SETTINGS)


def _chains(settings: Settings, raw: RawSettings, state: Path) -> list[Chain]:
    used = UsedSettings(raw.file, changed_at(raw.file))
    return [
        Chain(DATABASE, lambda: database_rows(database_for(settings), time.monotonic)),
        Chain((Subject.TEMPORARY_FOLDER,), temporary_folder_rows),
        Chain((Subject.STATE_FOLDER,), lambda: state_folder_rows(state)),
        Chain(CLOUD, lambda: _cloud(settings, state)),
        Chain((Subject.TOKEN,), lambda: token_rows(tokens_for(settings), _now)),
        Chain(
            (Subject.SCHEDULE,), lambda: schedule_rows(ScheduleProbe(settings.store, state), used)
        ),
    ]


def _cloud(settings: Settings, state: Path) -> Iterator[Row]:
    assert settings.storage is not None  # noqa: S101  for mypy; parsed with storage
    with closing(CloudProbe(settings.storage, settings.store, CLOCK)) as cloud:
        yield from cloud_rows(cloud, last_run(state), _now)


def _now() -> datetime:
    return datetime.now(UTC)
