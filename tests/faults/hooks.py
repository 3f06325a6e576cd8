"""Where a fault may intervene: at Digible, and between the host and storage."""

from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import unquote, urlsplit

from tests.faults.journal import Post


@dataclass(frozen=True, slots=True)
class Reply:
    """What Digible does with a POST."""

    status: int | None = HTTPStatus.OK
    """200 accepts the POST; None closes the connection instead of answering."""

    headers: tuple[tuple[str, str], ...] = ()


ACCEPT = Reply()
DROP = Reply(None)


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
    def store(self) -> str:
        """The store whose blob the request is about; empty if there is none."""
        container, _, blob = self.path.partition("/")
        if container == "locks":
            return blob.rpartition(".")[0]
        return blob.partition("/")[0] if container in {"catalogs", "runs"} and "/" in blob else ""

    @property
    def writes_record(self) -> bool:
        """Whether the request writes a run record."""
        return self.method == "PUT" and self.path.startswith("runs/") and "/" in self.path[5:]


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
