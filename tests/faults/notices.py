"""What tells the app of a catalogue goes wrong: it comes too often, in vain, or not at all."""

import re
import threading
from urllib.parse import quote

from contract.blobs import CATALOGS
from tests.faults.delivery import forge
from tests.faults.hooks import Hooks, StorageRequest
from tests.faults.hosts import Host
from tests.faults.trial import Trial

_STORES = 6
_TIMES = 8
_FAILED = re.compile(r"upload_catalog: \S+: failed")
_SWEPT = re.compile(r"the sweep found (\d+) catalogues that no event had announced")
_SUCCEEDED = re.compile(r"upload_catalog: catalogs/(\S+): succeeded")


def one_event_many_times(trial: Trial) -> None:
    """Deliver each event many times, side by side, to two hosts."""
    trial.stack.digible.latency = 0.05
    hosts = [trial.stack.spawn_host(), trial.stack.spawn_host()]
    for host in hosts:
        host.wait_until_ready(90)
    trial.drop_stores(4 if trial.quick else _STORES, 10)
    account = trial.stack.catalogs.account_name
    for catalogue in trial.catalogues:
        target = f"/{account}/{CATALOGS}/{quote(catalogue.name)}"
        trial.stack.events.announce(target, catalogue.etag, _TIMES)
        trial.tries += _TIMES


class NoDeletes(Hooks):
    """Holds every request that would delete the message of a new blob, and then cuts it off.

    The first that is cut off for good ends the host; before that, every function must have ended well.
    """

    def __init__(self) -> None:
        self.cut = threading.Event()

    def requested(self, request: StorageRequest) -> bool:
        in_queue = request.path.startswith("azure-webjobs-blobtrigger-")
        if not in_queue or request.method != "DELETE":
            return True
        self.cut.wait()
        return False


def message_kept(trial: Trial) -> None:
    """Let functions end well whose messages can't be deleted, which ends the host; they come again."""
    trial.stack.use(hooks := NoDeletes())
    # A host takes more blobs only while half of what it may is under way, and here none is ever done.
    host = trial.stack.start_host(2 * _STORES)
    trial.drop_stores(_STORES, 3)
    trial.until(lambda: not trial.unfinished(), "the end of every run")
    hooks.cut.set()
    trial.until(lambda: host.status is not None, "the host's end")
    trial.stack.use(Hooks())
    trial.kill(host, concurrency=0)
    again = trial.stack.start_host()
    wanted = {catalogue.name for catalogue in trial.catalogues}
    trial.until(lambda: wanted <= set(_SUCCEEDED.findall(again.output)), "a second call", 200)
    trial.tries += _STORES


def wrong_settings(trial: Trial) -> None:
    """Let events come while a setting is wrong; put it right after every blob was given up on."""
    wrong = trial.stack.start_host(DIGIBLE_CONCURRENCY="99")
    trial.drop_stores(_STORES, 5)
    trial.until(lambda: _given_up(wrong) >= _STORES, "five tries of every blob")
    if len(_FAILED.findall(wrong.output)) < 5 * _STORES:
        trial.complaints.append("a blob was given up on before it was tried five times")
    trial.kill(wrong, concurrency=0)
    trial.stack.start_host()
    trial.tries += _STORES


def _given_up(host: Host) -> int:
    return host.output.count("abandon_blob: ")


def events_lost(trial: Trial) -> None:
    """Lose every event: the sweep finds the catalogues, and says that no event announced them."""
    trial.stack.events.are_lost = True
    host = trial.stack.start_host()
    trial.drop_stores(_STORES, 5)
    trial.until(lambda: not trial.unfinished(), "the end of every run", 900)
    if sum(map(int, _SWEPT.findall(host.output))) < _STORES:
        trial.complaints.append("the sweep did not say that the events were lost")
    trial.tries += _STORES


def events_lost_beside_forgeries(trial: Trial) -> None:
    """The same, with forged messages, records and requests, which must not stop the sweep."""
    forge(trial)
    events_lost(trial)
