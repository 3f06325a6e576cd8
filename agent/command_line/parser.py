"""What can be written on the command line, and plain sentences about what can't."""

import argparse
from collections.abc import Collection, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn

from agent import __version__
from agent.command_line.commands import SUMMARIES, load
from agent.errors import ExitCode, SettingsError
from agent.showing import shown

SETTINGS_HELP = r"""
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


def parsed_words(words: Sequence[str]) -> argparse.Namespace | int:
    """Return the arguments, or an exit code if there is nothing left to do, as after --help.

    `words` are without the program's name. Raises SettingsError.
    """
    if not words:
        command_parser(()).print_help()
        return ExitCode.USAGE
    if words[0] not in SUMMARIES and not words[0].startswith("-"):
        raise _unknown(words[0])
    try:
        parsed, rest = command_parser(
            [word for word in words if word in SUMMARIES]
        ).parse_known_args(words)
    except SystemExit as finished:  # --help or --version
        return finished.code if isinstance(finished.code, int) else ExitCode.USAGE
    if rest:
        raise _wrong(f"shopmaster {parsed.command}", f"nobody knows {shown(' '.join(rest))} here")
    return parsed


def command_parser(loaded: Collection[str] = tuple(SUMMARIES)) -> argparse.ArgumentParser:
    """Return a parser that knows the arguments of the commands in `loaded`, and the names of all."""
    root = _Parser(
        prog="shopmaster",
        description="Sends a shop's products to its online store at Digible. Begin with `configure`.",
    )
    root.add_argument("--version", action="version", version=f"shopmaster {__version__}")
    commands = root.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, summary in SUMMARIES.items():
        of_command = commands.add_parser(
            name,
            help=summary,
            description=summary,
            epilog=SETTINGS_HELP,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        of_command.add_argument("--config", type=Path, metavar="FILE", help="the settings file")
        of_command.add_argument(
            "--verbose", action="store_true", help="show details for a support person"
        )
        if name in loaded:
            command = load(name)
            command.add_arguments(of_command)
            of_command.set_defaults(start=command.start, command=name)
    return root


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are the agent's own."""

    def error(self, message: str) -> NoReturn:
        raise _wrong(self.prog, message)


def _wrong(command: str, what: str) -> SettingsError:
    return SettingsError(
        f"{what[:1].upper()}{what[1:]}.", f"`{command} --help` shows what can be written."
    )


def _unknown(word: str) -> SettingsError:
    begun = [name for name in SUMMARIES if name.startswith(word.lower())]
    near = begun or get_close_matches(word.lower(), SUMMARIES, 1, cutoff=0.7)
    meant = f"Did you mean `shopmaster {near[0]}`? " if near else ""
    return SettingsError(
        f"There is no command {shown(word, 40)}.", f"{meant}`shopmaster --help` shows them all."
    )
