"""The command `upload` as a shop owner sees it: messages, exit codes, and what is stored or not."""

import gzip
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import agent
from agent.command_line.commands import SUMMARIES
from agent.command_line.main import main
from agent.export import CountedRows
from agent.sqlite import SqliteSource
from contract.product import Rejection, Stage
from contract.run import SESSION_EXPIRED, RunState
from tests.agent.command_line.scene import Shop, ends_as, stored
from tests.agent.function_stand_in import function_that_answers
from tests.agent.shops import clean_environment, make_shop, products
from tests.loopback import python_path

ROOT = Path(__file__).resolve().parents[3]
MARKER = "Hush+Hush/0815="


# Uploads that work.


def test_an_upload_stores_the_catalogue_and_reports_its_outcome(online: Shop, storage: str) -> None:
    online.sell(*products(3))
    message = "All 3 products were accepted by Digible."
    answer = ends_as(RunState.SUCCEEDED, message=message, read=3, accepted=3)
    with function_that_answers(storage, online.store, answer):
        code, out, err = online.run()
    assert code == 0
    ((name, data),) = stored(storage, online.store)
    assert re.fullmatch(rf"{online.store}/\d{{8}}T\d{{6}}Z-[0-9a-f]{{8}}\.json\.gz", name)
    assert json.loads(gzip.decompress(data))[0] == {
        "ProductID": "P0001",
        "ProductName": "Product 1",
        "SellPrice": "1.50",
    }
    assert out.splitlines()[0] == message
    assert f"Run: {name.split('/')[1].removesuffix('.json.gz')}." in out
    assert "Reading products: 3 rows" in err


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (RunState.COMPLETED_WITH_REJECTIONS, 4),
        (RunState.FAILED, 1),
        (RunState.INVALID_CATALOG, 1),
        (RunState.SUPERSEDED, 1),
        (RunState.SESSION_EXPIRED, 3),
    ],
)
def test_an_unsuccessful_outcome_has_its_exit_code(
    online: Shop, storage: str, state: RunState, code: int
) -> None:
    online.sell(*products(1))
    rejection = Rejection("P0001", 1, Stage.DIGIBLE, "unknown colour")
    answer = ends_as(state, message="Words.", read=1, rejected=1, rejections=(rejection,))
    with function_that_answers(storage, online.store, answer):
        ended, out, _ = online.run()
    assert ended == code
    assert out.splitlines()[0] == (
        SESSION_EXPIRED if state is RunState.SESSION_EXPIRED else "Words."
    )
    assert "  row 1, product P0001: unknown colour" in out.splitlines()


def test_a_dry_run_sends_nothing_and_needs_no_storage(shop: Shop) -> None:
    shop.sell(*products(7))
    code, out, _ = shop.run("--dry-run")
    assert code == 0
    assert "7 rows read: 7 would be sent, 0 rejected. Nothing was sent." in out
    assert re.findall(r"^  P000(\d) ", out, re.MULTILINE) == ["1", "2", "3", "4", "5"]


def test_a_dry_run_shows_what_would_be_rejected(shop: Shop) -> None:
    shop.sell(*products(2), ("P0002", "again", "2"), ("P0003", "Tea", None), ("P0004", " ", "1"))
    code, out, _ = shop.run("--dry-run")
    assert code == 4
    assert "5 rows read: 2 would be sent, 3 rejected." in out
    assert "row 3, product P0002: ProductID appears more than once in the table" in out
    assert "row 4, product P0003: SellPrice is missing" in out
    assert "row 5, product P0004: ProductName is missing" in out


@pytest.mark.parametrize("name", ["out.json", "out.json.gz"])
def test_an_output_file_contains_the_catalogue(shop: Shop, name: str) -> None:
    shop.sell(*products(3))
    code, out, _ = shop.run("--output", name)
    data = (shop.folder / name).read_bytes()
    assert code == 0
    assert "3 products were written to" in out
    assert len(json.loads(gzip.decompress(data) if name.endswith("gz") else data)) == 3


def test_no_wait_ends_after_the_upload(online: Shop, storage: str) -> None:
    online.sell(*products(3))
    code, out, _ = online.run("--no-wait")
    assert code == 0
    ((name, _),) = stored(storage, online.store)
    assert name.split("/")[1].removesuffix(".json.gz") in out
    assert "3 products were uploaded" in out


# Uploads that go wrong.


def test_a_run_goes_on_if_it_has_no_outcome_in_time(online: Shop, storage: str) -> None:
    online.sell(*products(3))
    code, error = online.error("--timeout", "0.3s")
    assert code == 5
    assert "goes on in the cloud" in error
    assert len(stored(storage, online.store)) == 1


