"""A shop that could upload, and scenes in which one thing about it is wrong."""

import errno
import socket
import ssl
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import jwt
import keyring
import pytest
import trustme
from azure.storage.blob import (
    AccountSasPermissions,
    BlobServiceClient,
    ResourceTypes,
    generate_account_sas,
)
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from agent.passwords import places
from agent.passwords.own_keyring import OwnKeyring
from agent.scheduling.notes import Installed, Proof
from agent.scheduling.status import JobStatus, ScheduleStatus
from contract.blobs import StoreName
from contract.run import Run, RunState
from dev.files import toml_string
from tests.agent.checking.fakes import FakeSchedule
from tests.agent.sqlserver.test_faults import HTTP, has_no_tls, listening
from tests.agent.storage.test_connecting import server
from tests.agent.test_temporary_file import place
from tests.tds import PASSWORD, USER, Faults, SqlServerStandIn, Table
from tests.tds.__main__ import SHOP_COLUMNS

TABLE = Table("Products", SHOP_COLUMNS, [("A1", "Coffee", Decimal("12.50"))])
WRITE_ONLY = AccountSasPermissions(write=True, create=True)
READ_ONLY = AccountSasPermissions(read=True, list=True)
EVERYTHING = AccountSasPermissions(read=True, write=True, create=True, list=True)
SIGNATURE = "c2VjcmV0"

Section = dict[str, str]


@dataclass
class Shop:
    """A store PC as its settings, its environment and its surroundings make it."""

    store: StoreName
    folder: Path
    connection: str
    """Of the storage account."""

    monkeypatch: pytest.MonkeyPatch
    stack: ExitStack
    database: Section = field(default_factory=dict)
    storage: Section = field(default_factory=dict)
    other: dict[str, Section] = field(default_factory=dict)
    shop_name: str | None = None
    """What the settings say is the store's name, if that isn't right."""

    def write_settings(self) -> None:
        """Write the settings file as it is by now."""
        sections = {"database": self.database, "storage": self.storage, **self.other}
        lines = [f"store = {toml_string(self.shop_name or self.store)}"]
        for name, values in sections.items():
            lines.append(f"[{name}]")
            lines += [f"{key} = {toml_string(value)}" for key, value in values.items()]
        (self.folder / "shopmaster.toml").write_text("\n".join(lines) + "\n", "utf-8")
        (self.folder / "shopmaster.toml").chmod(0o600)

    def set(self, name: str, value: str) -> None:
        """Set an environment variable."""
        self.monkeypatch.setenv(name, value)

    def server(self, *tables: Table, faults: Faults = Faults()) -> None:  # noqa: B008  frozen
        """Read from a server with these tables."""
        server = self.stack.enter_context(SqlServerStandIn(tables, faults=faults))
        self.database = {
            "server": server.server,
            "database": "Shop",
            "table": "dbo.Products",
            "authentication": "sql",
            "username": USER,
        }

    def sas(self, permission: AccountSasPermissions, days: float = 30) -> None:
        """Use the account through a SAS with these rights, which holds for so many days."""
        with BlobServiceClient.from_connection_string(self.connection) as service:
            query = generate_account_sas(
                service.account_name or "",
                service.credential.account_key,
                ResourceTypes(service=True, container=True, object=True),
                permission,
                datetime.now(UTC) + timedelta(days=days),
                datetime.now(UTC) - timedelta(days=40),
            )
            self.storage = {"account_url": f"{service.url.partition('?')[0].rstrip('/')}?{query}"}

    def account_at(self, place: str) -> None:
        """Use an account somewhere else, with a SAS."""
        self.storage = {"account_url": f"{place}/shop?ss=b&srt=sco&sp=rwlc&sig={SIGNATURE}"}

    def token(self, text: str) -> None:
        """Put a token where `login` would."""
        (self.folder / "token").write_text(text, "utf-8")


Scene = Callable[[Shop], None]
"""Makes one thing wrong."""


def column_renamed(shop: Shop) -> None:
    columns = {name.replace("SellPrice", "Price"): kind for name, kind in SHOP_COLUMNS.items()}
    shop.server(Table("Products", columns, TABLE.rows))


def id_repeated(shop: Shop) -> None:
    row = ("A1", "Coffee", Decimal("12.50"))
    shop.server(Table("Products", SHOP_COLUMNS, [row, row, ("A2", "Tea", Decimal(3))]))


def binary_names(shop: Shop) -> None:
    columns = {**SHOP_COLUMNS, "ProductName": "varbinary(9)"}
    shop.server(Table("Products", columns, [("A1", b"x", Decimal(1))]))


def own_connection(**attributes: str) -> Scene:
    """Log in with a connection string of the user's own."""

    def scene(shop: Shop) -> None:
        given = {
            "Server": shop.database["server"],
            "Database": "Shop",
            "UID": USER,
            "PWD": "{p;w}}{d}",
            **attributes,
        }
        text = ";".join(f"{key}={value}" for key, value in given.items())
        shop.database = {"connection_string": text, "table": "dbo.Products"}

    return scene


def database(**values: str) -> Scene:
    """Change settings of the database."""
    return lambda shop: shop.database.update(values)


def faulty(**faults: Any) -> Scene:
    """Read from a server that misbehaves."""
    return lambda shop: shop.server(TABLE, faults=Faults(**faults))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        return int(closed.getsockname()[1])


def port_closed(shop: Shop) -> None:
    shop.database["server"] = f"127.0.0.1,{free_port()}"


def other_program(shop: Shop) -> None:
    shop.database["server"] = shop.stack.enter_context(listening(HTTP))


