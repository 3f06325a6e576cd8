"""The settings of what is beyond the PC: the sign-in to Azure, storage, Digible, and its token's place."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from agent.settings.reader import SettingsReader
from agent.sign_in import (
    ARC,
    CERTIFICATE,
    MANAGED_IDENTITY,
    WAYS,
    Arc,
    Certificate,
    Developer,
    ManagedIdentity,
    SignIn,
)
from agent.storage.address import (
    AddressError,
    StorageAccount,
    StorageSignIn,
    parse_account_url,
    parse_connection_string,
    parse_web_address,
)
from agent.token_store import TokenFile, TokenPlace, VaultToken

DEFAULT_DIGIBLE_URL = "https://api.digible.one/v1"

_WAYS = f"{', '.join(WAYS[:-1])} or {WAYS[-1]}"
_USED_WITH: Mapping[str, tuple[str, ...]] = {
    "azure.client_id": (CERTIFICATE, MANAGED_IDENTITY),
    "azure.tenant_id": (CERTIFICATE,),
    "azure.certificate": (CERTIFICATE,),
}
"""Which ways of signing in use a key."""


def parse_sign_in(reader: SettingsReader, file: Path | None) -> SignIn | None:
    """Return how the agent signs in to Azure, or None if the settings don't say or are wrong."""
    way = reader.parsed("azure.sign_in", _way)
    for key, ways in _USED_WITH.items():
        if key in reader.entries and way not in (None, *ways):
            quoted = " or ".join(f'"{each}"' for each in ways)
            reader.problem(key, f"is only used with sign_in = {quoted}")
    if way == CERTIFICATE:
        needs = 'azure.sign_in = "certificate" needs it'
        tenant_id = reader.text("azure.tenant_id", needs)
        client_id = reader.text("azure.client_id", needs)
        path = reader.path("azure.certificate", file, needs)
        return Certificate(tenant_id, client_id, path) if tenant_id and client_id and path else None
    if way == MANAGED_IDENTITY:
        return ManagedIdentity(reader.text("azure.client_id"))
    if way is None:
        return None
    return Arc() if way == ARC else Developer()


def _way(text: str) -> str:
    if text not in WAYS:
        raise ValueError(f"must be {_WAYS}")
    return text


def _require_sign_in(reader: SettingsReader, key: str, why: str) -> None:
    if "azure.sign_in" not in reader.entries:
        reader.problems.append(
            f"{reader.place(key)} needs azure.sign_in{why}: say how this computer signs in to Azure "
            f"({_WAYS})."
        )


def mentions_storage(reader: SettingsReader) -> bool:
    """Return whether anything about storage is set, right or wrong."""
    return any(key.startswith("storage.") for key in reader.entries)


def parse_storage(reader: SettingsReader, sign_in: SignIn | None) -> StorageSignIn | None:
    """Return the storage account, or None if the settings don't name one or are wrong."""
    kind = reader.choice(
        "storage", "give the storage account's `account_url`, or a `connection_string`"
    )
    if kind == "connection_string":
        return reader.parsed("storage.connection_string", parse_connection_string)
    if kind != "account_url":
        return None
    account = reader.parsed("storage.account_url", parse_account_url)
    if account is None or account.sas is not None:
        return account
    _require_sign_in(reader, "storage.account_url", ", because it has no SAS")
    return reader.parsed("storage.account_url", lambda _: _signed_in(account, sign_in))


def _signed_in(account: StorageAccount, sign_in: SignIn | None) -> StorageAccount:
    if account.url.startswith("http://"):
        raise AddressError("begins with http://, but signing in to Azure needs https://")
    return replace(account, sign_in=sign_in)


def parse_tokens(reader: SettingsReader, file: Path | None) -> TokenPlace | None:
    """Return where the store's Digible token is kept, or None if the settings don't say or are wrong."""
    url = reader.parsed("key_vault.url", parse_vault_url)
    path = reader.path("digible.token_file", file)
    if "key_vault.url" in reader.entries and "digible.token_file" in reader.entries:
        places = f"{reader.place('key_vault.url')} and {reader.place('digible.token_file')}"
        reader.problems.append(f"{places} can't be used together: keep one of them.")
        return None
    if "key_vault.url" in reader.entries:
        _require_sign_in(reader, "key_vault.url", "")
        return VaultToken(url) if url is not None else None
    return TokenFile(path) if path is not None else None


def parse_vault_url(text: str) -> str:
    """Return a Key Vault's address as its service takes it; raises AddressError."""
    parts = parse_web_address(text)
    url = f"https://{parts.netloc}"
    if parts.scheme != "https":
        raise AddressError("begins with http://, but a Key Vault is only reached by https://")
    if parts.path.strip("/") or parts.query:
        raise AddressError(f"is more than the vault's address: give only {url}")
    return url


def parse_digible_url(text: str) -> str:
    """Read `digible.api_url`; raises AddressError."""
    if parse_web_address(text).query:
        raise AddressError("has a ? and what follows it, which don't belong there")
    return text.rstrip("/")
