"""Runs Azure's command line, `az`: nothing else starts it."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from infra.az_errors import explained
from infra.errors import AzError, AzProblem, OperatorError

_SECONDS = 900
_HANDLED_BY_CMD = set('&|<>^%!"\r\n')
"""What Windows' cmd.exe, which runs `az.cmd`, doesn't pass on as it stands."""


@dataclass(frozen=True, slots=True)
class AzureCli:
    """The `az` that the operator has signed in."""

    program: str
    subscription: str
    """The id of the installation's subscription."""

    tenant: str = ""
    """The id of the subscription's tenant."""

    def resources(self, *arguments: str) -> Any:
        """Run a command in the installation's subscription; return its decoded answer, None if empty.

        Raises AzError, whose message never repeats an argument's value.
        """
        return self.directory(*arguments, "--subscription", self.subscription)

    def directory(self, *arguments: str) -> Any:
        """Run a command that knows no subscription, such as `az ad`; otherwise the same."""
        command = " ".join(["az", *_words(arguments)])
        check_for_cmd(self.program, arguments)
        try:
            ended = subprocess.run(  # noqa: S603  our own arguments, no shell
                [self.program, *arguments, "--output", "json", "--only-show-errors"],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise AzError(
                AzProblem.UNREACHABLE, f"`{command}` took longer than {_SECONDS // 60} minutes."
            ) from None
        except OSError as error:
            raise OperatorError(f"`{self.program}` can't be started ({error.strerror}).") from error
        if ended.returncode != 0:
            raise explained(command, ended.stderr)
        return _decoded(command, ended.stdout)


def find_az() -> str:
    """Return the path of `az`; raises OperatorError if there is none."""
    program = shutil.which("az")
    if program is None:
        raise OperatorError(
            "Azure's command line `az` is not installed, or not on the PATH. "
            "Install it (https://aka.ms/azure-cli), run `az login`, then try again."
        )
    return program


def check_for_cmd(program: str, arguments: tuple[str, ...]) -> None:
    """Raise OperatorError for an argument that a Windows command file would not get as it is."""
    if PurePath(program).suffix.lower() not in {".cmd", ".bat"}:
        return
    for argument in arguments:
        if odd := sorted(_HANDLED_BY_CMD & set(argument)):
            raise OperatorError(
                f"Windows can't pass the character {odd[0]!r} on to `az`. "
                "Use a name or path without it."
            )


def _words(arguments: tuple[str, ...]) -> list[str]:
    """Return the words before the first option: they name the command and hold no value."""
    options = (at for at, word in enumerate(arguments) if word.startswith("-"))
    return list(arguments[: next(options, len(arguments))])


def _decoded(command: str, text: str) -> Any:
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except ValueError:
        raise AzError(
            AzProblem.OTHER, f"`{command}` answered with something else than JSON."
        ) from None
