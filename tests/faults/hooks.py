"""Where a fault may stop the world: at Digible, and between the host and storage."""

from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import unquote, urlsplit

from tests.faults.journal import Post


@dataclass(frozen=True, slots=True)
class Reply:
    """What Digible does with a POST."""

    status: int | None = HTTPStatus.OK
    """200 accepts; None closes the connection instead of answering."""

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
        """Container and blob, or queue and what of it; without the account."""
        return unquote(urlsplit(self.target).path).lstrip("/").partition("/")[2]

    @property
    def store(self) -> str:
        """Whose blob it is about; empty if nobody's."""
        container, _, blob = self.path.partition("/")
        if container == "locks":
            return blob.rpartition(".")[0]
        return blob.partition("/")[0] if container in {"catalogs", "runs"} and "/" in blob else ""

    @property
    def writes_record(self) -> bool:
        """Whether it writes a run record."""
        return self.method == "PUT" and self.path.startswith("runs/") and "/" in self.path[5:]


class Hooks:
    """Lets everything pass; a fault overrides what it wants to hold, cut or answer.

    Each is called in the thread of its connection, and may block it.
    """

    def arrived(self, post: Post) -> Reply:
        """A POST is there, read and not yet accepted: say what becomes of it."""
        return ACCEPT

    def accepted(self, post: Post) -> bool:
        """It is accepted, and not yet answered: whether it is to be."""
        return True

    def answered(self, post: Post) -> None:
        """Its answer was sent."""

    def requested(self, request: StorageRequest) -> bool:
        """The host asks storage for something: whether storage is to hear of it."""
        return True

    def responded(self, request: StorageRequest, status: int) -> bool:
        """Storage has done it: whether the host is to hear of it."""
        return True
