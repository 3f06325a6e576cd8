"""The support zip: what is in it, and what must not be."""

import io
import json
import zipfile
from datetime import datetime

import pytest

from agent.command_line.redaction import Redaction
from agent.settings.file import Entry, RawSettings
from agent.support.bundle import CONTENTS, Member, bundle_name, document, listing, write_bundle
from agent.support.settings import possible_secrets, settings_shown
from contract.blobs import StoreName

SECRET = 'Hush"Ü\\0815'


def entries(**values: object) -> dict[str, Entry]:
    found = {}
    for name, value in values.items():
        key = name.replace("__", ".")
        found[key] = Entry(value, key, in_environment=False)
    return found


def shown(**values: object) -> dict[str, object]:
    member = settings_shown(RawSettings(entries(**values), None, ()), lambda text: text)
    assert SECRET not in member.text
    settings = json.loads(member.text)["settings"]
    return {key: entry["value"] for key, entry in settings.items()}


def test_a_zip_begins_with_the_list_of_what_is_in_it() -> None:
    members = [Member("a.json", "numbers", "{}\n"), Member("logs/b.log", "lines", "é\n")]
    file = io.BytesIO()
    write_bundle(file, members)
    with zipfile.ZipFile(file) as bundle:
        assert bundle.namelist() == [CONTENTS, "a.json", "logs/b.log"]
        assert bundle.read("logs/b.log").decode() == "é\n"
        assert bundle.read(CONTENTS).decode().splitlines() == listing(members)
    assert listing(members) == [
        *("a.json (3 bytes)", "    numbers"),
        *("logs/b.log (3 bytes)", "    lines"),
    ]


def test_its_name_has_the_store_and_the_time() -> None:
    now = datetime(2026, 11, 25, 14, 3)  # noqa: DTZ001  the owner's own time
    assert bundle_name(StoreName("0001"), now) == "shopmaster-support-0001-2026-11-25-1403.zip"
    assert bundle_name(None, now) == "shopmaster-support-unknown-2026-11-25-1403.zip"


def test_a_secret_is_hidden_before_json_escapes_it() -> None:
    redaction = Redaction()
    redaction.learn([SECRET])
    content = {"a": [f"x {SECRET} y"], SECRET: {"b": (SECRET, 5, None)}}
    member = document("a.json", "", content, redaction.hide)
    assert json.loads(member.text) == {"a": ["x *** y"], "***": {"b": ["***", 5, None]}}


def test_settings_that_are_no_secret_are_shown_as_they_are() -> None:
    known = {"store": "0001", "database.table": "dbo.Products", "upload.change_limit_percent": 30}
    assert shown(**{key.replace(".", "__"): value for key, value in known.items()}) == known


@pytest.mark.parametrize(
    "key", ["database__password", "storage__connection_string", "telemetry__connection_string"]
)
def test_a_setting_that_is_a_secret_is_not_shown(key: str) -> None:
    assert shown(**{key: f"AccountKey={SECRET}"}) == {key.replace("__", "."): "(hidden)"}


def test_a_setting_with_an_unknown_name_may_be_a_secret() -> None:
    assert shown(database__pasword=SECRET) == {"database.pasword": "(hidden)"}


def test_of_an_address_its_query_is_not_shown() -> None:
    url = f"https://shop.invalid?sv=1&sig={SECRET}"
    assert shown(storage__account_url=url) == {"storage.account_url": "https://shop.invalid"}


def test_of_a_connection_string_only_harmless_parts_are_shown() -> None:
    text = f"Driver=X;Server=pc;UID=till;PWD={{{SECRET}}};Encrypt=no;Unknown={SECRET}"
    assert shown(database__connection_string=text) == {
        "database.connection_string": {
            "driver": "X",
            "server": "pc",
            "uid": "till",
            "encrypt": "no",
        }
    }


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("database__connection_string", f"Server=pc;PWD={SECRET}"),
        ("database__connection_string", f"Server=pc;PWD={{{SECRET}}}"),
        ("storage__account_url", "https://shop.invalid?sig=Hush%220815"),
        ("storage__connection_string", f"AccountName=x;AccountKey={SECRET}"),
        ("database__pasword", SECRET),
    ],
)
def test_what_may_be_secret_in_settings_is_learned(key: str, value: str) -> None:
    redaction = Redaction()
    redaction.learn(possible_secrets(entries(**{key: value})))
    secret = value.rpartition("=")[2].strip("{}")
    assert redaction.hide(f"before {secret} after") == "before *** after"


def test_what_is_no_secret_in_settings_is_not_hidden_elsewhere() -> None:
    found = entries(
        store="0001", storage__account_url="https://shop.invalid", database__server="pc"
    )
    assert possible_secrets(found) == []
