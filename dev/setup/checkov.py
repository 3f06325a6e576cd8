"""Installs checkov, which checks infra/ against known mistakes, into an environment of its own."""

from __future__ import annotations  # so that an older Python gets as far as the version check

from dev.setup.running import ON_WINDOWS, PYTHON_VERSION, ROOT, TOOLS, VENV_PYTHON, run, say

# It pins some eighty packages, several of them older than ours: so it never comes into .venv.
CHECKOV = "checkov==3.3.30"
FOLDER = TOOLS / "checkov"
PYTHON = FOLDER / ("Scripts/python.exe" if ON_WINDOWS else "bin/python")
_STAMP = FOLDER / "set-up.stamp"


def set_up_checkov() -> None:
    """Install checkov where tests/infra/bicep looks for it; needs the step `packages` first."""
    wanted = f"{ROOT} {PYTHON_VERSION} {CHECKOV}"
    if PYTHON.exists() and _STAMP.is_file() and _STAMP.read_text(encoding="utf-8") == wanted:
        return
    say("Installing checkov into .tools (a minute)")
    failure = "checkov could not be installed. Check the network connection, then try again."
    run([VENV_PYTHON, "-m", "venv", "--clear", FOLDER], failure)
    quietly = ("--quiet", "--no-input", "--disable-pip-version-check")
    cache = ("--cache-dir", TOOLS / "cache" / "pip")
    run([PYTHON, "-m", "pip", *quietly, *cache, "install", CHECKOV], failure)
    _STAMP.write_text(wanted, encoding="utf-8")
