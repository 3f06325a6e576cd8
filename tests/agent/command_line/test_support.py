"""The command `support` writes one zip, says what is in it, and lets no secret into it."""

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from azure.storage.blob import BlobServiceClient

from agent.state import LastRun, note_last_run
from contract.blobs import RUNS, run_record_name
from contract.product import Rejection, Stage
from contract.run import RunState
from contract.run_record import encode_run
from tests.agent.command_line.scene import Shop
from tests.agent.shops import make_run, make_shop, products

TOKEN = "eyJhbGciOiJub25lIn0.eyJleHAiOjF9.c2lnbmF0dXJl"
PASSWORD = 'pass"wört\\'
KEY = "S2V5Ky8="
SIGNATURE = "c2ln/bmF0+dXJl="
TYPO = "Typo-secret-1"
PROXY = "proxy-pass-1"
TELEMETRY = "11111111-aaaa-4aaa-8aaa-111111111111"
SECRETS = (TOKEN, PASSWORD, KEY, SIGNATURE, TYPO, PROXY, TELEMETRY)


@pytest.fixture
def full(online: Shop, storage: str, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Return a shop whose notes and run records are full of secrets."""
    monkeypatch.setattr("agent.storage.service._PATIENCE", 0.0)
    online.sell(*products(3))
    everything = " ".join(SECRETS)
    state = online.notes
    state.mkdir(parents=True)
    note_last_run(state, LastRun(datetime.now(UTC), 1, f"It failed: {TOKEN}"))
    (state / "shopmaster.log").write_text(f"a line\n{everything}\nsig={SIGNATURE}\n", "utf-8")
    (state / "shopmaster.log.1").write_text(f"http://till:{PROXY}@proxy:80\n", "utf-8")
    (state / "delivered.json.gz").write_bytes(b"products")
    rejection = Rejection("P0007", 7, Stage.DIGIBLE, f"no such colour, {TOKEN}")
    run = make_run(
        RunState.FAILED,
        store=online.store,
        read=1,
        rejected=1,
        rejections=(rejection,),
        message=f"PWD={PASSWORD}",
    )
    with BlobServiceClient.from_connection_string(storage) as service:
        record = service.get_blob_client(RUNS, run_record_name(online.store, run.run))
        record.upload_blob(encode_run(run))
    return online


def support(shop: Shop, *arguments: str) -> str:
    """Run `support`, which must succeed; return what it printed."""
    code, out, _ = shop.run(*arguments, command="support")
    assert code == 0
    return out


def bundle_of(shop: Shop) -> Path:
    """Return the one zip in the current folder."""
    (path,) = shop.folder.glob("shopmaster-support-*.zip")
    return path


def texts(bundle: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the zip itself and every file in it, unpacked."""
    data = bundle.read_bytes()
    yield bundle.name, data
    with zipfile.ZipFile(io.BytesIO(data)) as files:
        assert files.testzip() is None
        for name in files.namelist():
            yield name, name.encode() + b"\n" + files.read(name)


def forms(secret: str) -> set[bytes]:
    """Return a secret in every form in which it could be written down."""
    written = {secret, quote(secret), quote(secret, safe=""), json.dumps(secret)[1:-1]}
    written.add(json.dumps(secret, ensure_ascii=False)[1:-1])
    return {text.encode(code) for text in written for code in ("utf-8", "utf-16-le", "cp1252")}


def secrets_in(bundle: Path) -> list[tuple[str, str]]:
    return [
        (name, secret)
        for name, data in texts(bundle)
        for secret in SECRETS
        if any(form in data for form in forms(secret))
    ]


def test_the_zip_has_what_a_support_person_needs_and_says_so(full: Shop) -> None:
    out = support(full)
    with zipfile.ZipFile(bundle_of(full)) as files:
        names = files.namelist()
        run = json.loads(files.read(next(name for name in names if name.startswith("runs/"))))
        check = json.loads(files.read("check.json"))
        about = json.loads(files.read("about.json"))
        listed = files.read("contents.txt").decode()
    assert [name for name in names if not name.startswith("runs/")] == [
        *("contents.txt", "about.json", "settings.json", "check.json"),
        *("logs/shopmaster.log", "logs/shopmaster.log.1", "notes/last-run.json"),
    ]
    assert run["rejections"][0]["product_id"] == "P0007"
    assert check["store"] == full.store
    assert about["packages"]["azure-storage-blob"]
    assert str(bundle_of(full)) in out
    assert all(name in out and name in listed for name in names[1:])
    assert "ids of rejected products" in out
    assert "Nothing was sent to anybody." in out


WITH_SECRETS = f"""
[database]
connection_string = 'Driver={{SQLite}};Server=127.0.0.1,9;UID=till;PWD={{{PASSWORD}}}'
table = "Products"
[storage]
account_url = "https://127.0.0.1:9/shop?ss=b&sig={quote(SIGNATURE, safe="")}"
[telemetry]
connection_string = "InstrumentationKey={TELEMETRY}"
[digible]
token_file = "token"
"""


@pytest.mark.parametrize(
    "settings",
    [
        WITH_SECRETS,
        f'{WITH_SECRETS}\n[database2]\npassword = "{TYPO}"\n',
        f'[database]\npassword = "{TYPO}"\n[storage]\nconnection_string = "AccountKey={KEY}"\n',
        f'[storage]\nconnection_string = "AccountKey={KEY}\n',
    ],
    ids=["right", "one key too many", "wrong", "not TOML"],
)
def test_no_secret_gets_into_the_zip(
    full: Shop, monkeypatch: pytest.MonkeyPatch, settings: str
) -> None:
    monkeypatch.delenv("SHOPMASTER_STORAGE__CONNECTION_STRING")
    monkeypatch.setenv("HTTPS_PROXY", f"http://till:{PROXY}@127.0.0.1:9")
    monkeypatch.setenv("SHOPMASTER_TELEMETRY__CONNECTION_STRING", f"InstrumentationKey={TELEMETRY}")
    (full.folder / "token").write_text(TOKEN, "utf-8")
    full.settings(f'store = "{full.store}"\n{settings}')
    # What older versions may have logged is known only from the settings.
    log = full.notes / "shopmaster.log"
    log.write_text(
        "\n".join([TOKEN, f"PWD={{{PASSWORD}}}", f"sig={SIGNATURE}", f"AccountKey={KEY}"])
    )
    out = support(full)
    assert secrets_in(bundle_of(full)) == []
    assert not any(secret in out for secret in SECRETS)


def test_the_password_of_the_environment_is_hidden_even_in_a_log(
    full: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOPMASTER_DATABASE__PASSWORD", PASSWORD)
    monkeypatch.setenv("SHOPMASTER_DATABASE__PASWORD", TYPO)
    log = full.notes / "shopmaster.log"
    log.write_text(f"the login with {PASSWORD} and {TYPO} failed", "utf-8")
    support(full)
    assert secrets_in(bundle_of(full)) == []


def test_a_folder_or_a_file_can_be_named(full: Shop) -> None:
    (full.folder / "desk").mkdir()
    support(full, "--output", "desk")
    assert len(list((full.folder / "desk").glob("shopmaster-support-*.zip"))) == 1
    support(full, "--output", "mine.zip")
    assert zipfile.is_zipfile(full.folder / "mine.zip")


def test_a_place_that_cannot_be_written_to_is_an_error(full: Shop) -> None:
    code, error = full.error("--output", "no/such/folder/mine.zip", command="support")
    assert code == 1
    assert "Choose another place with --output" in error


def test_without_storage_the_zip_says_why_run_records_are_missing(
    full: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"https://127.0.0.1:9/shop?ss=b&sig={SIGNATURE}"
    monkeypatch.delenv("SHOPMASTER_STORAGE__CONNECTION_STRING")
    monkeypatch.setenv("SHOPMASTER_STORAGE__ACCOUNT_URL", url)
    support(full)
    with zipfile.ZipFile(bundle_of(full)) as files:
        assert "can't be" in files.read("runs/missing.txt").decode()


def test_no_product_of_the_shop_gets_into_the_zip(full: Shop) -> None:
    make_shop(full.folder / "names.db", [("Id-4711", "A-very-secret-name", "1.00")])
    text = (full.folder / "shopmaster.toml").read_text("utf-8").replace("shop.db", "names.db")
    full.settings(text)
    support(full)
    assert not [
        name for name, data in texts(bundle_of(full)) if b"4711" in data or b"very-secret" in data
    ]
