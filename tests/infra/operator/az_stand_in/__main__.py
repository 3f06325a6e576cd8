"""Runs the stand-in as a program, from wherever it is started."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[4])

from tests.infra.operator.az_stand_in.running import main  # noqa: E402  found there

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
