"""Wait for runs at chosen points, hold them all there, and kill their host."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum

from dev.processes import wait_for
from tests.faults.hooks import ACCEPT, DROP, Hooks, Reply, StorageRequest
from tests.faults.journal import Post
from tests.faults.trial import FaultError


class Point(StrEnum):
    """Where a batch is when its host is killed."""

    ARRIVED = "Digible has read the POST, but does not accept it"
    LATE = "Digible has read the POST, and accepts it only after the kill"
    ACCEPTED = "Digible has accepted the POST, but has not answered it"
    ANSWERED = "Digible has just sent the response"
    SAVING = "the run record is on its way to storage, and does not arrive"
    SAVED = "the run record is written, but the host has not received storage's response"
    GOES_ON = "the host has just received storage's response, and goes on to the next batch"


class Ambush(Hooks):
    """Holds runs and lets them go; subclasses say where."""

    def __init__(self, stores: Iterable[str]) -> None:
        self.stores = frozenset(stores)
        self._caught = set[str]()
        self._lock = threading.Lock()
        self._let_go, self._over = threading.Event(), threading.Event()

    def wait(
        self, seconds: float = 90, has_ended: Callable[[str], bool] = lambda store: False
    ) -> None:
        """Return once every store's run is held, or has ended without being held.

        Raise FaultError if a run does neither.
        """
        if not wait_for(lambda: all(map(has_ended, self._awaited())), seconds):
            self._over.set()
            awaited = ", ".join(self._awaited())
            raise FaultError(f"the runs of {awaited} did not reach the point of the kill")

    def _awaited(self) -> list[str]:
        with self._lock:
            return sorted(self.stores - self._caught)

    def spring(self, kill: Callable[[], None], delay: float) -> None:
        """Release the runs that may go on, kill the host after `delay` s, and cut all connections."""
        self._let_go.set()
        self._over.wait(delay)
        kill()
        self._over.set()

    def _catch(self, store: str) -> bool:
        """Return whether the store's run gets here for the first time."""
        with self._lock:
            is_first = store not in self._caught
            self._caught.add(store)
            return is_first

    def _hold(self, *, goes_on: bool) -> None:
        (self._let_go if goes_on else self._over).wait()


class BatchAmbush(Ambush):
    """Holds each store's run when one of its batches reaches a point."""

    def __init__(self, targets: Mapping[str, tuple[Point, int]]) -> None:
        """Take each store's point and batch (from 1); a run past that batch is held at its next."""
        super().__init__(targets)
        self._targets = targets
        self._saving = set[str]()  # stores whose next record is the batch's

    def _is(self, post: Post, *points: Point) -> bool:
        point, batch = self._targets.get(post.store, (None, 0))
        return point in points and post.batch >= batch

    def arrived(self, post: Post) -> Reply:
        if not self._is(post, Point.ARRIVED, Point.LATE) or not self._catch(post.store):
            return ACCEPT
        self._hold(goes_on=False)
        return ACCEPT if self._is(post, Point.LATE) else DROP

    def accepted(self, post: Post) -> bool:
        if self._is(post, Point.SAVING, Point.SAVED, Point.GOES_ON):
            self._saving.add(post.store)
        if not self._is(post, Point.ACCEPTED, Point.ANSWERED) or not self._catch(post.store):
            return True
        goes_on = self._is(post, Point.ANSWERED)
        self._hold(goes_on=goes_on)
        return goes_on

    def requested(self, request: StorageRequest) -> bool:
        if not self._is_record(request, Point.SAVING):
            return True
        self._hold(goes_on=False)
        return False

    def responded(self, request: StorageRequest, status: int) -> bool:
        if not self._is_record(request, Point.SAVED, Point.GOES_ON):
            return True
        goes_on = self._targets[request.store][0] is Point.GOES_ON
        self._hold(goes_on=goes_on)
        return goes_on

    def _is_record(self, request: StorageRequest, *points: Point) -> bool:
        if not request.writes_record or request.store not in self._saving:
            return False
        return self._targets[request.store][0] in points and self._catch(request.store)


class RequestAmbush(Ambush):
    """Holds each store's run at one of its requests to storage, counted from the run's start."""

    def __init__(self, targets: Mapping[str, int], *, carried_out: bool) -> None:
        """Take each store's request (from 1), and whether storage carries it out."""
        super().__init__(targets)
        self._targets, self._carried_out = targets, carried_out
        self._count: Counter[str] = Counter()
        self._held = dict[int, StorageRequest]()

    def requested(self, request: StorageRequest) -> bool:
        store = request.store
        with self._lock:
            self._count[store] += 1
            if self._count[store] != self._targets.get(store):
                return True
            self._held[id(request)] = request  # kept, so that no other request gets its id
        if not self._carried_out:
            self._catch(store)
            self._hold(goes_on=False)
        return self._carried_out

    def responded(self, request: StorageRequest, status: int) -> bool:
        if id(request) not in self._held:
            return True
        self._catch(request.store)
        self._hold(goes_on=False)
        return False
