"""`python -m agent …`, installed as `shopmaster`."""

import sys

from agent.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
