"""docs/store-pc.md: what it has in common with the code is the same there."""

import re
from datetime import time
from pathlib import Path

from agent.command_line.commands import SUMMARIES
from agent.scheduling.plan import USUAL_AT
from agent.windows_accounts import NETWORK_SERVICE
from infra.store.pc import MAKE_CERTIFICATE

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "store-pc.md").read_text("utf-8")


def test_the_certificate_is_made_as_the_operators_tool_says() -> None:
    windows = MAKE_CERTIFICATE.partition("Windows (")[2].partition("Linux (")[0]
    commands = [line.removeprefix("  ") for line in windows.splitlines()[2:] if line.strip()]
    assert len(commands) > 8
    assert "\n".join(commands) in PAGE


def test_the_account_of_the_schedule_is_the_one_that_gets_the_rights() -> None:
    assert PAGE.count(NETWORK_SERVICE.name) == 2
    assert f"*{NETWORK_SERVICE.sid}:R" in PAGE


def test_every_command_of_a_shop_owner_is_on_the_page() -> None:
    named = set(re.findall(r"\bshopmaster ([a-z]+)\b", PAGE))
    assert named >= set(SUMMARIES) - {"resume"}


def test_the_hour_of_the_nightly_upload_is_the_one_that_is_installed() -> None:
    assert "every night between four and five o'clock" in PAGE
    assert time(4) == USUAL_AT
