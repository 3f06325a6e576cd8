"""`upload` compares with the last catalogue that succeeded, and stops if too much has changed."""

import gzip
import json
import re
import zipfile
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient

from agent.state import last_run
from contract.blobs import RUNS, CatalogName, RunId, parse_name, run_record_name
from contract.catalog import write_catalog
from contract.product import CatalogRow
from contract.run import RunState
from contract.run_record import encode_run
from tests.agent.command_line.scene import Shop, ends_as, stored
from tests.agent.function_stand_in import function_that_answers
from tests.agent.shops import Row, make_run, products

SUCCEEDS = ends_as(RunState.SUCCEEDED, message="All accepted.", read=10, accepted=10)


def uploaded(shop: Shop, storage: str, *arguments: str) -> tuple[int, str, str]:
    """Upload with a function that accepts everything."""
    with function_that_answers(storage, shop.store, SUCCEEDS):
        return shop.run(*arguments)


def repriced(count: int, of: int = 10) -> list[Row]:
    """Return `of` products, the last `count` at another price."""
    rows = products(of)
    return [*rows[: of - count], *((*row[:2], "99.00") for row in rows[of - count :])]


def kept(shop: Shop) -> list[str]:
    """Return the prices in the catalogue that the next one is compared with."""
    data = gzip.decompress((shop.notes / "delivered.json.gz").read_bytes())
    return [product["SellPrice"] for product in json.loads(data)]


def test_a_first_upload_is_not_guarded_and_is_kept(online: Shop, storage: str) -> None:
    online.sell(*products(10))
    assert uploaded(online, storage)[0] == 0
    assert len(kept(online)) == 10
    assert list((online.notes / "pending").iterdir()) == []


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (repriced(3), 0),
        (repriced(4), 1),
        (products(7), 0),
        (products(6), 1),
        (repriced(2, of=8), 1),
        ([*products(10), *((f"Q{number}", "Tea", "1") for number in range(90))], 0),
        ([(row[0], f"{row[1]} XL", f"{row[2]}00") for row in products(10)], 0),
    ],
    ids=["3 of 10", "4 of 10", "3 gone", "4 gone", "2 gone, 2 repriced", "90 new", "10 renamed"],
)
def test_an_upload_stops_when_more_than_the_set_share_is_gone_or_repriced(
    online: Shop, storage: str, rows: list[Row], code: int
) -> None:
    online.sell(*products(10))
    uploaded(online, storage)
    online.sell(*rows)
    ended, out, err = uploaded(online, storage)
    assert ended == code
    assert len(stored(storage, online.store)) == (2 if code == 0 else 1)
    assert len(kept(online)) == (len(rows) if code == 0 else 10)
    if code:
        assert "4 of the 10 products of the last upload (40 %)" in err
        assert "more than the 30 %" in err
        assert "Nothing was sent." in err
        assert "shopmaster upload --yes" in err
        assert "Compared with the last catalogue that succeeded" in out


def test_the_stop_shows_examples_with_both_prices(online: Shop, storage: str) -> None:
    online.sell(*products(10))
    uploaded(online, storage)
    online.sell(*repriced(10))
    _, out, _ = uploaded(online, storage)
    assert "  P0001  Product 1: 1.50 → 99.00" in out.splitlines()
    assert "  … and 5 more" in out.splitlines()
    ended = last_run(online.notes)
    assert ended is not None
    assert (ended.exit_code, ended.run, ended.state) == (1, None, None)
    assert "Nothing was sent." in ended.message
    assert ended.succeeded_at is not None


def test_a_log_gets_the_counts_of_a_stop_and_no_product(online: Shop, storage: str) -> None:
    """Nor does the zip of `support`, which has the log in it."""
    online.sell(*products(10))
    uploaded(online, storage)
    online.sell(*((number, f"{name} new", "99.00") for number, name, _ in products(10)))
    code, out, _ = online.run("run", command="schedule")
    assert code == 1
    assert online.run(command="support")[0] == 0
    (bundle,) = online.folder.glob("*.zip")
    with zipfile.ZipFile(bundle) as packed:
        texts = [packed.read(name).decode() for name in packed.namelist()]
    log = (online.notes / "shopmaster.log").read_text("utf-8")
    assert "Compared with the last catalogue that succeeded" in log
    assert re.search(r"other price +10", log)
    for text in (out, log, *texts):  # systemd puts what is printed into the journal
        assert "Product 1" not in text
        assert "99.00" not in text


def test_yes_uploads_all_the_same(online: Shop, storage: str) -> None:
    online.sell(*products(10))
    uploaded(online, storage)
    online.sell(*repriced(10))
    assert uploaded(online, storage, "--yes")[0] == 0
    assert kept(online) == ["99.00"] * 10
    assert uploaded(online, storage)[0] == 0


