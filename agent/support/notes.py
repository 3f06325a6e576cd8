"""The logs and notes in the store's state folder; the catalogues beside them stay there."""

from collections.abc import Iterator
from pathlib import Path

from agent.run_log import FILE_NAME
from agent.support.bundle import Hide, Member

_LONGEST = 1_000_000  # characters, from the end
_LOGS = f"{Path(FILE_NAME).stem}*.log*"
_NOTES = ("last-run.json", "schedule.json", "schedule-proof.json")


def notes(state: Path, hide: Hide) -> Iterator[Member]:
    """Yield a file for each log and note."""
    for path in sorted(state.glob(_LOGS)):
        what = "what shopmaster did and when, with its messages"
        yield from _kept(path, f"logs/{path.name}", what, hide)
    for name in _NOTES:
        what = "what shopmaster noted about the last upload, or about the schedule"
        yield from _kept(state / name, f"notes/{name}", what, hide)


def _kept(path: Path, name: str, what: str, hide: Hide) -> Iterator[Member]:
    try:
        text = path.read_text("utf-8", errors="replace")
    except FileNotFoundError:
        return
    except OSError as error:
        why = f"{error.strerror or type(error).__name__}\n"
        yield Member(f"{name}.txt", "why that file can't be read", why)
        return
    yield Member(name, what, hide(text)[-_LONGEST:])
