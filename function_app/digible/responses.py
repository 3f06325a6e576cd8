"""What a response from Digible means: a pure decision."""

import json
import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from function_app.answers import (
    Accepted,
    Answer,
    Refused,
    TokenRefused,
    Unavailable,
    Unreadable,
)

MAX_BODY = 1 << 20
"""The most bytes of a response that are read; no answer to a batch is that long."""

_MAX_WORDS = 500
_TRANSIENT = frozenset({408, 425, 429})
_TOKEN_REFUSED = frozenset({401, 403})
_NOT_ABOUT_PRODUCTS = frozenset({404, 405, 407, 410, 411, 414, 415, 421, 426, 431, 451})
# A whole token or the beginning of one; without backtracking, so a hostile text costs no time.
_JWT = re.compile(r"eyJ[\w-]{6,}(?:\.[\w-]*){0,2}")


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response, as far as it was read."""

    status: int
    body: bytes = field(repr=False)
    retry_after: float | None = None
    """Seconds, from the Retry-After header."""

    whole: bool = True
    """Whether the body was read to its end."""


def interpret(response: Response, secret: str) -> Answer:
    """Return what a response means; `secret` is removed from its words."""
    status = response.status
    content = _json(response)
    words = scrubbed(_words(response, content), secret)
    if status in _TOKEN_REFUSED:
        return TokenRefused(words, status)
    if status in _TRANSIENT or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        detail = f"Digible can't take products at the moment (HTTP {status}: {words})."
        return Unavailable(detail, status, response.retry_after)
    if status != HTTPStatus.OK:
        about_products = status >= 400 and status not in _NOT_ABOUT_PRODUCTS
        return Refused(words, status, about_products)
    if content is _NO_JSON:
        return Unreadable(words)
    if _says_failed(content):
        return Refused(words, status, about_products=True)
    return Accepted(scrubbed(message, secret) if (message := _message(content)) else None)


def scrubbed(text: str, secret: str) -> str:
    """Return `text` on one line, shortened, and without `secret` or anything that looks like a token."""
    cleaned = text.replace(secret, "***") if secret else text
    cleaned = _JWT.sub("***", cleaned)[: 8 * _MAX_WORDS]
    cleaned = " ".join("".join(c if c.isprintable() else " " for c in cleaned).split())
    return cleaned if len(cleaned) <= _MAX_WORDS else cleaned[: _MAX_WORDS - 1] + "…"


_NO_JSON = object()


def _json(response: Response) -> Any:
    if not response.whole:
        return _NO_JSON
    try:
        return json.loads(response.body)
    except (ValueError, RecursionError):
        return _NO_JSON


def _message(content: Any) -> str | None:
    message = content.get("message") if isinstance(content, dict) else None
    return message if isinstance(message, str) and message.strip() else None


def _says_failed(content: Any) -> bool:
    if not isinstance(content, dict):
        return False
    status = content.get("status")
    return content.get("success") is False or (
        isinstance(status, str) and status.lower() in {"error", "failed"}
    )


def _words(response: Response, content: Any) -> str:
    """Return Digible's own words: its message if it sent one, otherwise its body."""
    if message := _message(content):
        return message
    # The whole body, since half a secret at the end of an excerpt would not be recognised.
    text = response.body.decode("utf-8", "replace").strip()
    if text:
        return text
    try:
        return HTTPStatus(response.status).phrase
    except ValueError:
        return "no further words"
