"""A password that is piped in is the text that its author saw, whatever Windows' code page is."""

import sys

import pytest

from agent.command_line.piped_password import piped_password
from agent.errors import SettingsError
from tests.agent.command_line.piping import piped

PASSWORD = "grün €"


@pytest.fixture(autouse=True)
def _windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("locale.getencoding", lambda: "cp1252")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("ending", ["", "\n", "\r\n", "\nmore\n"])
def test_the_first_line_is_read_in_the_encoding_that_it_has(
    monkeypatch: pytest.MonkeyPatch, encoding: str, ending: str
) -> None:
    monkeypatch.setattr(sys, "stdin", piped(f"{PASSWORD}{ending}".encode(encoding)))
    assert piped_password() == PASSWORD


def test_spaces_belong_to_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", piped("  pass word \n"))
    assert piped_password() == "  pass word "


def test_what_is_no_text_is_a_wrong_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", piped(b"\x81\xff\n"))
    with pytest.raises(SettingsError, match="UTF-8"):
        piped_password()


def test_without_a_standard_input_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert piped_password() == ""
