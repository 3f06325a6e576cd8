"""The host is killed: at every boundary of every batch, again and again, and at random moments."""

from functools import partial

from tests.faults.ambush import BatchAmbush, Point, RequestAmbush
from tests.faults.catalogues import good
from tests.faults.hooks import Hooks
from tests.faults.journal import Post
from tests.faults.trial import Trial

BATCHES = 25
_PATIENT = {"DIGIBLE_TIMEOUT_SECONDS": "300"}
"""For a run that is held: it must not give up before all the others are held."""


def killed_at(point: Point, trial: Trial, concurrency: int = 1) -> None:
    """Kill a host that works on 25 stores: the first at its batch 1, the last at its batch 25."""
    targets = {f"store{number:03}": (point, number) for number in range(1, BATCHES + 1)}
    _kill_once(trial, BatchAmbush(targets), BATCHES, concurrency)


def killed_at_all_points(trial: Trial) -> None:
    """Kill a host that works on seven stores, each at a different point (for the quick matrix)."""
    targets = {
        f"store{number:03}": (point, min(number, 4)) for number, point in enumerate(Point, start=1)
    }
    _kill_once(trial, BatchAmbush(targets), 4, 1)


def _kill_once(trial: Trial, ambush: BatchAmbush, batches: int, concurrency: int) -> None:
    settings = {"DIGIBLE_CONCURRENCY": str(concurrency), **_PATIENT}
    stores = len(ambush.stores)
    trial.stack.use(ambush)
    trial.drop_stores(stores, batches)
    host = trial.stack.start_host(stores, **settings)
    ambush.wait()
    ambush.spring(partial(trial.kill, host, concurrency), trial.rng.uniform(0, 0.03))
    trial.stack.use(Hooks())
    trial.stack.start_host(stores, **settings)
    trial.tries += stores


def killed_at_every_batch(trial: Trial) -> None:
    """Kill the host at one batch after another of the same seven runs, each at its own point."""
    points = {f"store{number:03}": point for number, point in enumerate(Point, start=1)}
    trial.drop_stores(len(points), BATCHES)
    for batch in range(1, BATCHES + 1):
        stores = [each.store for each in trial.unfinished()]
        ambush = BatchAmbush({store: (points[store], batch) for store in stores})
        trial.stack.use(ambush)
        # Room also for the messages of the held runs: each kill leaves some behind.
        host = trial.stack.start_host(32, **_PATIENT)
        ambush.wait(150, trial.has_ended)
        ambush.spring(partial(trial.kill, host), trial.rng.uniform(0, 0.03))
        trial.tries += len(stores)
    trial.stack.use(Hooks())
    trial.stack.start_host()


def killed_at_storage_request(trial: Trial, *, carried_out: bool) -> None:
    """Kill the host while runs wait for storage: the first store's at request 1, and so on."""
    requests = 22  # more than a run makes before its first batch
    targets = {f"store{number:03}": number for number in range(1, requests + 1)}
    ambush = RequestAmbush(targets, carried_out=carried_out)
    trial.stack.use(ambush)
    trial.drop_stores(requests, batches=10)
    host = trial.stack.start_host(requests)
    ambush.wait()
    ambush.spring(partial(trial.kill, host), 0)
    trial.stack.use(Hooks())
    trial.stack.start_host(requests)
    trial.tries += requests


def killed_at_random(trial: Trial) -> None:
    """Kill the host at 25 random moments: some while it starts, the others after its first POST."""
    trial.stack.digible.latency = 0.1
    next_store = 1
    for _ in range(25):
        missing = 6 - len(trial.unfinished())
        if missing > 0:
            trial.drop_stores(missing, BATCHES, next_store)
            next_store += missing
        before = len(trial.stack.journal.posts)
        host = trial.stack.spawn_host()
        if trial.rng.random() < 0.7:
            trial.until(partial(_has_more_posts, trial, before), "a POST")
            pause = trial.rng.uniform(0, 4)
        else:
            pause = trial.rng.uniform(0, 15)
        trial.pause(pause)
        trial.kill(host)
        trial.tries += 1
    trial.stack.start_host()


def _has_more_posts(trial: Trial, before: int) -> bool:
    return len(trial.stack.journal.posts) > before


class SlowAnswers(Hooks):
    """Accepts a POST at once and answers it three seconds later."""

    def __init__(self, trial: Trial) -> None:
        self._wait = trial.stack.digible.stopping.wait

    def accepted(self, post: Post) -> bool:
        self._wait(3)
        return True


def killed_while_digible_is_slow(trial: Trial) -> None:
    """Kill the host while it waits for a response that takes three seconds."""
    stores = 6
    trial.stack.use(SlowAnswers(trial))
    for number in range(1, stores + 1):
        trial.drop(good(f"store{number:03}", 4))
    host = trial.stack.start_host(stores)
    trial.until_under_way(2)
    trial.pause(trial.rng.uniform(0.5, 2.5))
    trial.kill(host)
    trial.stack.start_host(stores)
    trial.tries += stores
