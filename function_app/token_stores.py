"""Where the stores' Digible tokens are kept: Key Vault in Azure; a file or the environment elsewhere."""

from dataclasses import dataclass, field
from pathlib import Path

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.keyvault.secrets import SecretClient

from contract.blobs import StoreName
from function_app.errors import TokenMissingError, TokenStoreError
from function_app.token import StoredToken

_MISSING = "No Digible token is stored for store {store}. Log in to Digible once to store one."


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
        if not secret.value:
            raise TokenMissingError(_MISSING.format(store=store))
        # Key Vault gives an expired secret out all the same: its date is ours to check.
        return StoredToken(secret.value, secret.properties.expires_on)


@dataclass(frozen=True, slots=True)
class FileToken:
    """One token for all stores in a file, read again each time; fulfils `ports.TokenStore`."""

    path: Path

    def token(self, store: StoreName) -> StoredToken:
        """Give the token in the file; raises TokenMissingError or TokenStoreError."""
        try:
            value = self.path.read_text(encoding="utf-8-sig").strip()
        except FileNotFoundError:
            raise TokenMissingError(_MISSING.format(store=store)) from None
        except (OSError, UnicodeDecodeError) as error:
            raise TokenStoreError("The file of DIGIBLE_TOKEN_FILE can't be read.") from error
        if not value:
            raise TokenMissingError(_MISSING.format(store=store))
        return StoredToken(value)


@dataclass(frozen=True, slots=True)
class FixedToken:
    """One token for all stores, from the environment; fulfils `ports.TokenStore`."""

    value: str = field(repr=False)

    def token(self, store: StoreName) -> StoredToken:  # noqa: ARG002  # the same for all
        """Give the token."""
        return StoredToken(self.value)
