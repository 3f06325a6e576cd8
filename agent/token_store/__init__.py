"""Where the store's Digible token is kept: set by `login`, read by the function, never read back here."""

from agent.token_store.places import TokenFile, TokenPlace, VaultToken, token_store_for
from agent.token_store.ports import StoredExpiry, TokenStore

__all__ = [
    "StoredExpiry",
    "TokenFile",
    "TokenPlace",
    "TokenStore",
    "VaultToken",
    "token_store_for",
]
