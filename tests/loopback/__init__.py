"""Tests talk to this machine only, and so do the Python processes that they start.

`sitecustomize.py` beside this file refuses every other address. Python imports it by itself in each
process whose PYTHONPATH names this folder; the process of the tests imports it here.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.loopback import sitecustomize

_FOLDER = Path(__file__).parent


def python_path(*folders: Path) -> str:
    """Return a PYTHONPATH for a process that is to be held to loopback too."""
    return os.pathsep.join(map(str, (_FOLDER, *folders)))


@pytest.fixture(scope="session")
def refused_addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The file in which each refused address is noted, by whichever process."""
    with pytest.MonkeyPatch.context() as patch:
        noted = tmp_path_factory.mktemp("loopback") / "refused"
        patch.setenv(sitecustomize.VARIABLE, str(noted))
        patch.setenv("PYTHONPATH", str(_FOLDER), prepend=os.pathsep)
        yield noted


@pytest.fixture(autouse=True)
def _loopback_only(refused_addresses: Path) -> Iterator[None]:
    """Fail a test that tried to talk to another machine, even if it swallowed the error."""
    yield
    if refused_addresses.exists():
        refused = refused_addresses.read_text(encoding="utf-8")
        refused_addresses.unlink()
        pytest.fail(f"Tests may talk to this machine only:\n{refused}")
