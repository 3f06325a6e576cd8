"""Keeps secrets out of everything that is written for support people: log lines and tracebacks."""

import logging
import re
from urllib.parse import parse_qs, unquote

from agent.settings import OdbcDatabase, Settings, SqlServerDatabase
from agent.storage_address import StorageAccount, StorageConnection

_HIDDEN = "***"
_SHORTEST = 3  # hiding every "a" would make nonsense of the text
_ASSIGNED = re.compile(
    r"\b(sig|accountkey|sharedaccesssignature|pwd|password)(\s*=\s*)(\{[^}]*\}|[^\s;&'\"]+)",
    re.IGNORECASE,
)


class Redaction(logging.Formatter):
    """Formats log records, and any other text, without the secrets it was told and others of their look."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(name)s: %(message)s")
        self._secrets: frozenset[str] = frozenset()

    def learn(self, settings: Settings) -> None:
        """Hide the secrets of `settings` from now on."""
        self._secrets = frozenset(each for each in _secrets(settings) if len(each) >= _SHORTEST)

    def format(self, record: logging.LogRecord) -> str:
        """Give the line for a log record."""
        return self.hide(super().format(record))

    def hide(self, text: str) -> str:
        """Give `text` without secrets."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, _HIDDEN)
        return _ASSIGNED.sub(rf"\1\2{_HIDDEN}", text)


def _secrets(settings: Settings) -> list[str]:
    found: list[str] = []
    match settings.database:
        case SqlServerDatabase(password=str(password)):
            found.append(password)
        case OdbcDatabase(text):
            found += [text, *_assigned(text)]
    match settings.storage:
        case StorageAccount(sas=str(sas)):
            signatures = parse_qs(sas).get("sig", [])
            found += [sas, *signatures, *_assigned(sas)]
        case StorageConnection(text):
            found += [text, *_assigned(text)]
    return found


def _assigned(text: str) -> list[str]:
    values = [match[3].removeprefix("{").removesuffix("}") for match in _ASSIGNED.finditer(text)]
    return [*values, *map(unquote, values)]
