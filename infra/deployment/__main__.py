"""`python -m infra.deployment`: checks the functions, subscribes to events, sends a smoke test."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence

from infra.az import find_az
from infra.blobs import AzBlobs
from infra.deployment.events import deploy_events
from infra.deployment.functions import check_functions
from infra.deployment.smoke_test import smoke_test
from infra.ending import ended
from infra.errors import ExitCode
from infra.installation import find_installation, signed_in
from infra.waiting import CLOCK, Clock


def main(argv: Sequence[str] | None = None, clock: Clock = CLOCK) -> int:
    """Run the checks and return the exit code; `argv` is without the program's name."""
    arguments = _parser().parse_args(argv)
    return ended(lambda: _run(arguments, os.environ, clock))


def _run(arguments: argparse.Namespace, environment: Mapping[str, str], clock: Clock) -> int:
    at = find_installation(environment, arguments.environment)
    az = signed_in(find_az(), at)
    check_functions(az, at, clock, arguments.patience)
    deploy_events(az, at)
    if arguments.smoke_test or environment.get("SMOKE_TEST", "").lower() == "true":
        smoke_test(AzBlobs(az, at.storage_account), clock, arguments.patience)
    return ExitCode.DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m infra.deployment",
        description="Sees that a deployment works: its functions are those of the code, and events of "
        "new catalogues reach them. azd runs it after each deployment.",
        epilog="Exit codes: 0 it works, 1 it doesn't, 2 wrong arguments or unknown installation.",
    )
    parser.add_argument(
        "--environment", metavar="NAME", help="the azd environment, if it isn't the selected one"
    )
    parser.add_argument(
        "--smoke-test",
        action="store_true",
        help="also send three products of the store smoke-test, and wait for the end of their run "
        "(or set SMOKE_TEST=true in the azd environment)",
    )
    parser.add_argument(
        "--patience",
        type=float,
        default=300.0,
        metavar="SECONDS",
        help="how long to wait for the functions, and for the run (300)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
