"""A stand-in for `azd env get-values`, on the same state as the one for `az`."""

import json
import os
import sys
from pathlib import Path

_ALWAYS = ["env", "get-values", "--output", "json", "--no-prompt"]


def main(arguments: list[str]) -> int:
    """Print the values of an environment; return the exit code."""
    state = json.loads(Path(os.environ["AZ_STAND_IN_STATE"]).read_text(encoding="utf-8"))
    rest = arguments[len(_ALWAYS) :]
    if arguments[: len(_ALWAYS)] != _ALWAYS or (rest and rest[0] != "--environment"):
        sys.stderr.write(f"ERROR: unknown command or flag: {arguments}\n")
        return 1
    name = rest[1] if rest else next(iter(state["azd"]), "")
    if name not in state["azd"]:
        sys.stderr.write("ERROR: environment not found\n")
        return 1
    sys.stdout.write(json.dumps(state["azd"][name]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
