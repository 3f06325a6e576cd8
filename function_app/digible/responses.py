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
from function_app.digible.scrubbing import scrubbed
from function_app.digible.verdict import Verdict, judge

MAX_BODY = 4 << 20
"""The most bytes of a response that are read: some servers send back the 200 products that they got."""

_TRANSIENT = frozenset({408, 425, 429})
# A gateway has lost its server, which may still be at work (520 to 527 are Cloudflare's).
_IN_DOUBT = frozenset({502, 504, *range(520, 528)})
_TOKEN_REFUSED = frozenset({401, 403})
_NOT_ABOUT_PRODUCTS = frozenset({404, 405, 407, 410, 411, 414, 415, 421, 426, 431, 451})
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.:-]+)", re.IGNORECASE)
_NO_JSON = object()


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response, as far as it was read."""

    status: int
    body: bytes = field(repr=False)
    content_type: str | None = None
    retry_after: float | None = None
    """Seconds, from the Retry-After header."""

    whole: bool = True
    """Whether the body was read to its end."""

    @property
    def text(self) -> str:
        """The body, with U+FFFD for what can't be decoded."""
        return self.body.decode(_charset(self.content_type) or "utf-8", "replace")


def interpret(response: Response, secret: str, sent: int) -> Answer:
    """Return what the response to `sent` products means; `secret` is removed from its words."""
    content = _json(response)
    words = scrubbed(_words(response, content), secret)
    if response.status != HTTPStatus.OK:
        return _not_accepted(response, response.status, words)
    if content is _NO_JSON:
        return Unreadable(words, is_too_long=not response.whole)
    judgement = judge(content, sent)
    match judgement.verdict:
        case Verdict.REFUSED:
            return Refused(words, response.status, about_products=True)
        case Verdict.TOKEN_REFUSED:
            return TokenRefused(words, response.status)
        case int() as named:
            return _not_accepted(response, named, words)
    said = words if _message(content) else None
    doubt = judgement.doubt
    return Accepted(said, doubt and f"{doubt.value}: {scrubbed(response.text, secret)}")


def _not_accepted(response: Response, status: int, words: str) -> Answer:
    """Return what a status means: the response's own, or one that its JSON names."""
    if status in _TOKEN_REFUSED:
        return TokenRefused(words, response.status)
    if status in _TRANSIENT or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        detail = f"Digible can't take products at the moment (HTTP {response.status}: {words})."
        in_doubt = status in _IN_DOUBT
        return Unavailable(detail, response.status, response.retry_after, in_doubt)
    about_products = status >= 400 and status not in _NOT_ABOUT_PRODUCTS
    return Refused(words, response.status, about_products)


def _json(response: Response) -> Any:
    if not response.whole:
        return _NO_JSON
    for charset in (_charset(response.content_type), json.detect_encoding(response.body)):
        if charset is not None:
            try:
                return json.loads(response.body.decode(charset).removeprefix("\ufeff"))
            except (ValueError, RecursionError):
                continue
    return _NO_JSON


def _charset(content_type: str | None) -> str | None:
    """Return the encoding that a Content-Type header declares, or None if it names none that is known."""
    declared = _CHARSET.search(content_type or "")
    if declared is None:
        return None
    try:
        b" ".decode(
            declared[1], "replace"
        )  # not every codec that Python knows is a text's encoding
    except (LookupError, ValueError):
        return None
    return declared[1]


def _message(content: Any) -> str | None:
    """Return the words for a person in a response's JSON, or None if there are none."""
    if isinstance(content, str):
        return content if content.strip() else None
    if not isinstance(content, dict):
        return None
    for name, value in content.items():
        if name.lower() == "message" and isinstance(value, str) and value.strip():
            return value
    return None


def _words(response: Response, content: Any) -> str:
    """Return Digible's own words: its message if it sent one, otherwise its body."""
    if message := _message(content):
        return message
    # The whole body, since half a secret at the end of an excerpt would not be recognised.
    text = response.text.strip()
    if text:
        return text
    try:
        return HTTPStatus(response.status).phrase
    except ValueError:
        return "no further words"
