"""A secret in a settings file that others may read is warned of, without being repeated."""

import sys
from pathlib import Path

import pytest

from agent.settings.exposure import changeable, exposure
from agent.settings.file import read_settings
from agent.settings.windows_rights import sddl_of

SECRET = "c2VjcmV0"
KEY = f'[storage]\nconnection_string = "AccountName=shop;AccountKey={SECRET}"\n'
posix = pytest.mark.skipif(sys.platform == "win32", reason="needs machine: POSIX's file modes")


def warning(path: Path, text: str, mode: int, environment: dict[str, str] | None = None) -> str:
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return str(exposure(read_settings(path, environment or {})) or "")


@posix
@pytest.mark.parametrize(
    ("text", "key"),
    [
        (KEY, "storage.connection_string"),
        (
            f'[storage]\naccount_url = "https://x.invalid?ss=b&sig={SECRET}"\n',
            "storage.account_url",
        ),
        (
            f'[storage]\nconnection_string = "BlobEndpoint=https://x.invalid;SharedAccessSignature={SECRET}"\n',
            "storage.connection_string",
        ),
        (
            f'[database]\nconnection_string = "Server=pc;UID=till;Pwd = {{{SECRET}}}"\n',
            "database.connection_string",
        ),
    ],
)
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_secret_that_others_may_read_is_warned_of(
    tmp_path: Path, text: str, key: str, mode: int
) -> None:
    path = tmp_path / "shop master.toml"
    said = warning(path, text, mode)
    assert f"chmod 600 '{path}'" in said
    assert key in said
    assert f"SHOPMASTER_{key.replace('.', '__').upper()}" in said
    assert SECRET not in said


@posix
def test_a_secret_is_in_the_file_even_if_the_environment_overrides_it(tmp_path: Path) -> None:
    environment = {"SHOPMASTER_STORAGE__CONNECTION_STRING": "UseDevelopmentStorage=true"}
    assert "chmod" in warning(tmp_path / "x.toml", KEY, 0o644, environment)


@posix
@pytest.mark.parametrize(
    ("text", "mode"),
    [
        (KEY, 0o600),
        ('[storage]\naccount_url = "https://x.invalid"\n', 0o644),
        ('[database]\nconnection_string = "Server=pc;Trusted_Connection=yes"\n', 0o644),
    ],
    ids=["private", "no secret", "no password"],
)
def test_there_is_no_warning_without_need(tmp_path: Path, text: str, mode: int) -> None:
    environment = {"SHOPMASTER_DATABASE__PASSWORD": SECRET}
    assert warning(tmp_path / "x.toml", text, mode, environment) == ""


@pytest.mark.parametrize(
    ("sddl", "is_open"),
    [
        (
            "D:AI(A;ID;FA;;;SY)(A;ID;FA;;;BA)(A;ID;0x1200a9;;;BU)",
            True,
        ),  # inherited from ProgramData
        ("D:(A;;FR;;;WD)", True),
        ("D:(A;;GA;;;S-1-5-11)", True),
        ("D:(A;;CCSW;;;BU)", True),
        ("D:NO_ACCESS_CONTROL", True),
        ("D:PAI(A;;FA;;;SY)(A;;FA;;;BA)(A;;FR;;;NS)", False),
        ("D:(A;OICIIO;GA;;;BU)", False),  # only for files to come
        ("D:(D;;FA;;;WD)(A;;FA;;;BA)", False),
        ("D:(A;;0x100116;;;BU)", False),  # may write, not read
        ("D:(A;;FA;;;BA)S:(AU;SAFA;FA;;;WD)", False),
        ("", False),  # not known
    ],
)
def test_on_windows_the_access_control_list_says_who_may_read(
    tmp_path: Path, sddl: str, is_open: bool
) -> None:
    path = tmp_path / "x.toml"
    path.write_text(KEY, encoding="utf-8")
    path.chmod(0o644)
    found = exposure(read_settings(path, {}), "win32", lambda _: sddl)
    assert (found is not None) == is_open
    assert found is None or f'icacls "{path}" /inheritance:r' in found.remedy


# As Windows makes them below ProgramData, for an administrator and for anybody else.
INHERITED = "(A;ID;FA;;;SY)(A;ID;FA;;;BA)(A;OICIIOID;GA;;;CO)(A;OICIID;0x1200a9;;;BU)"
ANNA = "S-1-5-21-1004336348-1177238915-682003330-1001"


@pytest.mark.parametrize(
    ("folder", "file", "mended"),
    [
        (f"O:BAD:AI{INHERITED}(A;CIID;DCLCRPCR;;;BU)", f"O:BAD:AI{INHERITED}", []),
        (f"O:{ANNA}D:AI{INHERITED}", f"O:SYD:AI{INHERITED}", ["folder"]),
        (f"O:BAD:AI(A;ID;FA;;;{ANNA}){INHERITED}", f"O:BAD:AI{INHERITED}", ["folder"]),
        (f"O:BAD:AI{INHERITED}(A;;0x1301bf;;;AU)", f"O:BAD:AI{INHERITED}", ["folder"]),
        (f"O:BAD:AI{INHERITED}", f"O:{ANNA}D:AI{INHERITED}", ["file"]),
        (f"O:BAD:AI{INHERITED}", "O:BAD:(A;;LC;;;BU)", ["file"]),
        (f"O:BAD:AI{INHERITED}", "O:BAD:NO_ACCESS_CONTROL", ["file"]),
        (f"O:{ANNA}D:AI{INHERITED}", f"O:{ANNA}D:AI{INHERITED}", ["folder", "file"]),
        (f"O:BAD:AI{INHERITED}", "O:BAD:(D;;FA;;;WD)(A;;FA;;;BA)", []),
        ("", "", []),  # not known
    ],
)
def test_machine_wide_settings_that_others_may_change_are_noticed_on_windows(
    tmp_path: Path, folder: str, file: str, mended: list[str]
) -> None:
    """Anybody may make the folder before an administrator does, and owns it then."""
    path = tmp_path / "shopMaster" / "shopmaster.toml"
    lists = {path.parent: folder, path: file}
    names = {"folder": path.parent, "file": path}
    found = changeable(path, path, "win32", lists.__getitem__)
    assert (found is not None) == bool(mended)
    said = str(found or "")
    for name, place in names.items():
        for command in (
            f'`icacls "{place}" /setowner *S-1-5-32-544`',
            f'`icacls "{place}" /reset`',
        ):
            assert (command in said) == (name in mended)


def test_other_settings_belong_to_whoever_has_made_them(tmp_path: Path) -> None:
    mine, wide = tmp_path / "mine.toml", tmp_path / "wide.toml"
    everybody = "O:BAD:NO_ACCESS_CONTROL"
    assert changeable(mine, wide, "win32", lambda _: everybody) is None
    assert changeable(wide, wide, "linux", lambda _: everybody) is None
    assert changeable(None, wide, "win32", lambda _: everybody) is None


@pytest.mark.skipif(sys.platform != "win32", reason="needs machine: Windows")
def test_windows_tells_the_access_control_list_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(KEY, encoding="utf-8")
    assert sddl_of(path).startswith("O:")
    assert "D:" in sddl_of(path)


def test_without_a_file_there_is_no_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("agent.settings.file.machine_wide_file", lambda _: tmp_path / "no.toml")
    assert exposure(read_settings(None, {"SHOPMASTER_DATABASE__PASSWORD": SECRET})) is None
