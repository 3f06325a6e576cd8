"""Fuzz for as long as asked: `python -m tests.fuzz [--seconds N] [--seed N] [--target NAME]`."""

import argparse
import faulthandler
import random
import sys
import time
import traceback
from collections.abc import Sequence

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded

from tests.fuzz.nonsense import nonsense
from tests.fuzz.targets import TARGETS, Target

EXAMPLES = 500
"""How many inputs come from one seed before the next seed is used."""

HANGS_AFTER = 120
"""How many seconds one seed's inputs may take before that is called a hang."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz each target in turn until the time is up; return 1 as soon as one breaks, else 0."""
    options = _options(arguments)
    targets = [t for t in TARGETS if options.target in {None, t.name}]
    end = time.monotonic() + options.seconds
    seed = options.seed
    print(f"seed {seed}, {options.seconds:g} s: {', '.join(t.name for t in targets)}", flush=True)
    while True:
        for target in targets:
            if not fuzz(target, seed):
                return 1
        seed += 1
        if time.monotonic() >= end:
            break
    count = (seed - options.seed) * EXAMPLES
    print(f"{count:,} inputs for each, nothing found")
    return 0


def fuzz(target: Target, seed: int) -> bool:
    """Feed one seed's inputs to a target; print a failure with its smallest input."""
    last = b""

    @seeded(seed)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(nonsense(target.seeds))
    def survive(data: bytes) -> None:
        nonlocal last
        last = data
        target.read(data)

    faulthandler.dump_traceback_later(HANGS_AFTER, exit=True, file=sys.__stderr__ or 2)
    try:
        survive()
    except Exception:  # noqa: BLE001  # any exception is a finding
        print(f"{target.name} broke (repeat: --seed {seed} --target {target.name!r}) on\n{last!r}")
        print(traceback.format_exc())
        return False
    finally:
        faulthandler.cancel_dump_traceback_later()
    return True


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="how long to fuzz (default: 60)")
    parser.add_argument(
        "--seed",
        type=int,
        default=random.randrange(1 << 32),
        help="the first seed (default: random)",
    )
    parser.add_argument(
        "--target", choices=[target.name for target in TARGETS], help="only this target"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
