"""Settings: all mistakes are reported at once, in plain words and without secrets."""

import tomllib
from pathlib import Path

import pytest

from agent.errors import SettingsError
from agent.names import Columns
from agent.settings.file import read_settings
from agent.settings.parsing import Settings, parse_settings
from agent.sign_in import Arc, Certificate, Developer, ManagedIdentity, SignIn
from agent.sqlite import SqliteTable
from agent.sqlserver.login import own_login, sql_login, windows_login
from agent.sqlserver.table import SqlServerTable
from agent.storage.address import StorageAccount, StorageConnection
from agent.token_store import TokenFile, VaultToken
from contract.blobs import StoreName

FULL = r"""
store = "0001"
state_folder = "state"
[database]
server = 'localhost\SQLEXPRESS'
database = "Shop"
table = "dbo.Products"
authentication = "windows"
[columns]
product_id = "Id"
product_name = "Name"
sell_price = "Price"
[azure]
sign_in = "arc"
[digible]
api_url = "https://digible.invalid/v1/"
[key_vault]
url = "https://keys.invalid/"
[upload]
change_limit_percent = 12.5
[storage]
account_url = "https://shop.blob.invalid"
"""
SQLITE = """
store = "0001"
[database]
sqlite = "shop.db"
table = "Products"
"""
KEY = "AccountName=shop;AccountKey=c2VjcmV0"
ALL_IN_ENVIRONMENT = {
    "SHOPMASTER_STORE": "0001",
    "SHOPMASTER_DATABASE__SQLITE": "shop.db",
    "SHOPMASTER_DATABASE__TABLE": "Products",
    "SHOPMASTER_STORAGE__CONNECTION_STRING": KEY,
}


