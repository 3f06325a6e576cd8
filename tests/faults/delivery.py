"""What real servers and real files do to the order and the pace of delivery."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit

from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobClient, StandardBlobTier
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from contract.blobs import CATALOGS, RETRIES
from contract.run import RunState
from tests.faults.catalogues import Catalogue, good, overtaken
from tests.faults.hooks import ACCEPT, Hooks, Reply
from tests.faults.journal import Post
from tests.faults.trial import Trial

_STORES, _BATCHES = 6, 6
_TIMEOUT = 2
_LEASE = 15  # seconds after which a dead worker's store is free
_IN_DOUBT = 30
_SETTINGS = {
    "DIGIBLE_TIMEOUT_SECONDS": str(_TIMEOUT),
    "DIGIBLE_IN_DOUBT_SECONDS": str(_IN_DOUBT),
}


def _stores(count: int) -> list[str]:
    return [f"store{number:03}" for number in range(1, count + 1)]


class Late(Hooks):
    """Carries out one POST of each store long after its sender has given up on it."""

    def __init__(
        self, trial: Trial, on_held: Callable[[str], object], shortest: float = 4.0
    ) -> None:
        rng = trial.rng
        self._trial, self._on_held = trial, on_held
        self._batches = {store: rng.randint(2, _BATCHES) for store in _stores(_STORES)}
        self._seconds = {store: shortest + rng.uniform(0, 8) for store in self._batches}

        self._held: dict[str, int] = {}
        self._carried_out = 0

    @property
    def all_are_held(self) -> bool:
        return not self._batches

    def wait(self) -> None:
        """Return once every held POST is carried out."""
        self._trial.until(lambda: self._carried_out == _STORES, "the end of every held POST")

    def arrived(self, post: Post) -> Reply:
        if self._batches.get(post.store) == post.batch:
            self._held[post.store] = post.number
            self._trial.interrupted(post.store)
            self._on_held(post.store)
            del self._batches[post.store]
            self._trial.pause(self._seconds[post.store])
        return ACCEPT

    def accepted(self, post: Post) -> bool:
        self._carried_out += self._held.get(post.store) == post.number
        return True


def _drop_older(trial: Trial) -> None:
    for store in _stores(_STORES):
        older = good(store, _BATCHES, 1, f"{store}/older.json.gz")
        trial.drop(overtaken(older, may_be_missed=False))
    trial.tries += _STORES


def _newer(store: str) -> Catalogue:
    return good(store, _BATCHES, 2, f"{store}/newer.json.gz")


def carried_out_late(trial: Trial) -> None:
    """Drop a newer catalogue while a POST of the older one is held, and time out."""
    trial.stack.use(late := Late(trial, lambda store: trial.drop(_newer(store))))
    trial.stack.start_host(2 * _STORES, **_SETTINGS)
    _drop_older(trial)
    late.wait()


def carried_out_after_a_kill(trial: Trial) -> None:
    """Kill the host while POSTs are held; another host gets newer catalogues."""
    trial.stack.use(late := Late(trial, lambda _: None, _LEASE + 15))
    settings = _SETTINGS | {"DIGIBLE_TIMEOUT_SECONDS": "60"}
    host = trial.stack.start_host(2 * _STORES, **settings)
    _drop_older(trial)
    trial.until(lambda: late.all_are_held, "a POST of every store")
    trial.kill(host)
    trial.pause(1.1)
    for store in _stores(_STORES):
        trial.drop(_newer(store))
    trial.stack.start_host(2 * _STORES, **settings)
    late.wait()


def messages_come_early(trial: Trial) -> None:
    """Replace the messages of waiting runs by others, which come before the runs are due."""
    trial.stack.use(late := Late(trial, lambda store: trial.drop(_newer(store))))
    trial.stack.start_host(2 * _STORES, **_SETTINGS)
    _drop_older(trial)
    trial.until(lambda: late.all_are_held, "a POST of every store")
    newer = [each for each in trial.catalogues if each.age == 2]

    def all_wait() -> bool:
        for each in newer:
            trial.stack.records.look(each)
        return all(trial.stack.records.state(each) == RunState.WAITING for each in newer)

    trial.until(all_wait, "the waiting of every newer run", 60)
    with _queue(trial, RETRIES) as queue:
        queue.clear_messages()
        for each in newer:
            queue.send_message(json.dumps({"catalog": each.name, "etag": each.etag}))


def _queue(trial: Trial, name: str) -> QueueClient:
    queue = QueueClient.from_connection_string(
        trial.stack.connection_string, name, message_encode_policy=TextBase64EncodePolicy()
    )
    with suppress(ResourceExistsError):
        queue.create_queue()
    return queue


class Refusing(Hooks):
    """Refuses every POST that has one of the products at fault."""

    def __init__(self, refused: frozenset[str]) -> None:
        self._refused = refused

    def arrived(self, post: Post) -> Reply:
        return Reply(422) if self._refused & {each for each, _ in post.products} else ACCEPT


def isolation_interrupted(trial: Trial) -> None:
    """Kill the host, and drop newer catalogues for half of the stores, while batches are halved."""
    stores = _stores(_STORES)
    refused = {
        store: frozenset(f"{store}-{number}" for number in trial.rng.sample(range(1, 801), 40))
        for store in stores
    }
    trial.stack.use(Refusing(frozenset().union(*refused.values())))
    trial.stack.digible.latency = 0.02
    settings = {"DIGIBLE_ON_REFUSAL": "isolate", "DIGIBLE_IN_DOUBT_SECONDS": "5"}
    host = trial.stack.start_host(2 * _STORES, **settings)
    for number, store in enumerate(stores):
        older = replace(good(store, 4, 1, f"{store}/older.json.gz"), refused=refused[store])
        trial.drop(overtaken(older, may_be_missed=False) if number % 2 else older)
    posts = trial.stack.journal
    trial.until(lambda: len(posts.posts) > 30 * _STORES, "thirty POSTs a store")
    trial.kill(host)
    trial.stack.start_host(2 * _STORES, **settings)
    before = len(posts.posts)
    trial.until(lambda: len(posts.posts) > before + 20 * _STORES, "twenty more POSTs a store")
    for store in stores[1::2]:
        newer = good(store, 4, 2, f"{store}/newer.json.gz")
        trial.drop(replace(newer, refused=refused[store]))
    trial.tries += len(stores)


def pile_of_one_store(trial: Trial, count: int = 300) -> None:
    """Drop hundreds of tiny catalogues of one store, then one of another store."""
    for number in range(1, count):
        tiny = replace(good("pile", 1, number, f"pile/{number:04}.json.gz"), unfit=0)
        tiny = replace(tiny, products=dict(list(tiny.products.items())[:1]))
        tiny = replace(tiny, may_end=frozenset({RunState.SUCCEEDED}))
        trial.drop(tiny if number == count - 1 else overtaken(tiny, may_be_missed=False))
    trial.stack.start_host()
    begun = time.monotonic()
    other = trial.drop(good("other", 10))
    trial.until(lambda: trial.stack.records.has_ended(other), "the other store's end", 120)
    seconds = time.monotonic() - begun
    ended = sum(map(trial.stack.records.has_ended, trial.catalogues)) - 1
    trial.notes.append(
        f"Pile: the other store's ten batches were delivered after {seconds:.1f} s; by then, "
        f"{ended} of the pile's {count - 1} runs had ended."
    )
    trial.tries += count


def touched(trial: Trial) -> None:
    """Touch older catalogues in several ways after newer ones have been delivered.

    Of these, Event Grid tells of the copy alone. For the others an event comes that merely names the
    blob, as it does when Event Grid is late, or tells of something twice.
    """
    trial.stack.start_host()
    ways: dict[str, Callable[[BlobClient], object]] = {
        "metadata": lambda blob: blob.set_blob_metadata({"seen": "yes"}),
        "properties": lambda blob: blob.set_http_headers(),
        "tier": lambda blob: blob.set_standard_blob_tier(StandardBlobTier.COOL),
        "copy": lambda blob: blob.start_copy_from_url(blob.url, requires_sync=False),
    }
    for age in (1, 2):
        for way in ways:
            trial.drop(good(way, 3, age, f"{way}/{age}.json.gz"))
        dropped = list(trial.catalogues)
        trial.until(partial(_have_ended, trial, dropped), "the end of every run")
        trial.pause(1.1)
    for way, touch in ways.items():
        blob = trial.stack.catalogs.get_blob_client(f"{way}/1.json.gz")
        before = blob.get_blob_properties().etag
        touch(blob)
        trial.stack.events.announce(urlsplit(blob.url).path, "")
        etag = blob.get_blob_properties().etag
        if etag != before:  # the tier has no influence on it
            again = Catalogue(way, blob.blob_name, 1, {}, frozenset({RunState.SUPERSEDED}))
            trial.catalogues.append(again.stored(etag))
        trial.tries += 1


def _have_ended(trial: Trial, catalogues: list[Catalogue]) -> bool:
    return all(map(trial.stack.records.has_ended, catalogues))


def forge(trial: Trial) -> None:
    """Put into queues and containers what nobody but an enemy or a mistake puts there."""
    forged = {
        "Type": "BlobTrigger",
        "ContainerName": CATALOGS,
        "BlobName": "store001/catalogue.json.gz",
    }
    for etag in ("\x01", "0x1\x1b[31m", "\r\nx: y", "ä", "", "x" * 5_000):
        text = json.dumps(forged | {"ETag": etag})
        retried = json.dumps({"catalog": forged["BlobName"], "etag": etag})
        for name, content in (
            ("webjobs-blobtrigger-poison", text),
            (RETRIES, retried),
            (f"{RETRIES}-poison", retried),
        ):
            with _queue(trial, name) as queue:
                queue.send_message(content)
    trial.stack.runs.upload_blob("store000/x.\x01.json", b"{}")
    request = trial.stack.catalogs.get_blob_client("store000/none.resume")
    request.upload_blob(b"")
    request.acquire_lease()
