"""The trial of one fault: what was dropped, what was interrupted, and the outcome."""

import time
from collections.abc import Callable
from random import Random

from dev.processes import wait_for
from tests.faults.catalogues import Catalogue, good, text
from tests.faults.hosts import Host
from tests.faults.stack import Stack
from tests.faults.verdict import Interruption, Verdict, judge


class FaultError(Exception):
    """A fault could not be inflicted as intended, so nothing was measured."""


class Trial:
    """A stack, and an account of what is done to it."""

    def __init__(self, stack: Stack, rng: Random | None = None, *, quick: bool = False) -> None:
        self.stack, self.rng, self.quick = stack, rng or Random(0), quick
        stack.events.rng = Random(self.rng.random())
        self.tries = 0
        self.catalogues: list[Catalogue] = []
        self.interruptions: list[Interruption] = []
        self.complaints: list[str] = []
        self.notes: list[str] = []
        """Other lines for the report."""

    def drop(self, catalogue: Catalogue) -> Catalogue:
        """Put a catalogue into storage; return it with its ETag."""
        return self.drop_bytes(catalogue, text(catalogue))

    def drop_bytes(self, catalogue: Catalogue, data: bytes) -> Catalogue:
        """Put these bytes into storage as a catalogue."""
        blob = self.stack.catalogs.get_blob_client(catalogue.name)
        etag = blob.upload_blob(data, overwrite=True)["etag"]
        stored = catalogue.stored(str(etag))
        self.catalogues.append(stored)
        return stored

    def drop_stores(self, count: int, batches: int, first: int = 1) -> list[Catalogue]:
        """Put one good catalogue into storage for each of that many stores."""
        return [
            self.drop(good(f"store{number:03}", batches)) for number in range(first, first + count)
        ]

    def amend(self, catalogue: Catalogue, expected: Catalogue) -> None:
        """Change what is expected of a catalogue that was dropped."""
        self.catalogues[self.catalogues.index(catalogue)] = expected

    def interrupted(self, store: str | None = None, spares: float = 1) -> None:
        """Note that from now on, that many batches of a run may be sent again."""
        self.interruptions.append(Interruption(time.monotonic(), store, spares))

    def kill(self, host: Host, concurrency: int = 1) -> None:
        """End a host and its worker with SIGKILL."""
        self.interrupted(spares=concurrency)
        host.kill()

    def in_azure(self, dead: Host) -> Callable[[float], float]:
        """Return what converts seconds since a host's death to those that would pass in Azure."""
        factor, saved = self.stack.caller.seconds(1), dead.retries.saved
        # Where only the messages' times are scaled, what they have saved is added.
        return lambda seconds: seconds / factor if factor < 1 else seconds + saved

    def pause(self, seconds: float) -> None:
        """Let time pass, as the fault requires."""
        self.stack.digible.stopping.wait(seconds)

    def until(self, condition: Callable[[], bool], what: str, seconds: float = 90) -> None:
        """Return once the condition is true; raise FaultError if it doesn't become true in time."""
        if not wait_for(condition, seconds):
            raise FaultError(f"{what} did not happen within {seconds:g} s")

    def until_under_way(self, batches: int = 3, seconds: float = 90) -> None:
        """Return once that many batches of every catalogue's store have been accepted."""

        def are_under_way() -> bool:
            accepted = [post.store for post in self.stack.journal.posts if post.accepted_at]
            return all(accepted.count(each.store) >= batches for each in self.catalogues)

        self.until(are_under_way, f"{batches} batches of every store", seconds)

    def unfinished(self) -> list[Catalogue]:
        """Return the catalogues whose runs have not ended."""
        return [each for each in self.catalogues if not self.stack.records.has_ended(each)]

    def has_ended(self, store: str) -> bool:
        """Return whether all runs of a store have ended."""
        return all(each.store != store for each in self.unfinished())

    def settle(self, seconds: float = 180) -> None:
        """Wait until every run has ended or is no longer expected; then read the stored records."""
        deadline = time.monotonic() + seconds
        looked = time.monotonic()
        while time.monotonic() < deadline and self._is_open():
            if time.monotonic() - looked > 3:  # the proxy may have missed a record
                for catalogue in self.unfinished():
                    self.stack.records.look(catalogue)
                looked = time.monotonic()
            time.sleep(0.1)
        for catalogue in self.catalogues:
            self.stack.records.look(catalogue)

    def _is_open(self) -> bool:
        return any(
            not each.may_be_missed or self.stack.records.state(each) for each in self.unfinished()
        )

    def verdict(self) -> Verdict:
        """Judge what was observed."""
        stack = self.stack
        verdict = judge(
            stack.journal.posts, stack.records.observed, self.catalogues, self.interruptions
        )
        return verdict + Verdict(complaints=tuple(self.complaints))
