"""What keeps a password, as the rest of the program sees it, and the error of all of them."""

from pathlib import Path
from typing import Protocol

from agent.errors import AgentError


class PasswordError(AgentError):
    """A password can't be stored, or can't be read where it is kept."""


class Keyring(Protocol):
    """The operating system's keyring of the account that runs the agent. Each call may raise PasswordError."""

    name: str
    """As its system calls it."""

    def get(self, login: str) -> str | None:
        """Return the password, or None if there is none."""

    def set(self, login: str, password: str) -> None:
        """Keep a password, instead of the one before."""

    def delete(self, login: str) -> None:
        """Forget the password, if there is one."""


class Seal(Protocol):
    """Makes what is in a file useless on another computer, where the system can do that."""

    def seal(self, data: bytes) -> bytes:
        """Return the data sealed; raises OSError."""

    def unseal(self, data: bytes) -> bytes:
        """Return what was sealed on this computer; raises OSError."""


class Guard(Protocol):
    """Decides who may open a file."""

    def close(self, file: Path, account: str | None) -> None:
        """Let nobody but `account` (None: this one) and administrators open a file; raises PasswordError."""

    def check(self, file: Path) -> None:
        """Raise PasswordError if others may open it."""

    def readers(self, file: Path, account: str | None) -> str:
        """Return who may open it, in words."""
