"""Makes text from outside fit to be shown: on one line, harmless to a terminal, and not too long."""

import re
import unicodedata
from contextlib import suppress
from datetime import datetime

_LONGEST = 1_000
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours, the cursor
    r"|(?:\x1b[P\]X^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"  # titles, links
    r"|\x1b[ -/]*[0-~]"
)

_UPLOADED = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]+", re.ASCII)


def shown(text: str, longest: int = _LONGEST) -> str:
    """Return `text` without escape sequences, control and format characters, and cut with “…”.

    What breaks or indents lines becomes a space; what is invisible or turns the direction of writing
    disappears; half a character becomes `�`.
    """
    looked_at = text[: 8 * longest]
    harmless = "".join(map(_harmless, _ESCAPES.sub("", looked_at))).strip()
    if len(harmless) <= longest and looked_at == text:
        return harmless
    return harmless[: longest - 1] + "…"


def shown_run(run: str) -> str:
    """Return enough of a run's id to find it by: of one whose blob `upload` named, the name alone."""
    name, _, _ = run.rpartition(".")
    return name if _UPLOADED.fullmatch(name) else shown(run)


def local_time(moment: datetime, shape: str = "%Y-%m-%d %H:%M") -> str:
    """Return a moment by this computer's clock, or as it is if the computer's calendar doesn't reach there."""
    with suppress(OSError, OverflowError, ValueError):
        moment = moment.astimezone()
    return f"{moment:{shape}}"


def _harmless(character: str) -> str:
    if character.isprintable():
        return character
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    return " " if category in {"Cc", "Zs", "Zl", "Zp"} else "�"
