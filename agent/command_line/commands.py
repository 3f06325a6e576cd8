"""Every command with its summary; its file is imported only if it is called, which keeps `--help` quick."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from agent.command_line.command import Command

SUMMARIES: Final[Mapping[str, str]] = {
    "configure": "Find the products, try everything, and write the settings file.",
    "check": "Check everything that an upload needs, and say what to do about what is wrong.",
    "login": "Log in to Digible, and store the token that uploads need.",
    "upload": "Read all products, upload them, and show the outcome.",
    "status": "Show the store's latest runs, or one of them in full.",
    "resume": "Take up a run again that failed, or whose session had expired.",
    "schedule": "Let this computer upload the products every day or hour; show or remove that schedule.",
    "support": "Put what a support person needs into one zip, without secrets.",
}
"""What each command does, in the order of the help."""


def load(name: str) -> "Command[Any]":  # noqa: PLR0911  # one for each command
    """Return a command by its name; raises KeyError for any other."""
    match name:
        case "configure":
            from agent.command_line.configure import CONFIGURE  # noqa: PLC0415

            return CONFIGURE
        case "check":
            from agent.command_line.check import CHECK  # noqa: PLC0415

            return CHECK
        case "login":
            from agent.command_line.login import LOGIN  # noqa: PLC0415

            return LOGIN
        case "upload":
            from agent.command_line.upload import UPLOAD  # noqa: PLC0415

            return UPLOAD
        case "status":
            from agent.command_line.status import STATUS  # noqa: PLC0415

            return STATUS
        case "resume":
            from agent.command_line.resume import RESUME  # noqa: PLC0415

            return RESUME
        case "schedule":
            from agent.command_line.schedule import SCHEDULE  # noqa: PLC0415

            return SCHEDULE
        case "support":
            from agent.command_line.support import SUPPORT  # noqa: PLC0415

            return SUPPORT
        case _:
            raise KeyError(name)
