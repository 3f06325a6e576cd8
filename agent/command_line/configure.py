"""The command `configure`: asks, tries each answer, and writes the settings file."""

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.command_line.command import Call, Command
from agent.command_line.redaction import Redaction
from agent.command_line.surroundings import ThisComputer
from agent.configuring.draft import PASSWORD, Draft
from agent.configuring.interview import interview
from agent.configuring.least_privilege import script_for
from agent.configuring.named import sql_server_table
from agent.configuring.old_shopmaster import OldSettings, read_old
from agent.configuring.proving import prove
from agent.configuring.remaining import left_to_do
from agent.configuring.running_as import grantee, runner
from agent.configuring.saving import save
from agent.configuring.sources import first_draft, passed_over
from agent.configuring.terminal import Console, has_terminal
from agent.configuring.writable import try_to_write
from agent.errors import AgentError, ExitCode, SettingsError
from agent.settings.file import machine_wide_file
from agent.settings.parsing import Settings, parse_settings

ENVIRONMENT_ALONE = Path()
"""What `--from` without a file means."""

_NO_TERMINAL = "`shopmaster configure` asks questions, and here is no terminal to answer them on."
_INSTEAD = (
    "Give the answers with --from FILE, a file like the settings file, or in environment variables such as "
    "SHOPMASTER_DATABASE__SERVER with --from alone. Needed are: store; of [database], server, database, "
    "table and authentication; of [storage], account_url or connection_string; with an account_url that is "
    "no SAS, sign_in of [azure]; and with a SQL Server user, its password in "
    "SHOPMASTER_DATABASE__PASSWORD."
)
_NEXT = (
    "Next: `shopmaster login` gets the token of your online store, `shopmaster check` tries everything "
    "once more, and `shopmaster schedule install` uploads every night."
)


@dataclass(frozen=True, slots=True)
class ConfigureArguments:
    """What the user asked for."""

    answers: Path | None
    old: Path | None
    account: str | None
    sql: bool


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--from",
        dest="answers",
        type=Path,
        nargs="?",
        const=ENVIRONMENT_ALONE,
        metavar="FILE",
        help="ask nothing: take the answers from FILE, which is like a settings file, and from the "
        "environment",
    )
    parser.add_argument(
        "--import",
        dest="old",
        type=Path,
        metavar="FILE",
        help="take over the settings of an old shopMaster from its .env file",
    )
    parser.add_argument(
        "--account",
        metavar="NAME",
        help="the account that runs the upload, if it isn't this one: it can then read the password "
        r"(Windows, with machine-wide settings: NT AUTHORITY\NETWORK SERVICE)",
    )
    parser.add_argument(
        "--sql",
        action="store_true",
        help="only print the script that gives that account, or the SQL Server user, the right to read "
        "the three columns and nothing else",
    )


def _run(call: Call, arguments: ConfigureArguments) -> ExitCode:
    old = read_old(arguments.old) if arguments.old is not None else None
    answers = arguments.answers if arguments.answers != ENVIRONMENT_ALONE else None
    draft = first_draft(call.config, call.environment, old, answers)
    call.redaction.learn(_secrets(draft, old))
    account = runner(arguments.account, draft.file, call.environment)
    if arguments.sql:
        print(script_for(sql_server_table(draft), grantee(draft, arguments.account)), end="")
        return ExitCode.SUCCEEDED
    near, console = ThisComputer(), _SafeConsole(call.redaction)
    if arguments.answers is None:
        if not has_terminal():
            raise SettingsError(_NO_TERMINAL, _INSTEAD)
        try_to_write(draft.file, account)
        if why := passed_over(call.config, call.environment, draft.file):
            console.say(f"{why}\n")
        draft = interview(console, near, draft)
        settings = _parsed(draft, call)
    else:
        settings = _parsed(draft, call)
        try_to_write(draft.file, account)
        _prove(near, settings, console)
    saved = save(draft, account)
    wide = machine_wide_file(call.environment)
    for sentence in (*saved, *left_to_do(settings, account, wide), *_old(old, settings, near)):
        console.say(sentence)
    console.say(f"\n{_NEXT}")
    return ExitCode.SUCCEEDED


class _SafeConsole(Console):
    """A console that shows no secret, whoever worded what it shows, and learns what is typed unseen."""

    def __init__(self, redaction: Redaction) -> None:
        self._redaction = redaction

    def say(self, text: str = "") -> None:
        super().say(self._redaction.hide(text))

    def ask_hidden(self, question: str) -> str:
        typed = super().ask_hidden(question)
        self._redaction.learn([typed])
        return typed


def _parsed(draft: Draft, call: Call) -> Settings:
    settings = parse_settings(draft.raw, with_storage=True)
    call.redaction.learn(settings.secrets)
    return settings


def _prove(near: ThisComputer, settings: Settings, console: Console) -> None:
    problems = prove(near, settings, console.say)
    if problems:
        listed = "\n".join(f"- {problem}" for problem in problems)
        raise AgentError(f"The settings were not written, because not everything works:\n{listed}")


def _old(old: OldSettings | None, settings: Settings, near: ThisComputer) -> Iterator[str]:
    """Take over the token of an old shopMaster, and yield what became of it and what is to be deleted."""
    if old is None:
        return
    if old.token is not None:
        yield near.keep_token(old.token, settings)
    yield old.to_delete


def _secrets(draft: Draft, old: OldSettings | None) -> Iterable[str]:
    if (password := draft.text(PASSWORD)) is not None:
        yield password
    if old is not None and old.token is not None:
        yield old.token


CONFIGURE: Command[Any] = Command(
    name="configure",
    add_arguments=_add_arguments,
    arguments=ConfigureArguments,
    run=_run,
)
