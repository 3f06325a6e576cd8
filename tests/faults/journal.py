"""What Digible saw: every POST, when it arrived, what it contained and what became of it."""

import threading
import time
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Post:
    """One POST of products."""

    number: int
    """The place in the order of arrival, from 0."""

    arrived: float
    """On the monotonic clock, like all times here."""

    token: str
    products: tuple[tuple[str, str], ...]
    """The id and price of each product, in order; empty if the body could not be read."""

    accepted: int | None = None
    """The place in the order of acceptance, from 0; None if it was not accepted."""

    accepted_at: float | None = None
    status: int | None = None
    """The status of the response; None if there is none (yet)."""

    @property
    def store(self) -> str:
        """The store of the products: an id is `{store}-{number}`."""
        return self.products[0][0].rpartition("-")[0] if self.products else ""

    @property
    def batch(self) -> int:
        """Which batch of its catalogue this is, from 1; 0 if it is not a batch."""
        number = self.products[0][0].rpartition("-")[2] if self.products else ""
        return (int(number) - 1) // 200 + 1 if number.isdecimal() else 0


class Journal:
    """All POSTs so far. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._posts: list[Post] = []
        self._accepted = 0

    @property
    def posts(self) -> tuple[Post, ...]:
        """All POSTs, in the order of arrival."""
        with self._lock:
            return tuple(self._posts)

    def arrive(self, token: str, products: tuple[tuple[str, str], ...]) -> Post:
        """Note that a POST has arrived."""
        with self._lock:
            post = Post(len(self._posts), time.monotonic(), token, products)
            self._posts.append(post)
            return post

    def accept(self, post: Post) -> None:
        """Note that a POST's products were accepted: from now on Digible shows them."""
        with self._lock:
            now, order = time.monotonic(), self._accepted
            self._accepted += 1
            self._change(post, accepted=order, accepted_at=now)

    def answer(self, post: Post, status: int) -> None:
        """Note that a POST was answered."""
        with self._lock:
            self._change(post, status=status)

    def _change(self, post: Post, **changes: float | None) -> None:
        self._posts[post.number] = replace(self._posts[post.number], **changes)  # type: ignore[arg-type]  # by name
