"""Event Grid: tells a host of every new blob, at least once, however long that takes."""

import json
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from random import Random
from urllib.parse import urlsplit

import requests

from contract.blobs import CATALOGS
from tests.faults.hooks import Response, StorageRequest

_CREATED = {201, 202}  # 202: a copy
_ONE_IN = 8
_AT_ONCE = 8
_TIMEOUT = 5
_AGAIN_AFTER = 0.2


class EventGrid:
    """Posts an event for each blob that it sees arrive, one in eight twice."""

    def __init__(self, webhooks: Callable[[], Iterable[str]]) -> None:
        """Take what returns the addresses of the hosts that are there now."""
        self.rng = Random(0)
        self.are_lost = False
        """Whether what happens now is never told."""

        self._webhooks, self._stopping = webhooks, threading.Event()
        self._posting = ThreadPoolExecutor(_AT_ONCE, "event")
        self._posted = threading.Lock()

    def see(self, request: StorageRequest, response: Response) -> None:
        """Announce a catalogue that a request has just put into storage: Put Blob, Put Block List, Copy."""
        is_whole = request.query.get("comp") in {None, "blocklist"}
        if request.method == "PUT" and is_whole and response.status in _CREATED:
            container, _, blob = request.path.partition("/")
            if container == CATALOGS and blob:
                self.announce(request.target, response.header("etag"))

    def announce(self, target: str, etag: str, times: int | None = None) -> None:
        """Announce a blob, by its address without scheme and host."""
        if self.are_lost:
            return
        with self._posted:
            times = times or (2 if self.rng.randrange(_ONE_IN) == 0 else 1)
        data = {
            "api": "PutBlob",
            "url": f"http://127.0.0.1{urlsplit(target).path}",
            "eTag": etag.strip('"'),
            "blobType": "BlockBlob",
        }
        body = json.dumps([{"eventType": "Microsoft.Storage.BlobCreated", "data": data}])
        for _ in range(times):
            self._submit(body)

    def close(self) -> None:
        """Give up on what has not been delivered."""
        self._stopping.set()
        self._posting.shutdown(wait=True, cancel_futures=True)

    def _submit(self, body: str) -> None:
        if not self._stopping.is_set():
            self._posting.submit(self._deliver, body)

    def _deliver(self, body: str) -> None:
        while not self._stopping.is_set():
            with self._posted:
                there = sorted(self._webhooks())
                chosen = self.rng.choice(there) if there else ""
            if chosen and _is_taken(chosen, body):
                return
            self._stopping.wait(_AGAIN_AFTER)


def _is_taken(webhook: str, body: str) -> bool:
    headers = {"aeg-event-type": "Notification"}
    named = {"functionName": "Host.Functions.upload_catalog"}
    try:
        answer = requests.post(webhook, body, headers=headers, params=named, timeout=_TIMEOUT)
    except requests.RequestException:
        return False
    return answer.status_code == 202
