"""Two hosts work side by side, and one of them dies or freezes."""

from itertools import pairwise

import psutil

from dev.processes import Server
from tests.faults.catalogues import good, overtaken
from tests.faults.trial import Trial


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


def _runs_under_way(host: Server) -> int:
    said = host.output
    return said.count(": attempt ") - said.count(" is completed")


def one_of_two_frozen(trial: Trial) -> None:
    """Freeze one of two hosts for longer than its leases last; the other takes over its runs."""
    stores = 8
    trial.stack.digible.latency = 0.1
    host = trial.stack.start_host()
    trial.drop_stores(stores, 25)
    trial.until_under_way(3)
    trial.stack.start_host()
    frozen = psutil.Process(host.pid)
    frozen.suspend()
    # When the frozen host wakes up, each of the two hosts has one batch of a run under way.
    trial.interrupted(spares=2)
    trial.pause(25)
    frozen.resume()
    trial.pause(15)  # for what it does then, and for its next tries
    trial.tries += stores


def frozen_while_a_newer_one_comes(trial: Trial) -> None:
    """Freeze a host in the middle of its runs; meanwhile another gets newer catalogues."""
    stores = 8
    trial.stack.digible.latency = 0.1
    host = trial.stack.start_host()
    for number in range(1, stores + 1):
        older = good(f"store{number:03}", 25, 1, f"store{number:03}/older.json.gz")
        trial.drop(overtaken(older, may_be_missed=False))
    trial.until_under_way(3)
    frozen = psutil.Process(host.pid)
    frozen.suspend()
    trial.interrupted(spares=2)
    trial.pause(1.1)
    for number in range(1, stores + 1):
        trial.drop(good(f"store{number:03}", 25, 2, f"store{number:03}/newer.json.gz"))
    trial.stack.start_host()
    trial.pause(25)
    frozen.resume()
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
