"""`python -m agent …`, installed as `shopmaster`."""

import sys

from agent.command_line.main import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