class Given:
    """Parses the text of a settings file together with an environment."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(
        self, text: str | None, environment: dict[str, str] | None = None, *, storage: bool = True
    ) -> Settings:
        path = self._folder / "shopmaster.toml"
        if text is not None:
            path.write_text(text, encoding="utf-8")
        raw = read_settings(path if text is not None else None, environment or {})
        return parse_settings(raw, with_storage=storage)

    def problems(self, text: str | None, environment: dict[str, str] | None = None) -> str:
        with pytest.raises(SettingsError) as caught:
            self(text, environment)
        return str(caught.value)


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Given:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("agent.settings.file.machine_wide_file", lambda _: tmp_path / "no.toml")
    return Given(tmp_path)


def test_every_setting_is_read(given: Given, tmp_path: Path) -> None:
    assert given(FULL) == Settings(
        store=StoreName("0001"),
        products=SqlServerTable(
            windows_login("localhost\\SQLEXPRESS", "Shop"),
            ("dbo", "Products"),
            Columns("Id", "Name", "Price"),
        ),
        storage=StorageAccount("https://shop.blob.invalid", sign_in=Arc()),
        sign_in=Arc(),
        digible_url="https://digible.invalid/v1",
        tokens=VaultToken("https://keys.invalid"),
        change_limit=0.125,
        file=tmp_path / "shopmaster.toml",
        state_folder=tmp_path / "state",
    )


def test_the_example_in_the_help_is_a_valid_settings_file(given: Given) -> None:
    from agent.command_line.parser import SETTINGS_HELP  # noqa: PLC0415  the text is under test

    example = SETTINGS_HELP.partition("current folder:\n\n")[2].partition(
        "\n\nEnvironment variables"
    )[0]
    assert given(example).products.name == ("dbo", "Products")
    assert tomllib.loads(example)["database"]["server"] == "localhost\\SQLEXPRESS"


def test_the_environment_alone_is_enough(given: Given) -> None:
    settings = given(None, ALL_IN_ENVIRONMENT)
    columns = Columns("ProductID", "ProductName", "SellPrice")
    assert settings.products == SqliteTable(Path("shop.db"), "Products", columns)
    assert settings.storage == StorageConnection(KEY)


def sqlite_path(settings: Settings) -> Path:
    assert isinstance(settings.products, SqliteTable)
    return settings.products.path


def test_a_relative_sqlite_path_starts_at_the_settings_file(given: Given, tmp_path: Path) -> None:
    assert sqlite_path(given(SQLITE, storage=False)) == tmp_path / "shop.db"
    there = given(SQLITE, {"SHOPMASTER_DATABASE__SQLITE": "x.db"}, storage=False)
    assert sqlite_path(there) == Path("x.db")


@pytest.mark.parametrize(
    ("written", "name"),
    [("a.b.c.d", "a.b.c.d"), ("dbo.Products", "dbo.Products"), ("[x]]y]", "x]y"), (" P ", "P")],
)
def test_a_sqlite_table_name_has_no_parts(given: Given, written: str, name: str) -> None:
    text = SQLITE.replace('"Products"', f'"{written}"')
    assert given(text, storage=False).products.name == name


def test_storage_is_needed_only_if_it_is_used(given: Given) -> None:
    assert given(SQLITE, storage=False).storage is None
    assert "[storage] is missing" in given.problems(SQLITE)


def test_the_password_of_a_sql_server_user_comes_from_the_environment(given: Given) -> None:
    text = FULL.replace('"windows"', '"sql"\nusername = "till"')
    settings = given(text, {"SHOPMASTER_DATABASE__PASSWORD": "hunter2"})
    assert isinstance(settings.products, SqlServerTable)
    assert settings.products.login == sql_login("localhost\\SQLEXPRESS", "Shop", "till", "hunter2")
    assert settings.secrets == ("hunter2",)
    assert "SHOPMASTER_DATABASE__PASSWORD" in given.problems(text)


def test_a_command_that_reads_no_products_needs_no_password(given: Given, tmp_path: Path) -> None:
    """It may be stored for another account, which runs the upload."""
    text = FULL.replace('"windows"', '"sql"\nusername = "till"')
    assert "needs a password" in given.problems(text)
    raw = read_settings(tmp_path / "shopmaster.toml", {})
    settings = parse_settings(raw, with_storage=True, reads_products=False)
    assert settings.sign_in == Arc()
    assert settings.secrets == ()


def test_an_alternative_in_the_environment_replaces_the_one_in_the_file(given: Given) -> None:
    odbc = {"SHOPMASTER_DATABASE__CONNECTION_STRING": "Driver=x;Server=y"}
    products = given(FULL, odbc).products
    assert isinstance(products, SqlServerTable)
    assert products.login == own_login("Driver=x;Server=y")
    key = {"SHOPMASTER_STORAGE__CONNECTION_STRING": KEY}
    assert given(FULL, key).storage == StorageConnection(KEY)


@pytest.mark.parametrize(
    ("azure", "sign_in"),
    [
        ('sign_in = "developer"', Developer()),
        ('sign_in = "managed_identity"', ManagedIdentity(None)),
        ('sign_in = "managed_identity"\nclient_id = "mine"', ManagedIdentity("mine")),
    ],
)
def test_each_way_to_sign_in_is_read(given: Given, azure: str, sign_in: SignIn) -> None:
    settings = given(FULL.replace('sign_in = "arc"', azure))
    assert settings.sign_in == sign_in
    assert settings.storage == StorageAccount("https://shop.blob.invalid", sign_in=sign_in)


def test_a_certificate_is_relative_to_the_settings_file(given: Given, tmp_path: Path) -> None:
    azure = 'sign_in = "certificate"\ntenant_id = "t"\nclient_id = "c"\ncertificate = "x.pem"'
    settings = given(FULL.replace('sign_in = "arc"', azure))
    assert settings.sign_in == Certificate("t", "c", tmp_path / "x.pem")


def test_a_sas_or_a_connection_string_needs_no_sign_in(given: Given) -> None:
    sas = SQLITE + '[storage]\naccount_url = "https://shop.blob.invalid?ss=b&sig=x"'
    assert given(sas).sign_in is None
    assert given(SQLITE, {"SHOPMASTER_STORAGE__CONNECTION_STRING": KEY}).sign_in is None


def test_what_is_not_set_has_its_documented_value(given: Given, tmp_path: Path) -> None:
    settings = given(SQLITE, storage=False)
    assert settings.digible_url == "https://api.digible.one/v1"
    assert settings.change_limit == 0.3
    assert settings.tokens is None
    there = given(SQLITE + '[digible]\ntoken_file = "token"', storage=False)
    assert there.tokens == TokenFile(tmp_path / "token")


def test_a_number_in_the_environment_is_text(given: Given) -> None:
    given_there = {"SHOPMASTER_UPLOAD__CHANGE_LIMIT_PERCENT": "45"}
    assert given(SQLITE, given_there, storage=False).change_limit == 0.45
    report = given.problems(SQLITE, {"SHOPMASTER_UPLOAD__CHANGE_LIMIT_PERCENT": "half"})
    assert "SHOPMASTER_UPLOAD__CHANGE_LIMIT_PERCENT must be a number from 0 to 100" in report


def test_all_problems_are_reported_together(given: Given) -> None:
    text = """
