"""Where the stores' Digible tokens are kept: in Key Vault in Azure, in a file or the environment elsewhere."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError
from azure.keyvault.secrets import SecretClient

from contract.blobs import StoreName
from function_app.errors import TokenMissingError, TokenStoreError
from function_app.token import StoredToken

_MISSING = "No Digible token is stored for store {store}. Log in to Digible to store one."
_DISABLED = (
    "The Digible token of store {store} was disabled. Log in to Digible to store another one."
)
_BROKEN = "What is stored for store {store} is not a Digible token. Log in to Digible to store one."


@dataclass(frozen=True, slots=True)
class KeyVaultTokens:
    """One secret a store, `digible-token-{store}`; implements `ports.TokenStore`."""

    client: SecretClient

    def token(self, store: StoreName) -> StoredToken:
        """Return the store's token; raises TokenMissingError or TokenStoreError."""
        try:
            secret = self.client.get_secret(f"digible-token-{store}")
        except ResourceNotFoundError:
            raise TokenMissingError(_MISSING.format(store=store)) from None
        except AzureError as error:
            if _is_disabled(error):
                raise TokenMissingError(_DISABLED.format(store=store)) from None
            reason = type(error).__name__  # the message may quote the request
            raise TokenStoreError(f"The token can't be read from Key Vault ({reason}).") from error
        # Key Vault returns an expired secret all the same, so its date is checked here.
        return _checked(store, secret.value or "", secret.properties.expires_on)


@dataclass(frozen=True, slots=True)
class FileToken:
    """One token for all stores in a file, which is read again each time; implements `ports.TokenStore`."""

    path: Path

    def token(self, store: StoreName) -> StoredToken:
        """Return the token in the file; raises TokenMissingError or TokenStoreError."""
        try:
            value = self.path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            raise TokenMissingError(_MISSING.format(store=store)) from None
        except (OSError, UnicodeDecodeError) as error:
            raise TokenStoreError("The file of DIGIBLE_TOKEN_FILE can't be read.") from error
        return _checked(store, value)


@dataclass(frozen=True, slots=True)
class FixedToken:
    """One token for all stores, from the environment; implements `ports.TokenStore`."""

    value: str = field(repr=False)

    def token(self, store: StoreName) -> StoredToken:
        """Return the token; raises TokenMissingError."""
        return _checked(store, self.value)


def _is_disabled(error: AzureError) -> bool:
    """Return whether Key Vault says that the secret is disabled: 403 as for missing rights, but for its code."""
    if not isinstance(error, HttpResponseError) or error.error is None:
        return False
    return "SecretDisabled" in (error.error.code, (error.error.innererror or {}).get("code"))


def _checked(store: StoreName, value: str, expires_on: datetime | None = None) -> StoredToken:
    """Return a token without the line break that editors and shells add to it."""
    token = value.strip()
    if not token:
        raise TokenMissingError(_MISSING.format(store=store))
    if not (token.isascii() and token.isprintable()):  # it can't be sent in a header
        raise TokenMissingError(_BROKEN.format(store=store))
    return StoredToken(token, expires_on)
