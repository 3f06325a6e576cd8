"""A token in a file of this computer."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agent.errors import TokenStoreError
from agent.replacing import replace_file
from agent.token_expiry import expiry_of
from agent.token_store.ports import StoredExpiry


@dataclass(frozen=True, slots=True)
class FileTokens:
    """One token in a file, which only its owner may read; implements `TokenStore`."""

    path: Path

    @property
    def place(self) -> str:
        """Where the token is."""
        return f"the file {self.path.absolute()}"

    def set(self, token: str, expires_on: datetime | None) -> None:  # noqa: ARG002  it is in the token
        """Replace the file; raises TokenStoreError."""
        try:
            replace_file(self.path, f"{token}\n".encode(), prepare=_leave_to_its_owner)
        except OSError as error:
            raise TokenStoreError(
                f"The token can't be written to the file {self.path.absolute()} "
                f"({error.strerror or type(error).__name__}).",
                "Correct digible.token_file in the settings, or let this account write there.",
            ) from error

    def expiry(self) -> StoredExpiry:
        """Return when the token in the file expires; raises TokenStoreError."""
        try:
            token = self.path.read_text(encoding="utf-8-sig").strip()
        except (FileNotFoundError, NotADirectoryError):
            return StoredExpiry(is_present=False, expires_on=None)
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it isn't text"
            raise TokenStoreError(
                f"The token's file {self.path.absolute()} can't be read ({reason}).",
                "Let this account read it, or run `shopmaster login` to write a new one.",
            ) from error
        return StoredExpiry(is_present=bool(token), expires_on=expiry_of(token))


def _leave_to_its_owner(_file: Path) -> None:
    """A new file is its owner's alone, whoever could read the old one."""
