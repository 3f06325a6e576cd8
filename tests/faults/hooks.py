"""Where a fault may intervene: at Digible, and between the host and storage."""

import base64
import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.faults.journal import Post


@dataclass(frozen=True, slots=True)
class Reply:
    """What Digible does with a POST."""

    status: int | None = HTTPStatus.OK
    """200 accepts the POST; None closes the connection instead of answering."""

    headers: tuple[tuple[str, str], ...] = ()


ACCEPT = Reply()
DROP = Reply(None)
_TEXT = re.compile(rb"<MessageText>(.*?)</MessageText>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class StorageRequest:
    """A request from the host to storage."""

    method: str
    target: str
    body: bytes = b""

    @property
    def path(self) -> str:
        """The container and blob, or the queue and the path below it, without the account."""
        return unquote(urlsplit(self.target).path).lstrip("/").partition("/")[2]

    @property
    def query(self) -> dict[str, str]:
        """What the address says after its question mark."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.target).query).items()}

    @property
    def message(self) -> dict[str, Any]:
        """The content of the message that the request puts into a queue; empty if there is none."""
        found = _TEXT.search(self.body) if "/messages" in self.target else None
        try:
            content = json.loads(base64.b64decode(found[1])) if found else {}
        except ValueError:
            return {}
        return content if isinstance(content, dict) else {}

    @property
    def store(self) -> str:
        """The store whose blob the request is about, or names; empty if there is none."""
        container, _, blob = self.path.partition("/")
        if container == "locks":
            return blob.rpartition(".")[0]
        if named := self.message.get("catalog"):
            return str(named).partition("/")[0]
        return blob.partition("/")[0] if container in {"catalogs", "runs"} and "/" in blob else ""

    @property
    def writes_record(self) -> bool:
        """Whether the request writes a run record."""
        return self.method == "PUT" and self.path.startswith("runs/") and "/" in self.path[5:]


@dataclass(frozen=True, slots=True)
class Response:
    """How storage responded to a request."""

    status: int
    head: bytes = b""
    """Its first bytes; all of them if a message was put into a queue."""

    def header(self, name: str) -> str:
        """Return a header's value, empty if there is none."""
        found = re.search(rb"\r\n%b: *([^\r]*)" % name.encode(), self.head, re.IGNORECASE)
        return found[1].decode("latin-1") if found else ""


class Hooks:
    """Lets everything pass; a fault overrides the methods for what it holds, cuts or answers.

    Each method is called in the thread of its connection, and may block it.
    """

    def arrived(self, post: Post) -> Reply:
        """Return what Digible does with a POST that it has read but not yet accepted."""
        return ACCEPT

    def accepted(self, post: Post) -> bool:
        """Return whether Digible answers a POST that it has just accepted."""
        return True

    def answered(self, post: Post) -> None:
        """Act on a POST whose response has just been sent."""

    def requested(self, request: StorageRequest) -> bool:
        """Return whether a request from the host is passed on to storage."""
        return True

    def responded(self, request: StorageRequest, status: int) -> bool:
        """Return whether storage's response to a request is passed on to the host."""
        return True
