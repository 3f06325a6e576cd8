"""Which place a store's token is kept in."""

from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from agent.errors import TokenStoreError
from agent.sign_in import SignIn
from agent.token_store.file import FileTokens
from agent.token_store.ports import TokenStore
from contract.blobs import StoreName


@dataclass(frozen=True, slots=True)
class VaultToken:
    """The store's Digible token is a secret in a Key Vault."""

    url: str


@dataclass(frozen=True, slots=True)
class TokenFile:
    """The store's Digible token is a file, as on a developer's machine."""

    path: Path


TokenPlace = VaultToken | TokenFile


def token_store_for(tokens: TokenPlace, sign_in: SignIn | None, store: StoreName) -> TokenStore:
    """Return where a store's token is kept; nothing is sent yet. Raises SignInError or TokenStoreError."""
    match tokens:
        case TokenFile(path):
            return FileTokens(path)
        case VaultToken(url):
            # Imported late: Azure's libraries take longer than all the rest.
            from agent.token_store.vault import VaultTokens, vault_client  # noqa: PLC0415

            if sign_in is None:
                raise TokenStoreError(
                    "Nothing says how this computer signs in to Azure.",
                    "Set azure.sign_in in the settings.",
                )
            return VaultTokens(vault_client(url, sign_in), store)
        case _:
            assert_never(tokens)