@pytest.mark.parametrize(("percent", "code"), [("0", 1), ("39.9", 1), ("40", 0), ("100", 0)])
def test_the_share_is_a_setting(
    online: Shop, storage: str, percent: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    online.sell(*products(10))
    uploaded(online, storage)
    online.sell(*repriced(4))
    monkeypatch.setenv("SHOPMASTER_UPLOAD__CHANGE_LIMIT_PERCENT", percent)
    assert uploaded(online, storage)[0] == code


@pytest.mark.parametrize("state", [RunState.FAILED, RunState.SUPERSEDED, RunState.INVALID_CATALOG])
def test_a_catalogue_that_was_not_delivered_is_not_compared_with(
    online: Shop, storage: str, state: RunState
) -> None:
    online.sell(*products(10))
    uploaded(online, storage)
    online.sell(*repriced(2))
    with function_that_answers(storage, online.store, ends_as(state, read=10)):
        assert online.run()[0] == 1
    assert "99.00" not in kept(online)


@pytest.mark.parametrize("arguments", [("--no-wait",), ("--timeout", "0.2s")])
@pytest.mark.parametrize("state", [RunState.SUCCEEDED, RunState.FAILED, RunState.SENDING, None])
def test_an_outcome_that_was_not_waited_for_counts_from_the_next_start(
    online: Shop, storage: str, arguments: tuple[str, ...], state: RunState | None
) -> None:
    online.sell(*products(10))
    online.run(*arguments)
    assert not (online.notes / "delivered.json.gz").exists()
    (pending,) = (online.notes / "pending").iterdir()
    run = RunId(pending.name.removesuffix(".json.gz"))
    if state is not None:
        with BlobServiceClient.from_connection_string(storage) as service:
            record = encode_run(make_run(state, store=online.store, run=run))
            blob = service.get_blob_client(RUNS, run_record_name(online.store, run))
            blob.upload_blob(record)
    online.sell(*repriced(10))
    code, _, err = online.run("--no-wait")
    assert code == (1 if state is RunState.SUCCEEDED else 0), err


def test_what_is_kept_has_the_name_of_its_run(online: Shop, storage: str) -> None:
    online.sell(*products(3))
    online.run("--no-wait")
    ((name, data),) = stored(storage, online.store)
    (pending,) = (online.notes / "pending").iterdir()
    parsed = parse_name(name)
    assert isinstance(parsed, CatalogName)
    assert pending.name.startswith(f"{parsed.stem}.")
    assert pending.read_bytes() == data


# What a dry run says.


def test_a_first_dry_run_says_that_there_is_nothing_to_compare_with(shop: Shop) -> None:
    shop.sell(*products(3))
    code, out, _ = shop.run("--dry-run")
    assert code == 0
    assert "There is nothing to compare with yet" in out
    assert not shop.notes.exists()


def test_a_dry_run_says_what_would_change(online: Shop, storage: str) -> None:
    online.sell(*products(10))
    uploaded(online, storage)
    changed: list[Row] = [
        *products(7),
        ("P0008", "Product 8 [b]XL[/b]", "8.50"),
        ("P0009", "Product 9", "99"),
    ]
    online.sell(*changed, ("Q0001", "Crème", "2.00"))
    code, out, _ = online.run("--dry-run")
    assert code == 0
    lines = out.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("Compared with the last"))
    assert "10 products" in lines[start]
    assert [line.split() for line in lines[start + 1 : start + 6]] == [
        ["new", "1"],
        ["other", "price", "1"],
        ["other", "name", "1"],
        ["gone", "1"],
        ["unchanged", "7"],
    ]
    assert "  Q0001  Crème: 2.00" in lines
    assert "  P0009  Product 9: 9.50 → 99.00" in lines
    assert "  P0008  Product 8 [b]XL[/b] (was Product 8): 8.50" in lines
    assert "  P0010  Product 10: 10.50" in lines
    assert "Gone (no longer sent; nothing is deleted at Digible):" in lines
    assert len(kept(online)) == 10


def test_a_dry_run_ends_as_the_upload_that_would_stop(online: Shop, storage: str) -> None:
    online.sell(*products(10))
    uploaded(online, storage)
    online.sell(*repriced(10))
    code, out, _ = online.run("--dry-run")
    assert code == 1
    assert "An upload would stop:" in out
    assert online.run("--dry-run", "--yes")[0] == 0
    assert len(stored(storage, online.store)) == 1


@pytest.mark.parametrize("arguments", [(), ("--dry-run",)])
def test_a_damaged_catalogue_is_said_and_does_not_stop_anything(
    online: Shop, storage: str, arguments: tuple[str, ...]
) -> None:
    online.sell(*products(10))
    uploaded(online, storage)
    path = online.notes / "delivered.json.gz"
    path.write_bytes(path.read_bytes()[:-12])
    online.sell(*repriced(10))
    code, out, err = uploaded(online, storage, *arguments)
    assert code == 0
    assert "can't be read back" in out + err


def test_an_upload_that_cannot_be_kept_is_one_all_the_same(online: Shop, storage: str) -> None:
    online.sell(*products(3))
    online.notes.mkdir(parents=True)
    (online.notes / "pending").write_text("in the way", encoding="utf-8")
    code, _, err = uploaded(online, storage)
    assert code == 0
    assert "can't be kept on this computer" in err


def test_control_characters_in_a_product_do_nothing(shop: Shop, tmp_path: Path) -> None:
    evil = "\x1b]0;evil\x07\x1b[2J\r\n[bold]Tea\u202e"
    shop.sell((evil, evil, "1"))
    shop.notes.mkdir(parents=True)
    before = write_catalog([CatalogRow(evil + "x", evil, "2")])
    (shop.notes / "delivered.json.gz").write_bytes(gzip.compress(b"".join(before)))
    code, out, _ = shop.run("--dry-run")
    assert code == 1
    assert all(character.isprintable() or character == "\n" for character in out)
    assert "[bold]Tea" in out
