"""The examples in docs/deploy.md run, and print what is shown."""

import re
import shlex
from datetime import timedelta
from pathlib import Path

from tests.infra.operator.az_stand_in.command import ROOT
from tests.infra.operator.cloud import NOW, Cloud

DOCUMENT = ROOT / "docs" / "deploy.md"
_EXAMPLE = re.compile(
    r"^```sh\n(?P<command>python -m infra\.store [^\n]+)\n```$(?:\n\n^```text\n(?P<shown>.*?)^```$)?",
    re.MULTILINE | re.DOTALL,
)


def test_the_examples_are_what_the_programs_print(
    cloud: Cloud, certificates: tuple[Path, Path]
) -> None:
    """They run in their order, where one PC is on Arc and another has brought its certificate."""
    cloud.machine("till-0001", 1)
    brought = cloud.folder / "0002-public.pem"
    brought.write_bytes(certificates[0].read_bytes())
    done = set()
    for example in _EXAMPLE.finditer(DOCUMENT.read_text(encoding="utf-8")):
        words = shlex.split(example["command"])[3:]
        ended = cloud.store(*(str(brought) if word == brought.name else word for word in words))
        assert (ended.code, example["shown"] or ended.out) == (0, ended.out), example["command"]
        done.add(words[0])
        with cloud.change() as state:  # the PC's owner has logged in to Digible meanwhile
            version = {"created": NOW.isoformat(), "expires": (NOW + timedelta(60)).isoformat()}
            state["secrets"].setdefault("digible-token-0001", {"versions": [version]})
    assert done == {"add", "list", "check", "remove"}
