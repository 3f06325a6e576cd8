"""The zip: its files, what is in each, and how they are written."""

import json
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from contract.blobs import StoreName

CONTENTS = "contents.txt"

Hide = Callable[[str], str]
"""Returns a text without the secrets in it."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file in the zip."""

    name: str
    description: str
    """What is in it, for the owner, who decides whether to send it."""

    text: str
    """Without secrets."""


def bundle_name(store: StoreName | None, now: datetime) -> str:
    """Return the name of a store's zip; `now` is in the time of this computer."""
    return f"shopmaster-support-{store or 'unknown'}-{now:%Y-%m-%d-%H%M}.zip"


def write_bundle(file: IO[bytes], members: Sequence[Member]) -> None:
    """Write the zip, with its listing as the first file."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr(CONTENTS, "\n".join([*listing(members), ""]))
        for member in members:
            bundle.writestr(member.name, member.text)


def listing(members: Iterable[Member]) -> list[str]:
    """Return what is in the zip: a line for each file, with its size, and one that says what it is."""
    lines = []
    for member in members:
        size = len(member.text.encode())
        lines += [f"{member.name} ({size:,} bytes)", f"    {member.description}"]
    return lines


def document(name: str, description: str, content: object, hide: Hide) -> Member:
    """Return a JSON file of `content`, made of what JSON knows, without the secrets in it."""
    text = json.dumps(_hidden(content, hide), ensure_ascii=False, indent=2)
    return Member(name, description, f"{text}\n")


def _hidden(content: object, hide: Hide) -> object:
    """Hide secrets before JSON escapes what is in them, and they aren't recognised any more."""
    if isinstance(content, str):
        return hide(content)
    if isinstance(content, dict):
        return {_hidden(key, hide): _hidden(value, hide) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_hidden(each, hide) for each in content]
    return content
