"""The app settings, read once into one typed object; all problems are reported together."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from function_app.errors import SettingsError

DEFAULT_API_URL = "https://api.digible.one/v1"
MAX_CONCURRENCY = 16

_TIME_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{1,2}):(\d{1,2})\Z")
_DEFAULT_FUNCTION_TIMEOUT = 1_800.0  # seconds: Azure's default on the Flex Consumption plan
_UNBOUNDED = 86_400.0


@dataclass(frozen=True, slots=True)
class ConnectionString:
    """Storage through a connection string, as on a developer's machine."""

    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class IdentityStorage:
    """Storage through the app's managed identity, as in Azure."""

    blob_service_uri: str
    queue_service_uri: str
    client_id: str | None
    """Of a user-assigned identity; None for the system-assigned one."""


@dataclass(frozen=True, slots=True)
class TokensInVault:
    """The stores' tokens in Key Vault, as in Azure."""

    url: str


@dataclass(frozen=True, slots=True)
class TokenInFile:
    """One token for all stores, in a file."""

    path: Path


@dataclass(frozen=True, slots=True)
class TokenInEnvironment:
    """One token for all stores, in the settings themselves."""

    value: str = field(repr=False)


TokenPlace = TokensInVault | TokenInFile | TokenInEnvironment


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator may set."""

    storage: ConnectionString | IdentityStorage
    tokens: TokenPlace
    api_url: str
    body_key: str | None
    isolate: bool
    concurrency: int
    timeout: float
    """Seconds for one POST, from the first byte sent to the last received."""

    longest_doubt: timedelta
    """How long a POST without an answer may still be carried out."""

    time_limit: float
    """Seconds after which a run is handed over to another invocation."""


class _Reader:
    """Reads settings one by one and collects the problems."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.problems: list[str] = []

    def text(self, name: str) -> str | None:
        return self._environment.get(name, "").strip() or None

    def choice(self, name: str, default: str, *choices: str) -> str:
        value = (self.text(name) or default).lower()
        if value in map(str.lower, choices):
            return value
        self.problems.append(f"{name} must be one of {', '.join(choices)}.")
        return default.lower()

    def number(self, name: str, default: float, lowest: float, highest: float) -> float:
        text = self.text(name)
        if text is None:
            return default
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if lowest <= value <= highest:
            return value
        self.problems.append(f"{name} must be a number from {lowest:g} to {highest:g}.")
        return default

    def url(self, name: str, default: str | None) -> str | None:
        value = self.text(name) or default
        if value is None or _is_safe_url(value):
            return value
        self.problems.append(f"{name} must be an address that begins with https://.")
        return default


def read_settings(environment: Mapping[str, str], host_json: str = "{}") -> Settings:
    """Read the app settings from an environment, and the time limit of an invocation from host.json's text.

    Raises SettingsError, which names every problem and never repeats a value, which may be secret.
    """
    reader = _Reader(environment)
    concurrency = reader.number("DIGIBLE_CONCURRENCY", 1, 1, MAX_CONCURRENCY)
    if concurrency != int(concurrency):
        reader.problems.append("DIGIBLE_CONCURRENCY must be a whole number.")
    _blob_events(reader)
    timeout = reader.number("DIGIBLE_TIMEOUT_SECONDS", 30, 0.1, 600)
    settings = Settings(
        storage=_storage(reader),
        tokens=_tokens(reader),
        api_url=reader.url("DIGIBLE_API_URL", DEFAULT_API_URL) or DEFAULT_API_URL,
        body_key=reader.text("DIGIBLE_BODY_KEY"),
        isolate=reader.choice("DIGIBLE_ON_REFUSAL", "stop", "stop", "isolate") == "isolate",
        concurrency=int(concurrency),
        timeout=timeout,
        longest_doubt=timedelta(seconds=reader.number("DIGIBLE_IN_DOUBT_SECONDS", 60, 0, 3_600)),
        time_limit=_time_limit(reader, host_json, timeout),
    )
    if reader.problems:
        raise SettingsError(reader.problems)
    return settings


def are_events_from_event_grid(environment: Mapping[str, str]) -> bool:
    """Return whether blob events come through Event Grid; otherwise the container is scanned.

    Never raises: the triggers are bound even if the settings are wrong, so that something can say so.
    """
    return _blob_events(_Reader(environment)) == "eventgrid"


def _blob_events(reader: _Reader) -> str:
    is_by_identity = not reader.text("CatalogStorage") and reader.text(
        "CatalogStorage__blobServiceUri"
    )
    default = "EventGrid" if is_by_identity else "scan"
    return reader.choice("CATALOG_EVENTS", default, "scan", "EventGrid")


def _storage(reader: _Reader) -> ConnectionString | IdentityStorage:
    connection_string = reader.text("CatalogStorage")
    if connection_string:
        if "=" not in connection_string:
            reader.problems.append("CatalogStorage is not a connection string.")
        return ConnectionString(connection_string)
    blob_uri = reader.url("CatalogStorage__blobServiceUri", None)
    queue_uri = reader.url("CatalogStorage__queueServiceUri", None)
    if not (blob_uri and queue_uri):
        reader.problems.append(
            "CatalogStorage is not set: set it to a connection string, or set "
            "CatalogStorage__blobServiceUri and CatalogStorage__queueServiceUri for the app's identity."
        )
    client_id = reader.text("CatalogStorage__clientId")
    credential = reader.text("CatalogStorage__credential")
    if client_id and (credential or "").lower() != "managedidentity":
        # The host reads it, too: without it, the triggers sign in as somebody else or not at all.
        reader.problems.append(
            "CatalogStorage__clientId is set: set CatalogStorage__credential to managedidentity as well."
        )
    return IdentityStorage(blob_uri or "", queue_uri or "", client_id)


def _tokens(reader: _Reader) -> TokenPlace:
    if vault := reader.url("KEY_VAULT_URL", None):
        return TokensInVault(vault)
    if token := reader.text("DIGIBLE_TOKEN"):
        return TokenInEnvironment(token)
    file = reader.text("DIGIBLE_TOKEN_FILE")
    if file is None:
        reader.problems.append(
            "No token store is set: set KEY_VAULT_URL in Azure, DIGIBLE_TOKEN_FILE or DIGIBLE_TOKEN "
            "elsewhere."
        )
    return TokenInFile(Path(file or ""))


def _time_limit(reader: _Reader, host_json: str, timeout: float) -> float:
    """Return the time of an invocation, less a margin in which a last POST ends and its outcome is saved."""
    seconds = _function_timeout(reader, host_json)
    margin = max(min(120.0, seconds / 5), timeout + min(30.0, seconds / 10))
    if seconds - margin < seconds / 5:
        reader.problems.append(
            "DIGIBLE_TIMEOUT_SECONDS is too long for functionTimeout (host.json): no time is left to send."
        )
    return seconds - margin


def _function_timeout(reader: _Reader, host_json: str) -> float:
    override = reader.text("AzureFunctionsJobHost__functionTimeout")
    span = override or json.loads(host_json).get("functionTimeout")
    if span is None:
        return _DEFAULT_FUNCTION_TIMEOUT
    if span == "-1":
        return _UNBOUNDED
    if match := _TIME_SPAN.match(span):
        days, hours, minutes, rest = (int(part or 0) for part in match.groups())
        return float(((days * 24 + hours) * 60 + minutes) * 60 + rest)
    reader.problems.append("functionTimeout must be a time such as 00:30:00.")
    return _DEFAULT_FUNCTION_TIMEOUT


def _is_safe_url(value: str) -> bool:
    """Return whether a token may be sent there: https, or this machine."""
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.username or parts.query or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
