"""`python -m dev demo` works from start to finish."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from dev.azurite import ROOT
from dev.demo import compare
from dev.processes import ProcessError, wait_for
from dev.shop import BAD_ROWS, PRODUCTS, make_shop


def test_the_demo_succeeds_and_leaves_nothing_behind(tmp_path: Path) -> None:
    before = set(psutil.pids())
    done = subprocess.run(
        [sys.executable, "-m", "dev", "demo"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path), "TEMP": str(tmp_path), "TMP": str(tmp_path)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=240,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "997" in said
    assert "Traceback" not in said
    for reason in ("SellPrice is missing", "ProductName is missing", "SellPrice is negative"):
        assert reason in said, said
    assert list(tmp_path.iterdir()) == []
    assert wait_for(lambda: processes_of(tmp_path, before) == [], 20), processes_of(
        tmp_path, before
    )


def processes_of(folder: Path, before: set[int]) -> list[str]:
    """Return the command lines of newer processes that use a folder; a zombie has none."""
    return [
        command
        for process in psutil.process_iter(["cmdline"])
        if process.pid not in before
        and str(folder) in (command := " ".join(process.info["cmdline"] or []))
    ]


def test_three_of_the_shops_thousand_products_are_bad(tmp_path: Path) -> None:
    good = make_shop(tmp_path / "shop.db")
    assert len(good) == PRODUCTS - len(BAD_ROWS) == 997
    assert len({name for name, _ in good.values()}) > 800
    assert any(price.endswith("0") for _, price in good.values())


@pytest.mark.parametrize(
    ("held", "words"),
    [
        ({}, "1 products are missing"),
        ({"P1": ("Tea", "1.50"), "P2": ("Tea", "1.50")}, "1 should not be there"),
        ({"P1": ("Tea", "1.5")}, "1 have a different name or price"),
    ],
)
def test_a_different_outcome_is_an_error(held: dict[str, tuple[str, str]], words: str) -> None:
    with pytest.raises(ProcessError, match=words):
        compare({"P1": ("Tea", "1.50")}, held)
