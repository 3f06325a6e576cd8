"""The stand-in's responses, as bytes on the wire."""

import json
from dataclasses import dataclass
from http import HTTPStatus

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """A response; `headers` are sent besides those of the content."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()

    def encode(self) -> bytes:
        """Return header and body in one piece.

        In two pieces they would cost Nagle's 40 ms on each request.
        """
        try:
            phrase = HTTPStatus(self.status).phrase
        except ValueError:
            phrase = "Unknown"
        lines = [
            f"HTTP/1.1 {self.status} {phrase}",
            f"Content-Type: {self.content_type}",
            f"Content-Length: {len(self.body)}",
            *(f"{name}: {value}" for name, value in self.headers),
        ]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + self.body


@dataclass(frozen=True, slots=True)
class Trickle:
    """A response sent at one byte a second."""

    answer: Answer


class Endless:
    """A response with status 200 that never ends."""


class Silence:
    """No response: the connection is closed."""


Reply = Answer | Trickle | Endless | Silence


def json_answer(status: int, content: object) -> Answer:
    """Return a JSON response."""
    return Answer(status, json.dumps(content, ensure_ascii=False).encode("utf-8"))


def message(status: int, text: str) -> Answer:
    """Return a JSON response with a message."""
    return json_answer(status, {"message": text})
