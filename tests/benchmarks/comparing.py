"""What it costs to compare a catalogue with the last one, beside reading the two and nothing else."""

import os
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

from agent.comparing import changes_since, products_in
from contract.catalog import read_catalog, write_catalog
from contract.compression import compressed
from contract.product import CatalogRow
from dev.azurite import ROOT
from dev.files import without_settings
from tests.benchmarks.table import Line, table
from tests.memory import Memory

_SIZES = (100_000, 1_000_000)
_READ, _COMPARE = "read", "compare"


def measure() -> str:
    """Compare catalogues that are nearly the same, in two orders, and others; return the table."""
    lines: list[Line] = []
    with tempfile.TemporaryDirectory() as made:
        before, now = Path(made, "before.json.gz"), Path(made, "now.json.gz")
        for size in _SIZES:
            _write(before, range(size))
            _write(now, range(size // 100, size + size // 100))
            seconds, megabytes = _costs(_READ, before, now)
            lines.append(Line(f"reading two of {size:,} products, time", seconds, "s"))
            lines.append(Line("the same, memory", megabytes, "MB"))
            for what, ids in _others(size).items():
                _write(now, ids)
                ours, memory = _costs(_COMPARE, before, now)
                lines.append(Line(f"comparing, {what}, time", ours, "s", seconds))
                lines.append(Line(f"comparing, {what}, memory", memory, "MB", megabytes))
    return table("Comparing two catalogues: time of the processor, memory (peak, resident)", lines)


def _others(size: int) -> Mapping[str, Iterable[int]]:
    few = size // 100
    return {
        "1 % gone, 1 % new": range(few, size + few),
        "in opposite orders": range(size + few, few, -1),
        "all gone, all new": range(size, 2 * size),
    }


def _write(path: Path, numbers: Iterable[int]) -> None:
    rows = (
        CatalogRow(f"{4_000_000_000_000 + number}", f"Product no {number}", f"{number % 90}.50")
        for number in numbers
    )
    with path.open("wb") as file:
        file.writelines(compressed(write_catalog(rows)))


def _costs(way: str, before: Path, now: Path) -> tuple[float, float]:
    """Return the seconds and the megabytes of a Python that does nothing else."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.comparing", way, str(before), str(now)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env=without_settings(os.environ),
    ) as python:
        with Memory(python.pid) as memory:
            seconds, _ = python.communicate()
        assert python.returncode == 0, f"{way} failed"
    return float(seconds), memory.megabytes


def main(way: str, before: str, now: str) -> None:
    """Read or compare two catalogues, and print the seconds that it took."""
    with Path(before).open("rb") as old, Path(now).open("rb") as new:
        begun = time.process_time()
        if way == _READ:
            for catalog in (old, new):
                deque(read_catalog(iter(partial(catalog.read, 1 << 16), b"")), maxlen=0)
        else:
            changes_since(old, products_in(new))
        print(time.process_time() - begun)


if __name__ == "__main__":
    main(*sys.argv[1:])
