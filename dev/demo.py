"""`python -m dev demo`: sends 1,000 products from a table to a Digible stand-in and counts them."""

import json
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from dev.files import AGENT_SETTINGS, read_environment, without_settings
from dev.lifetime import interrupt_when_asked_to_stop, say
from dev.processes import ProcessError, Server
from dev.shop import BAD_ROWS, PRODUCTS, make_shop

_COMPLETED_WITH_REJECTIONS = 4
_UPLOAD_SECONDS = 180


def run() -> int:
    """Run the demo and return the exit status; raise ProcessError if anything goes wrong."""
    interrupt_when_asked_to_stop(watch_input=False)
    with tempfile.TemporaryDirectory(prefix="shopmaster-demo-", ignore_cleanup_errors=True) as made:
        try:
            _show(Path(made).resolve())
        except KeyboardInterrupt:
            say("The demo was stopped.")
            return 130
    return 0


def _show(data: Path) -> None:
    bad = ", ".join(f"one {defect}" for defect in BAD_ROWS.values())
    say(
        f"1. A shop has {PRODUCTS:,} products in a database table. Three are bad on purpose: {bad}."
    )
    expected = make_shop(data / "shop.db")
    say("2. Starting the local stack: cloud storage, the function and a Digible stand-in …")
    environment = without_settings(os.environ)
    with _start_stack(data, environment) as stack:
        stack.wait_until_ready(180)
        say("3. The shop owner types `shopmaster upload`:")
        say("")
        status = _upload(data, environment)
        say("")
        if status != _COMPLETED_WITH_REJECTIONS:
            raise ProcessError(
                f"The upload ended with status {status}, not {_COMPLETED_WITH_REJECTIONS} (completed "
                f"with rejections). Output of the local stack:\n{stack.output}"
            )
        compare(expected, _held_by_stand_in(data))
    say(
        f"4. Checked: the stand-in has exactly the {len(expected)} good products, each with its "
        "name and exact price. The local stack is stopped, and nothing of it is left."
    )


def _start_stack(data: Path, environment: dict[str, str]) -> Server:
    return Server(
        "The local stack",
        [sys.executable, "-m", "dev", "up", "--data", data, "--until-input-closes"],
        environment=environment,
    )


def _upload(data: Path, environment: dict[str, str]) -> int:
    arguments = ["upload", "--config", str(data / AGENT_SETTINGS)]
    try:
        return subprocess.run(
            [sys.executable, "-m", "agent", *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            timeout=_UPLOAD_SECONDS,
            check=False,
        ).returncode
    except subprocess.TimeoutExpired:
        raise ProcessError(f"The upload did not end within {_UPLOAD_SECONDS} s.") from None


def _held_by_stand_in(data: Path) -> dict[str, tuple[str, str]]:
    url = urlsplit(read_environment(data)["DIGIBLE_API_URL"])
    try:
        with urllib.request.urlopen(f"http://{url.netloc}/control/products", timeout=30) as answer:
            held = json.load(answer)["products"]
    except (urllib.error.URLError, ValueError) as error:
        raise ProcessError(f"The Digible stand-in did not list its products: {error}") from None
    return {key: (item["productName"], item["productPrice"]) for key, item in held.items()}


def compare(expected: dict[str, tuple[str, str]], held: dict[str, tuple[str, str]]) -> None:
    """Raise ProcessError unless the stand-in has exactly the products that should be sent."""
    if held == expected:
        return
    missing, extra = expected.keys() - held.keys(), held.keys() - expected.keys()
    changed = [key for key in expected.keys() & held.keys() if expected[key] != held[key]]
    raise ProcessError(
        f"The stand-in does not have what the shop has: {len(missing)} products are missing, "
        f"{len(extra)} should not be there, {len(changed)} have a different name or price."
    )
