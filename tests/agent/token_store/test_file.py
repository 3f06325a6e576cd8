"""A token in a file: for its owner alone, and whole or not at all."""

import stat
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.errors import TokenStoreError
from agent.token_store import StoredExpiry, TokenFile, TokenStore, token_store_for
from contract.blobs import StoreName
from dev.tokens import local_token


def store_at(path: Path) -> TokenStore:
    return token_store_for(TokenFile(path), None, StoreName("0001"))


def test_a_token_is_written_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("an older one", encoding="utf-8")
    path.chmod(0o644)
    tokens = store_at(path)
    tokens.set("abc", None)
    assert path.read_text(encoding="utf-8") == "abc\n"
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["token"]
    assert tokens.place == f"the file {path}"


def test_the_expiry_is_that_of_the_token_in_the_file(tmp_path: Path) -> None:
    tokens = store_at(tmp_path / "token")
    assert tokens.expiry() == StoredExpiry(is_present=False, expires_on=None)
    tokens.set("no JWT", None)
    assert tokens.expiry() == StoredExpiry(is_present=True, expires_on=None)
    tokens.set(local_token(timedelta(hours=1)), None)
    found = tokens.expiry().expires_on
    assert found is not None
    assert abs(found - datetime.now(UTC) - timedelta(hours=1)) < timedelta(seconds=5)


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "token"
    with pytest.raises(TokenStoreError, match="can't be written") as caught:
        store_at(path).set("s3cret", None)
    assert str(path) in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"\xff\xfe"], ids=["a folder", "no text"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "token"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(TokenStoreError, match="can't be read"):
        store_at(path).expiry()
