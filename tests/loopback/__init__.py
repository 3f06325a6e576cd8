"""Tests connect only to this machine, and so do the Python processes that they start.

`sitecustomize.py` beside this file refuses every other address. Python imports it automatically in
each process whose PYTHONPATH names this folder; the test process imports it here.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.loopback import sitecustomize

_FOLDER = Path(__file__).parent


def python_path(*folders: Path) -> str:
    """Return a PYTHONPATH that restricts a process to loopback too."""
    return os.pathsep.join(map(str, (_FOLDER, *folders)))


@pytest.fixture(scope="session")
def refused_addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Yield the file in which any process notes each refused address."""
    with pytest.MonkeyPatch.context() as patch:
        noted = tmp_path_factory.mktemp("loopback") / "refused"
        patch.setenv(sitecustomize.VARIABLE, str(noted))
        patch.setenv("PYTHONPATH", str(_FOLDER), prepend=os.pathsep)
        yield noted


@pytest.fixture(autouse=True)
def _loopback_only(refused_addresses: Path) -> Iterator[None]:
    """Fail a test that tried to connect to another machine, even if it swallowed the error."""
    yield
    if refused_addresses.exists():
        refused = refused_addresses.read_text(encoding="utf-8")
        refused_addresses.unlink()
        pytest.fail(f"Tests may connect only to this machine:\n{refused}")