def test_missing_settings_are_an_error(shop: Shop) -> None:
    code, error = shop.error()
    assert code == 2
    assert "There are no settings" in error
    assert str(shop.folder / "shopmaster.toml") in error


def test_a_misspelt_key_is_named_with_the_right_one(shop: Shop) -> None:
    shop.settings('store = "0001"\n[database]\nsqlite = "shop.db"\ntabel = "Products"\n')
    code, _, err = shop.run("--dry-run")
    assert code == 2
    assert "database.tabel is not a setting; did you mean `database.table`?" in err


def test_a_store_name_that_leads_out_of_its_folder_is_refused(shop: Shop) -> None:
    shop.settings('store = "../0002"\n[database]\nsqlite = "shop.db"\ntable = "Products"\n')
    code, error = shop.error("--dry-run")
    assert code == 2
    assert "store is not a store name" in error


@pytest.mark.parametrize("option", [[], ["--dry-run"], ["--output", "out.json"]])
def test_an_empty_table_uploads_nothing(online: Shop, storage: str, option: list[str]) -> None:
    online.sell()
    code, error = online.error(*option)
    assert code == 1
    assert "nothing was uploaded" in error
    assert stored(storage, online.store) == []
    assert not (online.folder / "out.json").exists()


@pytest.mark.parametrize("table", ['Prod"ucts', "Prod'ucts; --", "Prod]ucts"])
def test_a_quote_in_a_table_name_is_harmless(shop: Shop, table: str) -> None:
    shop.sell(*products(1))
    settings = (shop.folder / "shopmaster.toml").read_text(encoding="utf-8")
    shop.settings(settings.replace('"Products"', json.dumps(table)))
    code, error = shop.error("--dry-run")
    assert code in {1, 2}
    assert "Prod" in error
    make_shop(shop.folder / "shop.db", products(1), table)
    assert shop.run("--dry-run")[0] == 0


def test_a_missing_database_file_is_named(shop: Shop) -> None:
    shop.settings('store = "0001"\n[database]\nsqlite = "gone.db"\ntable = "Products"\n')
    code, error = shop.error("--dry-run")
    assert code == 1
    assert "gone.db" in error


def test_settings_without_storage_are_refused(shop: Shop) -> None:
    shop.sell(*products(1))
    code, error = shop.error()
    assert code == 2
    assert "[storage] is missing" in error


def test_an_output_file_of_another_kind_is_refused(shop: Shop) -> None:
    shop.sell(*products(1))
    code, error = shop.error("--output", "out.csv")
    assert code == 2
    assert ".json.gz" in error