stroe = "0001"
database_name = 7
[database]
servr = "pc"
database = 1
authentication = "kerberos"
[columns]
product_id = ""
[storage]
account_url = "http://shop.blob.invalid"
[digible]
api_url = "digible"
[key_vault]
url = "https://keys.invalid/secrets/x"
[upload]
change_limit_percent = "30"
"""
    report = given.problems(text, {"SHOPMASTER_DATABASE__TABEL": "x"})
    lines = report.splitlines()
    assert lines[0].startswith(f"{len(lines) - 1} settings are wrong")
    for words in (
        "stroe is not a setting; did you mean `store`",
        "database.servr is not a setting; did you mean `database.server`?",
        "SHOPMASTER_DATABASE__TABEL is not a setting; did you mean SHOPMASTER_DATABASE__TABLE?",
        "store is missing",
        "database.server is missing",
        "database.table is missing",
        'database.database must be text in quotes: database = "…"',
        'database.authentication must be "windows" or "sql"',
        "columns.product_id is empty",
        "storage.account_url begins with http://",
        "digible.api_url is not a web address",
        "key_vault.url is more than the vault's address: give only https://keys.invalid",
        "key_vault.url needs azure.sign_in: say how this computer signs in to Azure (arc, ",
        "upload.change_limit_percent must be a number from 0 to 100, without quotes",
    ):
        assert any(line.startswith(f"- {words}") for line in lines), (words, report)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (FULL.replace('"0001"', '"../etc"'), "store is not a store name: that has at most 63"),
        (FULL.replace('"0001"', '"Shop 1"'), "store is not a store name: that has at most 63"),
        (FULL.replace('"0001"', "1"), 'store must be text in quotes: store = "…"'),
        (FULL.replace('store = "0001"', ""), "store is missing"),
        (FULL + 'sqlite = "x"', "storage.sqlite is not a setting; did you mean `database.sqlite`?"),
        (FULL.replace("[columns]", 'sqlite = "x"\n[columns]'), "can't be used together"),
        (FULL.replace("[columns]", 'password = "hunter2"\n[columns]'), "doesn't belong in a file"),
        (
            FULL.replace("[columns]", 'username = "till"\n[columns]'),
            "database.username is only used with",
        ),
        (FULL.replace("'localhost\\SQLEXPRESS'", '"localhost\\t"'), "control character"),
        (FULL.replace("dbo.Products", "a.b.c.d"), "database.table has more parts than"),
        (FULL.replace("account_url", "acount_url"), "did you mean `storage.account_url`?"),
        ('database = "x"\n', "database must be a table: a line [database]"),
        (FULL + 'store = "0001"', "did you mean `store`, which belongs"),
        (FULL.replace('"arc"', '"msi"'), "must be arc, managed_identity, certificate or developer"),
        (
            FULL.replace('sign_in = "arc"', ""),
            "storage.account_url needs azure.sign_in, because it has no SAS",
        ),
        (FULL.replace('"arc"', '"certificate"'), "azure.tenant_id is missing"),
        (
            FULL.replace('"arc"', '"arc"\nclient_id = "x"'),
            'azure.client_id is only used with sign_in = "certificate" or "managed_identity"',
        ),
        (
            FULL.replace('"arc"', '"arc"\ncertificate = "x"'),
            'azure.certificate is only used with sign_in = "certificate"',
        ),
        (FULL.replace("https://shop.blob", "http://127.0.0.1:1/x?"), "has a query without `sig`"),
        (
            FULL.replace("https://shop.blob.invalid", "http://127.0.0.1:1/x"),
            "signing in to Azure needs https://",
        ),
        (FULL.replace("https://keys", "http://keys"), "key_vault.url begins with http://"),
        (
            FULL.replace("https://keys.invalid/", "http://127.0.0.1:1"),
            "a Key Vault is only reached by https://",
        ),
        (
            FULL.replace("[key_vault]", 'token_file = "token"\n[key_vault]'),
            "key_vault.url and digible.token_file can't be used together",
        ),
        (FULL.replace("https://digible", "http://digible"), "digible.api_url begins with http://"),
        (FULL.replace("invalid/v1/", "invalid/v1?x=1"), "digible.api_url has a ?"),
        (FULL.replace("12.5", "101"), "must be a number from 0 to 100"),
        (FULL.replace("12.5", "true"), "must be a number from 0 to 100"),
        (FULL.replace("12.5", "nan"), "must be a number from 0 to 100"),
    ],
)
def test_each_mistake_is_explained_in_plain_words(given: Given, text: str, words: str) -> None:
    assert words in given.problems(text)


def test_a_single_underscore_is_noticed(given: Given) -> None:
    report = given.problems(FULL, {"SHOPMASTER_DATABASE_SERVER": "pc"})
    assert "did you mean SHOPMASTER_DATABASE__SERVER?" in report


def test_a_variable_of_another_program_is_ignored(given: Given) -> None:
    assert given(FULL, {"SHOPMASTER_TEST_SQLSERVER": "Driver=x"}).store == "0001"


def test_without_any_settings_the_message_says_where_they_were_looked_for(
    given: Given, tmp_path: Path
) -> None:
    report = given.problems(None)
    assert "There are no settings" in report
    assert str(tmp_path / "no.toml") in report
    assert str(tmp_path / "shopmaster.toml") in report
    assert "--config" in report


def test_no_repr_or_report_contains_a_secret(given: Given) -> None:
    secret = "hunter2"
    environment = {
        "SHOPMASTER_DATABASE__PASSWORD": secret,
        "SHOPMASTER_DATABASE__CONNECTION_STRING": f"Server=x;PWD={secret}",
        "SHOPMASTER_STORAGE__ACCOUNT_URL": f"https://shop.blob.invalid?sp=c&ss=b&sig={secret}",
    }
    assert secret not in repr(given(SQLITE, environment))
    for broken in (
        {"SHOPMASTER_STORE": f"../{secret}"},
        {"SHOPMASTER_STORAGE__CONNECTION_STRING": secret},
        {"SHOPMASTER_STORAGE__ACCOUNT_URL": f"https://shop.blob.invalid?sign={secret}"},
        {"SHOPMASTER_STORAGE__ACCOUNT_URL": f"https://u:{secret}@shop.blob.invalid"},
        {"SHOPMASTER_KEY_VAULT__URL": f"https://u:{secret}@keys.invalid"},
    ):
        assert secret not in given.problems(SQLITE, environment | broken)
