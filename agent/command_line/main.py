"""The command line: parses the arguments, runs the command, and reports how it ended."""

import argparse
import io
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agent import __version__
from agent.command_line.command import Call, Command
from agent.command_line.endings import reported
from agent.command_line.redaction import Redaction
from agent.command_line.signals import stopped_by_signals
from agent.command_line.upload import UPLOAD
from agent.errors import ExitCode

_COMMANDS: tuple[Command[Any], ...] = (UPLOAD,)
"""Every command; each is described in its own file."""

_SETTINGS_HELP = r"""
The settings file is the one given by --config or $SHOPMASTER_CONFIG, otherwise the machine-wide
%PROGRAMDATA%\shopMaster\shopmaster.toml (Linux: /etc/shopmaster/shopmaster.toml), otherwise
shopmaster.toml in the current folder:

  store = "0001"
  [database]
  server = 'localhost\SQLEXPRESS'
  database = "Shop"
  table = "dbo.Products"
  authentication = "windows"     # or "sql", with a username; the password goes in the
                                 # environment variable SHOPMASTER_DATABASE__PASSWORD
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
        parsed = _parser().parse_args(argv)
    except SystemExit as finished:  # --help, --version, or wrong arguments
        with reported(Redaction(), verbose=False) as ending:
            ending.exit_code = finished.code if isinstance(finished.code, int) else ExitCode.USAGE
            sys.stdout.flush()
        return ending.exit_code
    redaction = Redaction()
    with (
        _logging(redaction, verbose=parsed.verbose),
        stopped_by_signals(),
        reported(redaction, verbose=parsed.verbose) as ending,
    ):
        call = Call(parsed.config, parsed.verbose, os.environ, redaction)
        ending.exit_code = parsed.start(call, parsed)
        sys.stdout.flush()
    return ending.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="shopmaster", description="Sends a shop's products to its online store at Digible."
    )
    parser.add_argument("--version", action="version", version=f"shopmaster {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in _COMMANDS:
        subparser = subparsers.add_parser(
            command.name,
            help=command.summary,
            description=command.summary,
            epilog=_SETTINGS_HELP,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        subparser.add_argument("--config", type=Path, metavar="FILE", help="the settings file")
        subparser.add_argument(
            "--verbose", action="store_true", help="show details for a support person"
        )
        command.add_arguments(subparser)
        subparser.set_defaults(start=command.start)
    return parser


@contextmanager
def _logging(redaction: Redaction, *, verbose: bool) -> Iterator[None]:
    """If `verbose`, show our log and warnings from Azure's libraries on standard error."""
    handler = logging.StreamHandler() if verbose else logging.NullHandler()
    handler.setFormatter(redaction)
    root, ours = logging.getLogger(), logging.getLogger("agent")
    before = ours.level
    root.addHandler(handler)
    ours.setLevel(logging.DEBUG if verbose else logging.CRITICAL)
    try:
        yield
    finally:
        root.removeHandler(handler)
        ours.setLevel(before)
