"""`python -m dev.setup`: sets everything up, given only Python; the next time it takes a moment."""

from __future__ import annotations  # so that an older Python gets as far as the version check

import argparse
import shutil
import subprocess
import sys
from collections.abc import Sequence

from dev.setup.azurite import set_up_azurite
from dev.setup.checkov import set_up_checkov
from dev.setup.kusto import set_up_kusto
from dev.setup.odbc import set_up_odbc
from dev.setup.packages import set_up_packages
from dev.setup.running import PYTHON_VERSION, ROOT, SetUpError

SUPPORTED = ("3.13", "3.12", "3.11")
STEPS = {
    "packages": set_up_packages,
    "azurite": set_up_azurite,
    "checkov": set_up_checkov,
    "kusto": set_up_kusto,
    "odbc": set_up_odbc,
}
MADE_HERE = (
    *(".venv", ".tools", ".local", "build", "dist", "shopmaster_upload.egg-info"),
    *(".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".import_linter_cache"),
)


def main(arguments: Sequence[str]) -> int:
    """Do the named steps, or all of them, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m dev.setup", description=__doc__)
    parser.add_argument(
        "steps", nargs="*", metavar="STEP", help=f"{', '.join(STEPS)}; default: all"
    )
    parser.add_argument("--clean", action="store_true", help="remove what was made in this folder")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.steps if name not in STEPS]
    if unknown:
        parser.error(f"there is no step {unknown[0]}")
    try:
        if options.clean:
            clean()
        elif PYTHON_VERSION not in SUPPORTED:
            return _with_a_supported_python(arguments)
        else:
            for name, step in STEPS.items():
                if not options.steps or name in options.steps:
                    step()
    except (SetUpError, OSError) as error:
        print(f"Set-up stopped. {error}", flush=True)
        return 1
    except KeyboardInterrupt:
        print("Set-up was interrupted; run it again to continue.", flush=True)
        return 130
    return 0


def clean() -> None:
    """Remove everything that set-up, the local stack and the checks have made in this folder."""
    for name in MADE_HERE:
        if (ROOT / name).exists():
            shutil.rmtree(ROOT / name)
    for cache in list(ROOT.rglob("__pycache__")):
        shutil.rmtree(cache)


def _with_a_supported_python(arguments: Sequence[str]) -> int:
    """Run set-up in another Python that this project supports, if the machine has one."""
    for version in SUPPORTED:
        other = shutil.which(f"python{version}")
        if (
            other
            and subprocess.run([other, "-c", ""], capture_output=True, check=False).returncode == 0
        ):
            return subprocess.run(
                [other, "-m", "dev.setup", *arguments], cwd=ROOT, check=False
            ).returncode
    raise SetUpError(
        f"This is Python {PYTHON_VERSION}, but 3.11, 3.12 or 3.13 is needed. Install one and, if it"
        " isn't found, name it: make PYTHON=/usr/bin/python3.13 …"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
