"""The command line: parses the arguments, runs the command, and reports how it ended."""

import argparse
import io
import logging
import os
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from agent import __version__
from agent.command_line.commands import SUMMARIES, load
from agent.command_line.endings import Ending, reported
from agent.command_line.redaction import Redaction
from agent.command_line.signals import stopped_by_signals
from agent.errors import ExitCode
from agent.run_log import RunLog
from agent.scheduling.results import words
from agent.state import last_run

_SENDING = {"upload", "resume", "schedule run"}
_IN_SYSTEM_LOG = {*_SENDING, "schedule install", "schedule remove", "schedule prove"}
"""The commands that send products, or decide when: each leaves a line in the system's own log."""

_SETTINGS_HELP = r"""
The settings file is the one given by --config or $SHOPMASTER_CONFIG, otherwise the machine-wide
%PROGRAMDATA%\shopMaster\shopmaster.toml (Linux: /etc/shopmaster/shopmaster.toml), otherwise
shopmaster.toml in the current folder:

  store = "0001"
  # state_folder = "notes"         # instead of a folder beside the settings file, or under
                                 # %PROGRAMDATA%\shopMaster (Linux: /var/lib/shopmaster)
  [database]
  server = 'localhost\SQLEXPRESS'
  database = "Shop"
  table = "dbo.Products"
  authentication = "windows"     # or "sql", with a username; `shopmaster configure`
                                 # stores its password
  # instead of server, database and authentication:
  # connection_string = "Driver={ODBC Driver 18 for SQL Server};Server=..."
  # sqlite = "shop.db"           # relative to the settings file's folder
  [columns]                      # if your columns have other names
  product_id = "ProductID"
  product_name = "ProductName"
  sell_price = "SellPrice"
  [storage]
  account_url = "https://ACCOUNT.blob.core.windows.net"   # or a SAS URL
  # connection_string = "..."    # instead of account_url
  [azure]                        # not needed with a SAS URL or a connection string
  sign_in = "arc"                # or "managed_identity", "developer" (by `az login`), or
  # sign_in = "certificate"      # with:
  # tenant_id = "..."
  # client_id = "..."
  # certificate = "sign-in.pem"  # relative to the settings file's folder; or a .pfx
  [key_vault]                    # where `shopmaster login` puts the store's token
  url = "https://VAULT.vault.azure.net"
  [digible]
  api_url = "https://api.digible.one/v1"
  # token_file = "token"         # instead of [key_vault]
  [upload]
  change_limit_percent = 30      # stop if more products are gone or repriced
  [telemetry]                    # only if your operator asks for it
  connection_string = "..."      # of Application Insights

Environment variables set or override each setting: SHOPMASTER_STORE,
SHOPMASTER_DATABASE__SERVER, and so on.

Exit codes: 0 all products accepted, 1 failed, 2 wrong usage or settings, 3 session expired,
4 completed with rejections, 5 no outcome within the time-out, 130 stopped by Ctrl-C or a signal.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; `argv` is without the program's name."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(
                errors="replace"
            )  # a console that lacks a character must not stop us
    try:
        words_given = sys.argv[1:] if argv is None else argv
        parsed = _parser({word for word in words_given if word in SUMMARIES}).parse_args(argv)
    except SystemExit as finished:  # --help, --version, or wrong arguments
        with reported(Redaction(), verbose=False) as ending:
            ending.exit_code = finished.code if isinstance(finished.code, int) else ExitCode.USAGE
            sys.stdout.flush()
        return ending.exit_code
    from agent.command_line.command import Call  # noqa: PLC0415  # --help does without it

    redaction = Redaction()
    log = RunLog(redaction, redaction.hide)
    with (
        _logging(redaction, verbose=parsed.verbose),
        stopped_by_signals(),
        reported(redaction, verbose=parsed.verbose) as ending,
    ):
        call = Call(parsed.config, parsed.verbose, os.environ, redaction, log.start)
        ending.exit_code = parsed.start(call, parsed)
        sys.stdout.flush()
    _log_end(log, parsed, ending)
    return ending.exit_code


def _log_end(log: RunLog, parsed: argparse.Namespace, ending: Ending) -> None:
    """Log how the command ended: with its error or, after an upload, with what became of that."""
    name = " ".join((parsed.command, getattr(parsed, "action", ""))).strip()
    noted = last_run(log.folder) if log.folder is not None and name in _SENDING else None
    is_of_this_run = noted is not None and noted.ended_at >= log.began_at
    message = ending.message or (noted.message if noted is not None and is_of_this_run else "")
    sentence = f"shopmaster {name}: {words(ending.exit_code)} (exit code {ending.exit_code})."
    is_failure = ending.exit_code not in (ExitCode.SUCCEEDED, ExitCode.COMPLETED_WITH_REJECTIONS)
    log.end(
        f"{sentence} {message}".strip(), is_failure=is_failure, in_system=name in _IN_SYSTEM_LOG
    )


def _parser(loaded: Collection[str] = tuple(SUMMARIES)) -> argparse.ArgumentParser:
    """Return a parser that knows the arguments of the commands in `loaded`, and the names of all."""
    parser = argparse.ArgumentParser(
        prog="shopmaster", description="Sends a shop's products to its online store at Digible."
    )
    parser.add_argument("--version", action="version", version=f"shopmaster {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, summary in SUMMARIES.items():
        subparser = subparsers.add_parser(
            name,
            help=summary,
            description=summary,
            epilog=_SETTINGS_HELP,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        subparser.add_argument("--config", type=Path, metavar="FILE", help="the settings file")
        subparser.add_argument(
            "--verbose", action="store_true", help="show details for a support person"
        )
        if name in loaded:
            command = load(name)
            command.add_arguments(subparser)
            subparser.set_defaults(start=command.start, command=name)
    return parser


@contextmanager
def _logging(redaction: Redaction, *, verbose: bool) -> Iterator[None]:
    """Make our log; if `verbose`, show it and warnings from Azure's libraries on standard error."""
    handler = logging.StreamHandler() if verbose else logging.NullHandler()
    handler.setFormatter(redaction)
    root, ours = logging.getLogger(), logging.getLogger("agent")
    before = ours.level
    root.addHandler(handler)
    ours.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.removeHandler(handler)
        ours.setLevel(before)