@pytest.mark.parametrize(
    "arguments",
    [
        ["upload", "--timeout", "soon"],
        ["upload", "--timeout", "0"],
        ["upload", "--dry-run", "--no-wait"],
        ["upload", "--dryrun"],
        ["upload", "resume"],
    ],
)
def test_wrong_arguments_are_reported(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(
        r"Error: .+\. `shopmaster upload --help` shows what can be written\.\n", err
    )


@pytest.mark.parametrize(
    ("word", "meant"), [("uplaod", "upload"), ("Conf", "configure"), ("stauts", "status")]
)
def test_a_command_that_is_not_there_is_answered_with_one_like_it(
    word: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([word, "--json"]) == 2
    assert capsys.readouterr().err == (
        f"Error: There is no command {word}. Did you mean `shopmaster {meant}`? "
        "`shopmaster --help` shows them all.\n"
    )


def test_a_command_like_no_other_is_only_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["\x1b[2Jdance"]) == 2
    assert capsys.readouterr().err == (
        "Error: There is no command dance. `shopmaster --help` shows them all.\n"
    )


def test_without_any_command_all_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    out, err = capsys.readouterr()
    assert err == ""
    assert "Begin with `configure`" in " ".join(out.split())
    assert {*SUMMARIES} <= set(out.split())


def test_an_interrupted_export_leaves_no_blob(
    online: Shop, storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    online.sell(*products(3))
    rows = SqliteSource.rows

    def breaking(source: SqliteSource) -> object:
        yield from rows(source)
        raise KeyboardInterrupt

    monkeypatch.setattr(SqliteSource, "rows", breaking)
    code, out, err = online.run()
    assert (code, out) == (130, "")
    assert err.endswith("Stopped. Nothing was uploaded.\n")
    assert stored(storage, online.store) == []


def test_ctrl_c_while_waiting_says_that_the_run_goes_on(
    online: Shop, storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    online.sell(*products(3))
    monkeypatch.setattr("agent.following.Follower.follow", interrupted)
    code, _, err = online.run()
    assert code == 130
    assert "goes on in the cloud" in err
    assert len(stored(storage, online.store)) == 1


def test_an_unexpected_error_shows_no_traceback(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_: object) -> None:
        raise ZeroDivisionError

    shop.sell(*products(1))
    monkeypatch.setattr(CountedRows, "__iter__", failing)
    code, error = shop.error("--dry-run")
    assert code == 1
    assert "--verbose" in error


# Secrets, and the program as a whole.


@pytest.mark.parametrize("verbose", [[], ["--verbose"]], ids=["quiet", "verbose"])
@pytest.mark.parametrize("option", [[], ["--dry-run"], ["--output", "out.json"], ["--no-wait"]])
@pytest.mark.parametrize(
    "secrets",
    [
        {
            "SHOPMASTER_DATABASE__SERVER": "127.0.0.1,9",
            "SHOPMASTER_DATABASE__DATABASE": "Shop",
            "SHOPMASTER_DATABASE__AUTHENTICATION": "sql",
            "SHOPMASTER_DATABASE__USERNAME": "till",
            "SHOPMASTER_DATABASE__PASSWORD": MARKER,
        },
        {"SHOPMASTER_DATABASE__CONNECTION_STRING": f"Server=127.0.0.1,9;UID=x;PWD={MARKER}"},
        {"SHOPMASTER_STORAGE__CONNECTION_STRING": f"AccountName=x;AccountKey={MARKER};Nonsense"},
        {"SHOPMASTER_STORAGE__ACCOUNT_URL": f"http://127.0.0.1:9/x?ss=b&se=2020&sig={MARKER}"},
        {
            "SHOPMASTER_STORE": MARKER,
            "SHOPMASTER_STORAGE__ACCOUNT_URL": f"https://{MARKER}@x.invalid",
        },
        {"SHOPMASTER_KEY_VAULT__URL": f"https://user:{MARKER}@vault.invalid"},
    ],
    ids=["password", "odbc", "key", "sas", "misplaced", "unknown key"],
)
def test_no_output_ever_contains_a_secret(
    shop: Shop,
    monkeypatch: pytest.MonkeyPatch,
    secrets: dict[str, str],
    option: list[str],
    verbose: list[str],
) -> None:
    monkeypatch.setattr("agent.storage.service._PATIENCE", 0.0)
    monkeypatch.setattr("agent.storage.service._PAUSES", (0.0,))
    shop.sell(*products(2))
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    main(["upload", "--timeout", "1s", *option, *verbose])
    said = shop.capsys.readouterr()
    assert MARKER not in said.out + said.err
    assert "Hush" not in said.out + said.err


@pytest.mark.skipif(sys.platform == "win32", reason="needs machine: POSIX's file modes")
def test_a_secret_in_a_file_that_others_may_read_is_warned_of_once(shop: Shop) -> None:
    shop.sell(*products(1))
    file = shop.folder / "shopmaster.toml"
    file.write_text(
        f'{file.read_text()}[storage]\nconnection_string = "AccountName=x;AccountKey={MARKER}"\n'
    )
    file.chmod(0o644)
    code, _, err = shop.run("--dry-run")
    assert code == 0
    assert err.count("Warning: Other users of this computer may read the settings file") == 1
    assert MARKER not in err


def test_verbose_shows_what_a_support_person_needs(online: Shop) -> None:
    online.sell(*products(3))
    _, _, err = online.run("--no-wait", "--verbose")
    assert f"shopmaster {agent.__version__}" in err
    assert "settings from shopmaster.toml" in err
    assert "is stored: " in err


def test_the_program_runs_uninstalled_and_without_a_terminal(tmp_path: Path) -> None:
    make_shop(tmp_path / "shop.db", [("1", "Crème ☕", "1.00")])
    environment = {
        **clean_environment(),
        "PYTHONPATH": python_path(ROOT),
        "PYTHONIOENCODING": "cp1252",
        "SHOPMASTER_STORE": "0001",
        "SHOPMASTER_DATABASE__SQLITE": "shop.db",
        "SHOPMASTER_DATABASE__TABLE": "Products",
    }
    ended = subprocess.run(
        [sys.executable, "-m", "agent", "upload", "--dry-run"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert " Crème ? " in ended.stdout.decode("cp1252")


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_import_neither_database_nor_cloud_libraries(option: str) -> None:
    program = (
        "import sys; from agent.command_line.main import main; "
        f"code = main(['{option}']); "
        "print(sorted({'azure', 'pyodbc', 'requests', 'rich'} & set(sys.modules)), code)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.splitlines()[-1] == "[] 0"


def test_the_version_is_said_in_one_place() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert pyproject["project"]["dynamic"] == ["version"]
    assert pyproject["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "agent.__version__"}
    assert re.fullmatch(r"\d+\.\d+\.\d+", agent.__version__)
