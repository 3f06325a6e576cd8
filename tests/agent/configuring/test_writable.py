"""Whether the settings can be written is tried before any question, and the trial leaves nothing."""

import os
from pathlib import Path

import pytest

from agent.configuring.writable import may_write, try_to_write
from agent.errors import AgentError
from agent.passwords.ports import PasswordError


def test_a_place_that_may_be_written_to_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "shopmaster.toml"
    try_to_write(file, None)
    assert list(tmp_path.iterdir()) == []
    file.parent.mkdir()
    file.write_text("before", encoding="utf-8")
    assert may_write(file, None)
    assert file.read_text(encoding="utf-8") == "before"
    assert list(file.parent.iterdir()) == [file]


def test_a_place_that_cannot_be_written_to_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    file = tmp_path / "file" / "shopmaster.toml"
    with pytest.raises(AgentError, match="name another file with --config") as raised:
        try_to_write(file, None)
    assert str(file) in raised.value.cause
    assert not may_write(file, None)


def test_the_account_of_the_upload_must_be_able_to_get_a_file(tmp_path: Path) -> None:
    given: list[tuple[Path, str]] = []

    def give(file: Path, account: str) -> None:
        assert file.exists()
        given.append((file.parent, account))

    try_to_write(tmp_path / "shopmaster.toml", "till", give)
    assert given == [(tmp_path, "till")]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("remedy", "said"),
    [
        ("Correct the name. The password was not stored.", "Correct the name."),
        ("", "name another file with --config."),
    ],
)
def test_an_account_that_cannot_get_it_is_named(tmp_path: Path, remedy: str, said: str) -> None:
    def refuse(*_: object) -> None:
        raise PasswordError("There is no user till.", remedy)

    with pytest.raises(AgentError, match=r"for till\. There is no user till\.") as raised:
        try_to_write(tmp_path / "shopmaster.toml", "till", refuse)
    assert str(raised.value).endswith(said)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="needs machine: accounts of POSIX")
def test_an_account_that_does_not_exist_is_found_out(tmp_path: Path) -> None:
    with pytest.raises(AgentError, match="no user nobody-of-that-name"):
        try_to_write(tmp_path / "shopmaster.toml", "nobody-of-that-name")
