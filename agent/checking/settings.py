"""Checks the settings: which file there is, whether it is right, and what others may do with it."""

from pathlib import Path

from agent.checking.row import Mark, Row, Subject, ok, warning
from agent.errors import AgentError
from agent.settings.exposure import Exposure
from contract.blobs import StoreName

_SUBJECT = Subject.SETTINGS
_CORRECT = "Correct that, by hand or with `shopmaster configure`, and check again."


def settings_row(file: Path | None, store: StoreName, exposed: Exposure | None) -> Row:
    """Return the row about settings that can be used."""
    if exposed is not None:
        return warning(_SUBJECT, exposed.cause, exposed.remedy)
    where = str(file.absolute()) if file else "the environment alone"
    return ok(_SUBJECT, f"{where}, store {store}")


def unusable_settings_row(error: AgentError) -> Row:
    """Return the row about settings that can't be used."""
    return Row(_SUBJECT, Mark.FAILED, error.cause, error.remedy or _CORRECT)