def no_encryption(shop: Shop) -> None:
    shop.database["server"] = shop.stack.enter_context(listening(has_no_tls))


def no_pyodbc(shop: Shop) -> None:
    text = "raise ImportError('libodbc.so.2: cannot open shared object file')"
    (shop.folder / "pyodbc.py").write_text(text, "utf-8")
    shop.monkeypatch.syspath_prepend(shop.folder)
    shop.monkeypatch.delitem(sys.modules, "pyodbc", raising=False)


def http(status: str, headers: Mapping[str, str] | None = None) -> bytes:
    """Return an answer without content, dated now unless the headers say otherwise."""
    given = {
        "Date": format_datetime(datetime.now(UTC), usegmt=True),
        "Content-Length": "0",
        "Connection": "close",
        **(headers or {}),
    }
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in given.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def account_that_answers(status: str, **headers: str) -> Scene:
    """Use an account that gives every request this answer."""

    def scene(shop: Shop) -> None:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        port = shop.stack.enter_context(server(http(status, names)))
        shop.account_at(f"http://127.0.0.1:{port}")

    return scene


def clock_is_fast(shop: Shop) -> None:
    then = format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)
    headers = {"Date": then, "x_ms_error_code": "AuthenticationFailed"}
    account_that_answers("403 Forbidden", **headers)(shop)


def intercepted(shop: Shop) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
    port = shop.stack.enter_context(server(http("404 Not Found"), tls))
    shop.account_at(f"https://127.0.0.1:{port}")


def proxy_wants_a_password(shop: Shop) -> None:
    port = shop.stack.enter_context(server(http("407 Proxy Authentication Required")))
    shop.set("HTTPS_PROXY", f"http://127.0.0.1:{port}")
    shop.account_at("https://127.0.0.1:9")


def no_line(shop: Shop) -> None:
    shop.account_at(f"https://127.0.0.1:{free_port()}")


def certificate_is_missing(shop: Shop) -> None:
    shop.storage = {"account_url": "https://127.0.0.1:9"}
    shop.other["azure"] = {
        "sign_in": "certificate",
        "tenant_id": "00000000-0000-4000-8000-000000000000",
        "client_id": "00000000-0000-4000-8000-000000000000",
        "certificate": "gone.pem",
    }


def temporary_folder_that_fails(code: int) -> Scene:
    """Let the folder for temporary files refuse what is written."""
    return lambda shop: place(shop.monkeypatch, lambda: str(shop.folder / "temporary"), code)


disk_full = temporary_folder_that_fails(errno.ENOSPC)
read_only = temporary_folder_that_fails(errno.EROFS)


def file_in_place_of_notes(shop: Shop) -> None:
    (shop.folder / ".shopmaster").write_text("", "utf-8")


def keyring_locked(shop: Shop) -> None:
    before = keyring.get_keyring()  # first: the library chains whatever backends it knows by then

    class Locked(KeyringBackend):
        priority = 1.0

        def get_password(self, service: str, username: str) -> str | None:
            raise KeyringLocked("in the keyring's words")

        def set_password(self, service: str, username: str, password: str) -> None:
            raise KeyringLocked

        def delete_password(self, service: str, username: str) -> None:
            raise KeyringLocked

    keyring.set_keyring(Locked())  # type: ignore[no-untyped-call]  # the library's
    shop.stack.callback(keyring.set_keyring, before)
    own = places.Places(None, OwnKeyring())
    shop.monkeypatch.setattr(places, "places_for", lambda _: own)
    no_password(shop)


def no_password(shop: Shop) -> None:
    shop.monkeypatch.delenv("SHOPMASTER_DATABASE__PASSWORD")


def settings_may_not_be_read(shop: Shop) -> None:
    real = Path.read_bytes

    def read_bytes(path: Path) -> bytes:
        if path.name == "shopmaster.toml":
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path)

    shop.monkeypatch.setattr(Path, "read_bytes", read_bytes)


def everybody_may_read(shop: Shop) -> None:
    real = shop.write_settings

    def write() -> None:
        real()
        (shop.folder / "shopmaster.toml").chmod(0o644)

    shop.monkeypatch.setattr(shop, "write_settings", write)


def wrong_password(shop: Shop) -> None:
    shop.set("SHOPMASTER_DATABASE__PASSWORD", f"{PASSWORD}x")


def wrong_store(shop: Shop) -> None:
    shop.shop_name = "Shop 1"


def expired_token() -> str:
    """Return a JWT that expired an hour ago."""
    then = datetime.now(UTC) - timedelta(hours=1)
    return jwt.encode({"exp": then}, "any key that is long enough for HS256")


def session_expired(run: Run) -> list[Run | bytes]:
    """Answer as the function does if there is no usable token."""
    return [replace(run, state=RunState.SESSION_EXPIRED)]


def scheduled(shop: Shop) -> None:
    """Let this computer have a schedule that has proved itself."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    config = shop.folder / "shopmaster.toml"
    job = JobStatus(True, False, "the service", None, 0, tomorrow)
    installed = Installed(tomorrow, "the service", "daily", (str(shop.folder),), config)
    proof = Proof("x", tomorrow, "the service", 0, ())
    _have(shop, FakeSchedule(ScheduleStatus(job, installed), proof))


def no_schedule(shop: Shop) -> None:
    _have(shop, FakeSchedule(ScheduleStatus(None, None)))


def _have(shop: Shop, schedule: FakeSchedule) -> None:
    shop.monkeypatch.setattr("agent.command_line.checkup.ScheduleProbe", lambda *_: schedule)
