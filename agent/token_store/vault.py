"""Tokens in a Key Vault: a secret for each store, which its computer may set but not read."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlsplit

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.keyvault.secrets import SecretClient, SecretProperties

from agent.errors import SignInError, TokenStoreError
from agent.sign_in import SignIn, credential_for
from agent.token_store.messages import explained
from agent.token_store.ports import StoredExpiry
from contract.blobs import StoreName

_SETTING = "The token can't be stored"
_LOOKING = "Whether a token is stored can't be seen"

T = TypeVar("T")


def vault_client(url: str, sign_in: SignIn) -> SecretClient:
    """Return a client for a vault; nothing is sent yet. Raises SignInError."""
    return SecretClient(
        url,
        credential_for(sign_in),
        retry_total=2,
        connection_timeout=8,
        read_timeout=15,  # by default, it waits for five minutes
    )


@dataclass(frozen=True, slots=True)
class VaultTokens:
    """The token of a store in a vault; implements `TokenStore`."""

    client: SecretClient
    store: StoreName

    @property
    def place(self) -> str:
        """Where the token is."""
        return f"the Key Vault {urlsplit(self.client.vault_url).netloc}"

    def set(self, token: str, expires_on: datetime | None) -> None:
        """Set the secret and its expiry date; raises TokenStoreError."""
        self._explained(
            _SETTING, lambda: self.client.set_secret(self._name, token, expires_on=expires_on)
        )

    def expiry(self) -> StoredExpiry:
        """Return what the secret's properties say; the value is not asked for. Raises TokenStoreError."""
        versions = self._explained(_LOOKING, self._versions)
        if not versions:
            return StoredExpiry(is_present=False, expires_on=None)
        newest = max(versions, key=lambda one: one.created_on.timestamp() if one.created_on else 0)
        return StoredExpiry(bool(newest.enabled), newest.expires_on)

    def _versions(self) -> list[SecretProperties]:
        try:
            return list(self.client.list_properties_of_secret_versions(self._name))
        except ResourceNotFoundError:
            return []

    @property
    def _name(self) -> str:
        return f"digible-token-{self.store}"

    def _explained(self, failure: str, call: Callable[[], T]) -> T:
        try:
            return call()
        except SignInError as error:
            raise TokenStoreError(error.cause_of(failure), error.remedy) from error
        except (AzureError, OSError, ValueError) as error:
            raise explained(error, failure, self.client.vault_url, self._name) from error
