"""`python -m tests.benchmarks`: print what things cost; fail if checkpoints cost too much."""

import argparse
import os
import sys
from collections.abc import Sequence

from tests.benchmarks import checkpoint, comparing, imports, memory

_PARTS = ("imports", "checkpoint", "comparing", "agent", "function")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks", description="Measure speed and memory."
    )
    parser.add_argument(
        "--only", choices=_PARTS, action="append", help="only this part (repeatable)"
    )
    chosen = parser.parse_args(arguments).only or _PARTS
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
    is_good = True
    for part in chosen:
        match part:
            case "imports":
                shown = imports.measure()
            case "checkpoint":
                shown, is_good = checkpoint.measure()
            case "comparing":
                shown = comparing.measure()
            case "agent":
                shown = memory.measure_agent()
            case _:
                shown = memory.measure_function()
        print(shown, flush=True)
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
