"""`python -m dev …`: the local stack."""

import argparse
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from dev.processes import ProcessError
from dev.up import TIME_FACTOR

_DATA = Path(".local")
_QUICKER = f"""\
The host behaves as Azure's, with all of its times multiplied by {TIME_FACTOR}: a new blob is
seen within 0.2 s, not 10; what a killed host worked on comes again after 12 s, not 10 minutes; storage
may be away for half a second, not for 25 s.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit status."""
    given = _parser().parse_args(arguments)
    _reach_ourselves_directly()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and not stream.isatty():
            stream.reconfigure(encoding="utf-8", errors="replace")  # as the parent process reads it
    try:
        return _run(given)
    except ProcessError as error:
        print(error, file=sys.stderr, flush=True)
    except OSError as error:
        print(f"The local stack can't run here: {error}", file=sys.stderr, flush=True)
    return 1


def _run(given: argparse.Namespace) -> int:
    # Each command imports only what it needs, so storage doesn't wait for the worker library.
    match given.command:
        case "storage":
            from dev import storage  # noqa: PLC0415

            return storage.run(given.data, watch_input=given.until_input_closes)
        case "digible":
            from dev.digible import command  # noqa: PLC0415

            return command.run(given.data, given.port, watch_input=given.until_input_closes)
        case "host":
            from dev.host import command as host  # noqa: PLC0415

            options = host.HostOptions(
                given.app, given.host_id, given.time_factor, given.webhook_port, given.verbose
            )
            return host.run(options, watch_input=given.until_input_closes)
        case "up":
            from dev import up  # noqa: PLC0415

            return up.run(given.data, watch_input=given.until_input_closes)
        case _:
            from dev import demo  # noqa: PLC0415

            return demo.run()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m dev",
        description="The local stack, for development and tests only.",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser(
        "demo", help="send a catalogue of 1,000 products to the stand-in and show the outcome"
    )
    up = commands.add_parser(
        "up",
        help="run storage, host and (unless DIGIBLE_API_URL is set) digible until stopped",
        epilog=_QUICKER,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    storage = commands.add_parser(
        "storage", help="run Azurite; writes DIR/shopmaster.toml and DIR/environment"
    )
    host = commands.add_parser(
        "host", help="run the function app with settings from the environment"
    )
    digible = commands.add_parser("digible", help="run the Digible stand-in")
    for command in (up, storage, digible):
        command.add_argument(
            "--data", metavar="DIR", type=Path, default=_DATA, help="default: .local"
        )
    digible.add_argument(
        "--port", type=int, help="default: the port of DIGIBLE_API_URL in DIR/environment"
    )
    host.add_argument(
        "--app",
        metavar="DIR",
        type=Path,
        default=Path(__file__).resolve().parent.parent,
        help="folder that contains function_app.py and host.json (default: this project)",
    )
    host.add_argument("--verbose", action="store_true", help="log tracebacks of failed invocations")
    host.add_argument(
        "--host-id", metavar="ID", default="local", help="hosts with the same one share the work"
    )
    host.add_argument(
        "--time-factor",
        metavar="FACTOR",
        type=_factor,
        default=1.0,
        help="what to multiply all times of the host with, those in host.json included (default: 1)",
    )
    host.add_argument(
        "--webhook-port",
        metavar="PORT",
        type=int,
        default=0,
        help="where Event Grid's events are posted, if the app wants them (default: a free port)",
    )
    for command in (up, storage, host, digible):
        command.add_argument(
            "--until-input-closes",
            action="store_true",
            help="also stop when standard input closes, that is, when the parent process ends",
        )
    return parser


def _factor(text: str) -> float:
    factor = float(text)
    if not 0 < factor <= 10:
        raise argparse.ArgumentTypeError("must be above 0, and 10 at most")
    return factor


def _reach_ourselves_directly() -> None:
    """Keep requests to this machine away from any proxy that the environment sets."""
    for name in ("NO_PROXY", "no_proxy"):
        known = os.environ.get(name, "")
        os.environ[name] = ",".join(filter(None, (known, "127.0.0.1", "localhost")))


if __name__ == "__main__":
    sys.exit(main())
