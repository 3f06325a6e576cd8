"""`configure --from`: every answer is tried, and the settings are written whole or not at all."""

import os
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient

from agent.command_line.main import main
from agent.passwords import stored_password
from contract.blobs import CATALOGS
from tests.agent.command_line.configure.installer import Installer
from tests.agent.shops import make_shop, products
from tests.tds import USER


def blobs(installer: Installer) -> list[str]:
    with BlobServiceClient.from_connection_string(installer.storage) as service:
        container = service.get_container_client(CATALOGS)
        found = container.list_blobs(name_starts_with=installer.store, include=["uncommittedblobs"])
        return [blob.name for blob in found if blob.size]


def test_an_installer_answers_with_the_environment(installer: Installer) -> None:
    installer.environment(**installer.answers())
    code, out, err = installer.run("--from")
    assert (code, err) == (0, "")
    assert installer.written == {
        "store": installer.store,
        "database": {
            "server": installer.server.server,
            "database": "Shop",
            "table": "dbo.Products",
            "authentication": "sql",
            "username": USER,
        },
        "storage": {"connection_string": installer.storage},
    }
    assert "✓ The first products, as they would be sent:" in out
    assert out.count("12.50") == 5
    assert "✓ A catalogue can be uploaded." in out
    assert f"The settings are in {installer.file}." in out
    assert f"The password of {USER}@{installer.server.server} is " in out
    assert "shopmaster login" in out
    assert blobs(installer) == []


@pytest.mark.skipif(os.name == "nt", reason="needs machine: file modes")
def test_what_holds_a_secret_is_for_this_account_alone(installer: Installer) -> None:
    installer.environment(**installer.answers())
    assert installer.run("--from")[0] == 0
    modes = {path.name: path.stat().st_mode & 0o777 for path in installer.folder.iterdir()}
    assert modes == {"shopmaster.toml": 0o600, "shopmaster.password": 0o600}


def test_the_next_command_needs_no_password_from_anybody(installer: Installer) -> None:
    installer.environment(**installer.answers())
    assert installer.run("--from")[0] == 0
    for name in installer.answers():
        installer.monkeypatch.delenv(f"SHOPMASTER_{name}")
    assert main(["upload", "--dry-run"]) == 0
    assert "7 rows read" in installer.capsys.readouterr().out


def test_an_installer_answers_with_a_file(installer: Installer, tmp_path: Path) -> None:
    make_shop(tmp_path / "shop.db", products(3))
    answers = tmp_path / "answers.toml"
    answers.write_text(
        f'store = "{installer.store}"\n[database]\nsqlite = "shop.db"\ntable = "Products"\n'
        f'[storage]\nconnection_string = "{installer.storage}"\n',
        encoding="utf-8",
    )
    code, _, err = installer.run("--from", str(answers))
    assert (code, err) == (0, "")
    assert installer.written["database"]["sqlite"] == str(tmp_path / "shop.db")


def test_every_wrong_answer_is_named(installer: Installer) -> None:
    installer.environment(STORE="Shop 1", DATABASE__SERVER="localhost", AZURE__SIGN_IN="guess")
    code, out, err = installer.run("--from")
    assert (code, out) == (2, "")
    for key in (
        "SHOPMASTER_STORE",
        "database.database",
        "database.table",
        "[storage]",
        "AZURE__SIGN_IN",
    ):
        assert key in err
    assert not installer.file.exists()


def test_everything_that_does_not_work_is_named_and_nothing_is_written(
    installer: Installer,
) -> None:
    installer.file.write_text('store = "before"\n', encoding="utf-8")
    broken = installer.storage.replace("AccountKey=", "AccountKey=AAAA")
    installer.environment(
        **installer.answers(DATABASE__TABLE="dbo.Nope", STORAGE__CONNECTION_STRING=broken)
    )
    code, out, err = installer.run("--from")
    assert code == 1
    assert out == ""
    assert "- The database “Shop”" in err
    assert err.count("\n- ") == 2
    assert installer.file.read_text(encoding="utf-8") == 'store = "before"\n'
    assert [path.name for path in installer.folder.iterdir()] == ["shopmaster.toml"]


def test_a_second_time_keeps_comments_and_forgets_what_is_no_longer_needed(
    installer: Installer,
) -> None:
    installer.environment(**installer.answers())
    assert installer.run("--from")[0] == 0
    text = installer.file.read_text(encoding="utf-8")
    installer.file.write_text("# Anna's\n" + text, encoding="utf-8")
    make_shop(installer.folder / "shop.db", products(3))
    for name in installer.answers():
        installer.monkeypatch.delenv(f"SHOPMASTER_{name}")
    installer.environment(DATABASE__SQLITE="shop.db", DATABASE__TABLE="Products")
    assert installer.run("--from")[0] == 0
    assert installer.file.read_text(encoding="utf-8").startswith("# Anna's\n")
    assert set(installer.written["database"]) == {"sqlite", "table"}
    assert stored_password(installer.file, f"{USER}@{installer.server.server}") is None


def test_without_a_terminal_it_says_what_is_needed(installer: Installer) -> None:
    installer.environment(**installer.answers())
    code, out, err = installer.run()
    assert (code, out) == (2, "")
    assert "no terminal" in err
    assert "--from" in err
    assert not installer.file.exists()


def test_a_place_that_cannot_be_written_to_is_said_before_anything_is_tried(
    installer: Installer,
) -> None:
    (installer.folder / "file").touch()
    installer.environment(**installer.answers())
    code, out, err = installer.run("--from", "--config", "file/shopmaster.toml")
    assert (code, out) == (1, "")
    assert "can't be written to" in err
    assert "--config" in err
