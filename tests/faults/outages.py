"""Storage or Digible is away, slow or cut off for some time."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random

from tests.faults.hooks import ACCEPT, DROP, Hooks, Reply, StorageRequest
from tests.faults.journal import Post
from tests.faults.trial import Trial

AWAY = 20.0
SURVIVED = 15.0
TOO_LONG = 60.0
"""Seconds in Azure's time: after 25 s without storage its host ends, with all that is under way."""

_STORES, _BATCHES = 6, 25


def _under_way(trial: Trial) -> None:
    trial.stack.digible.latency = 0.1  # so that no run has ended when the outage begins
    stores, batches = (3, 10) if trial.quick else (_STORES, _BATCHES)
    trial.drop_stores(stores, batches)
    trial.stack.start_host(stores)
    trial.until_under_way(3)
    trial.tries += stores


def storage_frozen(trial: Trial) -> None:
    """Suspend storage's processes: it accepts connections, and answers nothing."""
    _under_way(trial)
    processes = trial.stack.storage_processes()
    for process in processes:
        process.suspend()
    trial.interrupted()
    trial.pause(5.0 if trial.quick else AWAY)
    trial.interrupted()
    for process in processes:
        process.resume()


class Gone(Hooks):
    """Cuts every connection to storage."""

    def requested(self, request: StorageRequest) -> bool:
        return False

    def responded(self, request: StorageRequest, status: int) -> bool:
        return False


def storage_gone(trial: Trial) -> None:
    """Cut every connection to storage for as long as a host survives."""
    _under_way(trial)
    (host,) = trial.stack.hosts
    trial.interrupted()
    trial.stack.use(Gone())
    trial.pause(trial.stack.caller.seconds(SURVIVED))
    trial.interrupted()
    trial.stack.use(Hooks())
    if host.status is not None:
        trial.complaints.append("the host ended")


def storage_stopped(trial: Trial) -> None:
    """Stop storage for longer than a host survives; then start both again, as Azure would."""
    _under_way(trial)
    (host,) = trial.stack.hosts
    trial.interrupted()
    trial.stack.stop_storage()
    trial.pause(trial.stack.caller.seconds(TOO_LONG))
    trial.until(lambda: host.status is not None, "the host's end")
    trial.stack.start_storage()
    trial.kill(host)  # it is dead; this is when
    trial.stack.start_host(_STORES)


class Cuts(Hooks):
    """Cuts connections to storage at random, before a request or before its response arrives."""

    def __init__(self, trial: Trial, likelihood: float) -> None:
        self._trial, self._likelihood = trial, likelihood
        self._rng = Random(trial.rng.random())

    def requested(self, request: StorageRequest) -> bool:
        return not self._cuts(request)

    def responded(self, request: StorageRequest, status: int) -> bool:
        return not self._cuts(request)

    def _cuts(self, request: StorageRequest) -> bool:
        if self._rng.random() >= self._likelihood:
            return False
        self._trial.interrupted(request.store or None)
        self._trial.tries += 1
        return True


def storage_cut(trial: Trial) -> None:
    """Cut one in 25 requests and responses while six catalogues are delivered."""
    trial.stack.digible.latency = 0.02
    trial.stack.start_host(_STORES)
    trial.stack.use(Cuts(trial, 0.04))
    trial.drop_stores(_STORES, _BATCHES)
    trial.settle(400)
    trial.stack.use(Hooks())


def digible_away(trial: Trial, seconds: float = AWAY) -> None:
    """Close Digible's port: connections are cut, then refused."""
    _under_way(trial)
    trial.interrupted()
    trial.stack.digible.close()
    trial.pause(seconds)
    trial.stack.digible.open()


class Busy(Hooks):
    """Answers 503, with a `Retry-After` in seconds or as a date."""

    def arrived(self, post: Post) -> Reply:
        later = format_datetime(datetime.now(UTC) + timedelta(seconds=3), usegmt=True)
        return Reply(503, (("Retry-After", "2" if post.number % 2 else later),))


def digible_busy(trial: Trial) -> None:
    """Answer every POST with 503 for 20 s."""
    _under_way(trial)
    trial.stack.use(Busy())
    trial.pause(AWAY)
    trial.stack.use(Hooks())


class Drops(Hooks):
    """Closes the connection instead of answering, before or after the POST is accepted."""

    def __init__(self, trial: Trial, likelihood: float) -> None:
        self._trial, self._likelihood = trial, likelihood
        self._rng = Random(trial.rng.random())

    def arrived(self, post: Post) -> Reply:
        return DROP if self._drops(post) else ACCEPT

    def accepted(self, post: Post) -> bool:
        return not self._drops(post)

    def _drops(self, post: Post) -> bool:
        if self._rng.random() >= self._likelihood:
            return False
        self._trial.interrupted(post.store)
        self._trial.tries += 1
        return True


def digible_drops(trial: Trial) -> None:
    """Drop one in six connections before the products are accepted, and one in six after."""
    trial.stack.use(Drops(trial, 1 / 6))
    trial.drop_stores(_STORES, 15)
    trial.stack.start_host(_STORES)
    trial.settle()
    trial.stack.use(Hooks())
