"""A token store as its users see it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoredExpiry:
    """What may be known about the stored token."""

    is_present: bool
    expires_on: datetime | None
    """When it expires; None if nobody knows."""


class TokenStore(Protocol):
    """Keeps one store's token."""

    @property
    def place(self) -> str:
        """Where that is, such as `the Key Vault keys.vault.azure.net`."""

    def set(self, token: str, expires_on: datetime | None) -> None:
        """Keep a token instead of the one before; raises TokenStoreError."""

    def expiry(self) -> StoredExpiry:
        """Return what may be known about the token, without its value; raises TokenStoreError."""
