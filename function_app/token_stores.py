"""Where the stores' Digible tokens are kept: Key Vault in Azure; a file or the environment elsewhere."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.keyvault.secrets import SecretClient

from contract.blobs import StoreName
from function_app.errors import TokenMissingError, TokenStoreError
from function_app.token import StoredToken

_MISSING = "No Digible token is stored for store {store}. Log in to Digible once to store one."
_BROKEN = (
    "What is stored for store {store} is no Digible token. Log in to Digible once to store one."
)


@dataclass(frozen=True, slots=True)
class KeyVaultTokens:
    """One secret a store, `digible-token-{store}`; fulfils `ports.TokenStore`."""

    client: SecretClient

    def token(self, store: StoreName) -> StoredToken:
        """Give the store's token; raises TokenMissingError or TokenStoreError."""
        try:
            secret = self.client.get_secret(f"digible-token-{store}")
        except ResourceNotFoundError:
            raise TokenMissingError(_MISSING.format(store=store)) from None
        except AzureError as error:
            reason = type(error).__name__  # the message may quote the request
            raise TokenStoreError(f"Key Vault did not give the token ({reason}).") from error
        # Key Vault gives an expired secret out all the same: its date is ours to check.
        return _checked(store, secret.value or "", secret.properties.expires_on)


@dataclass(frozen=True, slots=True)
class FileToken:
    """One token for all stores in a file, read again each time; fulfils `ports.TokenStore`."""

    path: Path

    def token(self, store: StoreName) -> StoredToken:
        """Give the token in the file; raises TokenMissingError or TokenStoreError."""
        try:
            value = self.path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            raise TokenMissingError(_MISSING.format(store=store)) from None
        except (OSError, UnicodeDecodeError) as error:
            raise TokenStoreError("The file of DIGIBLE_TOKEN_FILE can't be read.") from error
        return _checked(store, value)


@dataclass(frozen=True, slots=True)
class FixedToken:
    """One token for all stores, from the environment; fulfils `ports.TokenStore`."""

    value: str = field(repr=False)

    def token(self, store: StoreName) -> StoredToken:
        """Give the token; raises TokenMissingError."""
        return _checked(store, self.value)


def _checked(store: StoreName, value: str, expires_on: datetime | None = None) -> StoredToken:
    """Give a token as it was kept, less the line break that editors and shells leave behind it."""
    token = value.strip()
    if not token:
        raise TokenMissingError(_MISSING.format(store=store))
    if not (token.isascii() and token.isprintable()):  # it could not even be sent as a header
        raise TokenMissingError(_BROKEN.format(store=store))
    return StoredToken(token, expires_on)
