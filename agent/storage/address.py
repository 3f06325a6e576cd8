"""Where the storage account is and how to sign in to it: parses addresses, without the network."""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import SplitResult, parse_qs, urlsplit

from agent.sign_in import SignIn
from contract.blobs import CATALOGS

_SUFFIX = "core.windows.net"


@dataclass(frozen=True, slots=True)
class StorageAccount:
    """A storage account by address."""

    url: str
    """Without container, query and closing slash."""

    sas: str | None = field(default=None, repr=False)
    """The query of a SAS URL; without one, `sign_in` says how."""

    container: str | None = None
    """The only container that the SAS is for; None if it is for the account."""

    sign_in: SignIn | None = None
    """How to sign in; None with a SAS."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be shown."""
        return _secrets_of(self.sas) if self.sas is not None else ()

    @property
    def expires_on(self) -> datetime | None:
        """When the SAS expires; None without one."""
        return _expiry_of(self.sas or "")


@dataclass(frozen=True, slots=True)
class StorageConnection:
    """A storage account by connection string."""

    connection_string: str = field(repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be shown."""
        values = _values(self.connection_string)
        key, sas = values.get("accountkey", ""), values.get("sharedaccesssignature", "")
        return (self.connection_string, *filter(None, [key]), *_secrets_of(sas))

    @property
    def expires_on(self) -> datetime | None:
        """When its SAS expires; None without one."""
        return _expiry_of(_values(self.connection_string).get("sharedaccesssignature", ""))


StorageSignIn = StorageAccount | StorageConnection


class AddressError(ValueError):
    """An address can't be used; the message is the rest of a sentence that begins with the setting."""


def parse_web_address(text: str) -> SplitResult:
    """Return the parts of an https address, or of an http one on this machine; raises AddressError."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise AddressError("is not a web address") from None
    if parts.scheme not in {"https", "http"} or not host or any(map(str.isspace, text)):
        raise AddressError("is not a web address: it must begin with https:// and a host's name")
    if parts.scheme == "http" and not _is_this_machine(host):
        raise AddressError(
            "begins with http://, which would send secrets unencrypted: use https://"
        )
    if parts.username is not None or parts.fragment:
        raise AddressError("contains a user name, a password or a #, which don't belong there")
    return parts


def parse_account_url(text: str) -> StorageAccount:
    """Read `storage.account_url`: an account's blob address, or a SAS URL for it or for its catalogues.

    Raises AddressError, whose message never repeats the query.
    """
    parts = parse_web_address(text)
    if ".dfs." in parts.netloc or ".queue." in parts.netloc or ".table." in parts.netloc:
        raise AddressError("is not the account's blob address, https://….blob.core.windows.net")
    path = [part for part in parts.path.split("/") if part]
    account = path[:1] if _has_account_in_path(parts.hostname or "") else []
    containers = path[len(account) :]
    url = "/".join([f"{parts.scheme}://{parts.netloc}", *account])
    query = parse_qs(parts.query)
    if not parts.query:
        if containers:
            raise AddressError(f"includes a container: give only the account, {url}")
        return StorageAccount(url)
    if "sig" not in query:
        raise AddressError("has a query without `sig`, so it is not a SAS URL: copy all of it")
    return StorageAccount(url, parts.query, _sas_container(query, containers))


def _sas_container(query: dict[str, list[str]], containers: list[str]) -> str | None:
    """Return the one container that a SAS is for, or None if it is for the account."""
    if "ss" in query:
        return None
    if query.get("sr") != ["c"]:
        raise AddressError(
            "is a SAS for a single blob: one for the account or for a container is needed"
        )
    if containers != [CATALOGS]:
        raise AddressError(
            f"is a SAS for another container than `{CATALOGS}`, where catalogues are uploaded"
        )
    return CATALOGS


def parse_connection_string(text: str) -> StorageConnection:
    """Read `storage.connection_string`.

    Raises AddressError for anything that doesn't look like one, or would send secrets unencrypted.
    """
    text = ";".join(map(str.strip, text.split(";")))
    values = _values(text)
    has_key = "accountname" in values and "accountkey" in values
    has_sas = "blobendpoint" in values and "sharedaccesssignature" in values
    is_emulator = values.get("usedevelopmentstorage") == "true"
    if not (has_key or has_sas or is_emulator):
        raise AddressError(
            "is not a connection string of a storage account: it must contain "
            "AccountName=…;AccountKey=…, or BlobEndpoint=…;SharedAccessSignature=…"
        )
    for name, url in _addresses(values):
        try:
            parse_web_address(url)
        except AddressError as problem:
            raise AddressError(f"leads to an address ({name}) that {problem}") from None
    return StorageConnection(text)


def _addresses(values: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the addresses in a connection string, with the names of the values that make them."""
    for name in ("BlobEndpoint", "BlobSecondaryEndpoint", "DevelopmentStorageProxyUri"):
        if name.lower() in values:
            yield name, values[name.lower()]
    if "blobendpoint" not in values and "defaultendpointsprotocol" in values:
        host = f"{values.get('accountname', '')}.blob.{values.get('endpointsuffix', _SUFFIX)}"
        yield "DefaultEndpointsProtocol", f"{values['defaultendpointsprotocol']}://{host}"


def _secrets_of(sas: str) -> tuple[str, ...]:
    return (sas, *parse_qs(sas).get("sig", [])) if sas else ()


def _expiry_of(sas: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(parse_qs(sas)["se"][0])
    except (KeyError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _values(connection_string: str) -> dict[str, str]:
    """Return what a storage account's connection string says, by lower-case name, as Azure reads it."""
    pairs = (part.partition("=") for part in connection_string.split(";") if part)
    return {name.lower(): value for name, _, value in pairs}


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _has_account_in_path(host: str) -> bool:
    """Return whether the host is an emulator, with the account in the path: `http://127.0.0.1:10000/name`."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." not in host
    return True
