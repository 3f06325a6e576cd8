"""`python -m infra.store`: parses the arguments, runs the command, and reports how it ended."""

import os
import sys
from collections.abc import Sequence
from typing import assert_never

from contract.blobs import StoreName
from infra.az import AzureCli, find_az
from infra.blobs import AzBlobs
from infra.ending import ended
from infra.errors import ExitCode, OperatorError, UsageError
from infra.installation import Installation, find_installation, signed_in
from infra.store.adding import add
from infra.store.arguments import parse
from infra.store.checking import Checked, check
from infra.store.commands import Add, Arguments, Check, List, Remove
from infra.store.listing import list_stores
from infra.store.removing import remove
from infra.store.showing import Mark, as_json, shown
from infra.waiting import CLOCK, Clock


def main(argv: Sequence[str] | None = None, clock: Clock = CLOCK) -> int:
    """Run a command and return its exit code; `argv` is without the program's name."""
    arguments = parse(argv)
    return ended(lambda: _run(arguments, clock))


def _run(arguments: Arguments, clock: Clock) -> int:
    installation = find_installation(os.environ, arguments.azd_environment)
    az = signed_in(find_az(), installation)
    match arguments.command:
        case Add() as wanted:
            _print(add(az, installation, wanted, clock))
        case List(as_json):
            text, code = list_stores(az, installation, as_json=as_json)
            _print(text)
            return code
        case Check() as wanted:
            return _check(az, installation, wanted, clock)
        case Remove(store, yes):
            _print(remove(az, installation, store, clock, lambda what: _confirm(what, store, yes)))
        case _:
            assert_never(arguments.command)
    return ExitCode.DONE


def _check(az: AzureCli, installation: Installation, wanted: Check, clock: Clock) -> int:
    blobs = AzBlobs(az, installation.storage_account)
    rows = check(Checked(az, installation, wanted.store, blobs, clock.now()))
    is_well = all(row.mark is not Mark.WRONG for row in rows)
    if wanted.json:
        _print(as_json(wanted.store, rows))
    else:
        _print(shown(rows))
    return ExitCode.DONE if is_well else ExitCode.FAILED


def _confirm(what: str, store: StoreName, yes: bool) -> None:
    """Ask whether to go on; raises OperatorError unless the operator types the store's name."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("Nobody can be asked here. Say --yes to remove the store without asking.")
    _print(what)
    if input(f"Type the store's name, {store}, to go on: ").strip() != store:
        raise OperatorError("Nothing was removed.")


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
