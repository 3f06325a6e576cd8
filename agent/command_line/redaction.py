"""Keeps secrets out of everything that is written for support people: log lines and tracebacks."""

import logging
import re
from collections.abc import Iterable
from urllib.parse import quote, unquote

from agent.settings.exposure import ASSIGNED_SECRET

_HIDDEN = "***"
_SHORTEST = 3  # hiding every "a" would make nonsense of the text
_IN_ADDRESS = re.compile(r"(?<=://)[^\s'\"]{1,500}@")  # a proxy's user name and password

_TOKEN = re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*")  # a JWT, such as Digible's


class Redaction(logging.Formatter):
    """Formats log records, and any other text, without known secrets and without what looks like one."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(name)s: %(message)s")
        self._secrets: frozenset[str] = frozenset()

    def learn(self, secrets: Iterable[str]) -> None:
        """Hide these from now on, as they are and as they appear in URLs."""
        forms = {form for each in secrets for form in (each, quote(each, safe=""), unquote(each))}
        self._secrets |= frozenset(form for form in forms if len(form) >= _SHORTEST)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line for a log record."""
        return self.hide(super().format(record))

    def hide(self, text: str) -> str:
        """Return `text` without secrets."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, _HIDDEN)
        text = _IN_ADDRESS.sub(f"{_HIDDEN}@", text)
        text = _TOKEN.sub(_HIDDEN, text)
        return ASSIGNED_SECRET.sub(rf"\1\2{_HIDDEN}", text)
