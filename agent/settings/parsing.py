"""The agent's settings as types: parsed once, all problems reported together, no secret ever shown."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.errors import SettingsError
from agent.settings.cloud import (
    DEFAULT_DIGIBLE_URL,
    mentions_storage,
    parse_digible_url,
    parse_sign_in,
    parse_storage,
    parse_tokens,
)
from agent.settings.database import parse_products
from agent.settings.file import RawSettings
from agent.settings.reader import SettingsReader
from agent.sign_in import SignIn
from agent.sqlite import SqliteTable
from agent.sqlserver.table import SqlServerTable
from agent.storage.address import StorageSignIn
from agent.token_store import TokenPlace
from contract.blobs import StoreName, parse_store

DEFAULT_CHANGE_LIMIT = 0.3


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of the agent."""

    store: StoreName
    products: SqlServerTable | SqliteTable
    """The table to read."""

    storage: StorageSignIn | None
    """None if the command doesn't need it."""

    telemetry: str | None = field(default=None, repr=False)
    """The connection string of Application Insights; None sends no telemetry."""

    sign_in: SignIn | None = None
    """How to sign in to Azure; None if nothing needs it."""

    digible_url: str = DEFAULT_DIGIBLE_URL
    tokens: TokenPlace | None = None
    """Where `login` puts the store's Digible token; None if the settings don't say."""

    change_limit: float = DEFAULT_CHANGE_LIMIT
    """The share of the products (0 to 1) that may be gone or have another price than last time."""

    file: Path | None = None
    """The settings file, if there is one."""

    state_folder: Path | None = None
    """Where the agent keeps its notes; None for the place that goes with the settings file."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Everything in the settings that must never be shown."""
        table = self.products
        of_database = table.login.secrets if isinstance(table, SqlServerTable) else ()
        of_storage = self.storage.secrets if self.storage is not None else ()
        of_telemetry = (self.telemetry,) if self.telemetry is not None else ()
        return tuple(filter(None, (*of_database, *of_storage, *of_telemetry)))


KEYS = (
    "store",
    "database.server",
    "database.database",
    "database.table",
    "database.authentication",
    "database.username",
    "database.password",
    "database.connection_string",
    "database.sqlite",
    "columns.product_id",
    "columns.product_name",
    "columns.sell_price",
    "storage.account_url",
    "storage.connection_string",
    "telemetry.connection_string",
    "azure.sign_in",
    "azure.client_id",
    "azure.tenant_id",
    "azure.certificate",
    "digible.api_url",
    "digible.token_file",
    "key_vault.url",
    "upload.change_limit_percent",
    "state_folder",
)
"""Every setting; any other is refused."""


def parse_settings(
    raw: RawSettings, *, with_storage: bool, reads_products: bool = True
) -> Settings:
    """Return the settings as types; `with_storage` says whether the command needs `[storage]`.

    One that doesn't read products needs no password of the database, which may be another account's.
    Raises SettingsError with every problem, each one a sentence that names its key.
    """
    if not raw.entries and raw.file is None:
        raise SettingsError(_nothing(raw))
    reader = SettingsReader.of(raw)
    reader.report_unknown(KEYS)
    needs = "write the name that your operator gave you"
    store = reader.parsed("store", parse_store, required=needs)
    products = parse_products(reader, raw.file, with_password=reads_products)
    sign_in = parse_sign_in(reader, raw.file)
    uses_storage = with_storage or mentions_storage(reader)
    storage = parse_storage(reader, sign_in) if uses_storage else None
    telemetry = reader.text("telemetry.connection_string")
    tokens = parse_tokens(reader, raw.file)
    digible_url = reader.parsed("digible.api_url", parse_digible_url) or DEFAULT_DIGIBLE_URL
    limit = reader.number("upload.change_limit_percent", 0, 100)
    state_folder = reader.path("state_folder", raw.file)
    if reader.problems or store is None or products is None:
        raise SettingsError(_report(reader.problems, raw))
    return Settings(
        store,
        products,
        storage,
        telemetry,
        sign_in,
        digible_url,
        tokens,
        DEFAULT_CHANGE_LIMIT if limit is None else limit / 100,
        raw.file,
        state_folder,
    )


def _nothing(raw: RawSettings) -> str:
    places = " nor ".join(str(place.absolute()) for place in raw.looked_at)
    return (
        f"There are no settings: neither {places} exists. Run `shopmaster configure`, "
        "which writes one of them, or name another with --config."
    )


def _report(problems: Sequence[str], raw: RawSettings) -> str:
    where = f"settings file: {raw.file.absolute()}" if raw.file else "there is no settings file"
    if len(problems) == 1:
        return f"{problems[0]} ({where})"
    return "\n".join(
        [f"{len(problems)} settings are wrong ({where}):", *(f"- {each}" for each in problems)]
    )
