"""Two hosts work side by side, and one of them dies or freezes."""

import time
from collections.abc import Callable
from itertools import pairwise

from tests.faults.catalogues import good, overtaken
from tests.faults.hosts import Host
from tests.faults.trial import Trial

_GOES_ON_WITHIN = 180.0  # seconds in Azure's time
_UNTIL_ANOTHER_IS_THERE = 1.0  # seconds a POST takes, so that the first one's runs last until then


def one_of_two_killed(trial: Trial) -> None:
    """Kill one of two hosts in the middle of forty stores' catalogues, and never restart it."""
    stores, batches = (6, 4) if trial.quick else (40, 5)
    trial.stack.digible.latency = 0.2
    trial.drop_stores(stores, batches)
    hosts = [trial.stack.spawn_host(), trial.stack.spawn_host()]
    for host in hosts:
        host.wait_until_ready(90)
    middle = stores * batches // 3
    trial.until(lambda: len(trial.stack.journal.posts) >= middle, "the middle of all batches")
    trial.kill(max(hosts, key=_runs_under_way))
    trial.tries += stores


def _runs_under_way(host: Host) -> int:
    said = host.output
    return said.count(": attempt ") - said.count(" is completed")


def killed_for_good(trial: Trial) -> None:
    """Kill a host with its worker and never restart it; another goes on within three minutes."""
    stores = [f"store{number:03}" for number in range(1, 9)]
    trial.stack.digible.latency = _UNTIL_ANOTHER_IS_THERE
    host = trial.stack.start_host(len(stores))
    trial.drop_stores(len(stores), 25)
    trial.until_under_way(3)
    trial.stack.start_host(len(stores))
    killed = time.monotonic()
    trial.kill(host)
    trial.stack.digible.latency = 0.1
    waits = [_went_on(trial, store, killed, trial.in_azure(host)) for store in stores]
    trial.tries += len(stores)
    trial.notes.append(
        "Host and worker killed together, never restarted: in Azure's time, the runs went on after "
        f"{min(waits):.0f} to {max(waits):.0f} s."
    )
    if max(waits) > _GOES_ON_WITHIN:
        trial.complaints.append(f"a run waited for {max(waits):.0f} s after its host's death")


def _went_on(trial: Trial, store: str, killed: float, in_azure: Callable[[float], float]) -> float:
    """Return how many seconds after a kill, in Azure's time, the next POST of a store came."""

    def later() -> list[float]:
        posts = trial.stack.journal.posts
        return [post.arrived for post in posts if post.store == store and post.arrived > killed]

    trial.until(lambda: bool(later()), f"another POST of {store}", 180)
    return in_azure(later()[0] - killed)


def one_of_two_frozen(trial: Trial) -> None:
    """Freeze one of two hosts until the other has taken over its runs, as after a death."""
    stores = 8
    trial.stack.digible.latency = _UNTIL_ANOTHER_IS_THERE
    host = trial.stack.start_host(stores)
    trial.drop_stores(stores, 25)
    trial.until_under_way(3)
    trial.stack.start_host(stores)
    host.freeze()
    trial.stack.digible.latency = 0.1
    # When the frozen host wakes up, each of the two hosts has one batch of a run under way.
    trial.interrupted(spares=2)
    before = len(trial.stack.journal.posts)
    trial.until(lambda: len(trial.stack.journal.posts) >= before + 3 * stores, "a take-over")
    host.resume()
    trial.pause(15)  # for what it does then, and for its next tries
    trial.tries += stores


def frozen_while_a_newer_one_comes(trial: Trial) -> None:
    """Freeze a host in the middle of its runs; meanwhile another gets newer catalogues."""
    stores = 8
    trial.stack.digible.latency = 0.1
    host = trial.stack.start_host(stores)
    for number in range(1, stores + 1):
        older = good(f"store{number:03}", 25, 1, f"store{number:03}/older.json.gz")
        trial.drop(overtaken(older, may_be_missed=False))
    trial.until_under_way(3)
    host.freeze()
    trial.interrupted(spares=2)
    trial.pause(1.1)
    for number in range(1, stores + 1):
        trial.drop(good(f"store{number:03}", 25, 2, f"store{number:03}/newer.json.gz"))
    trial.stack.start_host(stores)
    trial.pause(25)
    host.resume()
    trial.pause(15)  # for what it does then, and for its next tries
    trial.tries += stores


def versions_of_one_blob(trial: Trial) -> None:
    """Overwrite one blob again and again, sometimes at once, sometimes after a short pause."""
    names = ["store001/catalogue.json.gz"] * _versions(trial)
    _drop_versions(trial, names, [trial.rng.choice((0, 0, 0.2, 0.5)) for _ in names])


def versions_in_order_of_names(trial: Trial) -> None:
    """Drop blobs with different names within the same seconds: the names say which is newer."""
    names = [f"store001/{number:02}.json.gz" for number in range(_versions(trial))]
    _drop_versions(trial, names, [trial.rng.choice((0, 0, 0.2, 0.5)) for _ in names])


def versions_a_second_apart(trial: Trial) -> None:
    """Drop blobs with shuffled names, each a second after the previous one."""
    names = [f"store001/{number:02}.json.gz" for number in range(_versions(trial))]
    trial.rng.shuffle(names)
    _drop_versions(trial, names, [1.05] * len(names))


def versions_while_one_is_killed(trial: Trial) -> None:
    """Overwrite one blob again and again, and kill one of the two hosts in the middle."""
    names = ["store001/catalogue.json.gz"] * _versions(trial)
    _drop_versions(trial, names, [0.3] * len(names), killed_after=trial.rng.randint(5, 15))


def _versions(trial: Trial) -> int:
    return 5 if trial.quick else 20


def _drop_versions(
    trial: Trial, names: list[str], pauses: list[float], killed_after: int = 0
) -> None:
    """Drop versions with different prices while two hosts work; the last version must win."""
    trial.stack.digible.latency = 0.05
    hosts = [trial.stack.spawn_host(), trial.stack.spawn_host()]
    for host in hosts:
        host.wait_until_ready(90)
    missed = len(set(names)) < len(names)
    versions = [good("store001", 4, version, name) for version, name in enumerate(names, 1)]
    for (version, _), pause in zip(pairwise(versions), pauses, strict=False):
        trial.drop(overtaken(version, may_be_missed=missed))
        trial.pause(pause)
        if version.age == killed_after:
            trial.kill(trial.rng.choice(hosts))
    trial.drop(versions[-1])
    trial.tries += len(versions)
