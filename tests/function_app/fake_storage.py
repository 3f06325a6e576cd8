"""Storage in memory: catalogues, run records, leases, and notes of the newest catalogues."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from contract.blobs import CatalogMetadata, RunId, StoreName, run_record_name
from contract.run import TRANSITIONS, Content, Run, RunState
from contract.run_record import RunRecordError, decode_run, encode_run
from function_app.errors import CatalogGoneError, LeaseLostError, RecordConflictError
from function_app.in_doubt import InDoubt
from function_app.ordering import CatalogAge
from function_app.ports import CatalogVersion, RunSummary, StoredNote, StoredRun
from tests.function_app.fakes import FakeClock, Steps

_CHUNK = 4096


class FakeCatalogs:
    """The container of catalogues; implements `ports.Catalogs`."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._blobs: dict[str, tuple[CatalogVersion, bytes]] = {}
        self._written = 0
        self.undeletable: set[str] = set()

    def put(
        self,
        name: str,
        content: bytes,
        metadata: CatalogMetadata | None = None,
        modified: datetime | None = None,
    ) -> CatalogVersion:
        self._written += 1
        version = CatalogVersion(
            name=name,
            etag=f'"0x{self._written:X}"',
            modified=(modified or self._clock.now()).replace(microsecond=0),
            created=(modified or self._clock.now()).replace(microsecond=0),
            is_copied_onto_itself=False,
            is_archived=False,
            size=len(content),
            metadata=metadata or CatalogMetadata(),
        )
        self._blobs[name] = version, content
        return version

    def touch(self, name: str, *, copied: bool = False) -> CatalogVersion:
        """Change a blob's properties, or copy it onto itself, as somebody might by hand."""
        self._written += 1
        before, content = self._blobs[name]
        now = self._clock.now().replace(microsecond=0)
        version = replace(
            before,
            etag=f'"0x{self._written:X}"',
            modified=now,
            created=now if copied else before.created,
            is_copied_onto_itself=copied,
        )
        self._blobs[name] = version, content
        return version

    def archive(self, name: str) -> None:
        """Move a blob to the archive tier, which does not change its version."""
        version, content = self._blobs[name]
        self._blobs[name] = replace(version, is_archived=True), content

    def put_again(self, name: str) -> CatalogVersion:
        """Create a blob anew with the bytes that it has."""
        version, content = self._blobs[name]
        return self.put(name, content, version.metadata)

    def current(self, name: str) -> CatalogVersion | None:
        return self._blobs[name][0] if name in self._blobs else None

    def blocks(self, version: CatalogVersion) -> Iterator[bytes]:
        for start in range(0, max(1, version.size), _CHUNK):
            current, content = self._blobs.get(version.name, (None, b""))
            if current is None or current.etag != version.etag:
                raise CatalogGoneError(overwritten=current is not None)
            yield content[start : start + _CHUNK]

    def delete(self, name: str) -> bool:
        if name in self.undeletable:
            return False
        self._blobs.pop(name, None)
        return True

    def all(self) -> Iterator[CatalogVersion]:
        return iter([self._blobs[name][0] for name in sorted(self._blobs)])


@dataclass(frozen=True, slots=True)
class _Record:
    data: bytes
    version: str
    state: str | None
    saved: datetime
    listed: tuple[datetime | None, str, Content | None] = (None, "", None)
    """What else a listing says: when the worker wrote it, the version's ETag, its content."""


class FakeRecords:
    """The container of run records; implements `ports.RunRecords`.

    Every save must have counts that add up, and a state that may follow the one before.
    """

    def __init__(self, clock: FakeClock, steps: Steps) -> None:
        self._clock, self._steps = clock, steps
        self._records: dict[tuple[StoreName, RunId], _Record] = {}
        self._written = 0
        self.saves: list[Run] = []

    def load(self, store: StoreName, run: RunId) -> StoredRun | None:
        record = self._records.get((store, run))
        if record is None:
            return None
        try:
            return StoredRun(decode_run(record.data), record.version)
        except RunRecordError:
            return StoredRun(None, record.version)

    def save(self, run: Run, version: str | None) -> str:
        self._steps.reach(f"before {run.state} is saved with {run.accepted} accepted")
        current = self._records.get((run.store, run.run))
        data = encode_run(run)
        assert_adds_up(data)
        if (current and current.version) != version:
            if current is not None and current.data == data:
                return current.version
            raise RecordConflictError
        before = self.load(run.store, run.run)
        if before is not None and before.run is not None:
            assert run.state in TRANSITIONS[before.run.state], (before.run.state, run.state)
        listed = run.updated_at, run.etag, run.content
        new = self._write(run.store, run.run, data, run.state, listed)
        self.saves.append(run)
        self._steps.reach(f"after {run.state} was saved with {run.accepted} accepted")
        return new

    def all(self) -> Iterator[tuple[StoreName, RunSummary]]:
        for store, run in sorted(self._records, key=lambda key: run_record_name(*key)):
            record = self._records[store, run]
            yield store, RunSummary(run, record.state, record.saved, *record.listed)

    def summaries(self, store: StoreName, stem: str = "") -> Iterator[RunSummary]:
        return (
            summary for of, summary in self.all() if of == store and summary.run.startswith(stem)
        )

    def move(self) -> None:
        """Write all records anew, as moving them to another storage account does."""
        for key, record in self._records.items():
            self._records[key] = replace(record, saved=self._clock.now())

    def damage(self, store: StoreName, run: RunId, data: bytes = b'{"version": 1, "run"') -> None:
        """Overwrite a record with nonsense, as a person might do by hand."""
        self._write(store, run, data, None)

    def remove(self, store: StoreName, run: RunId) -> None:
        del self._records[store, run]

    def _write(
        self,
        store: StoreName,
        run: RunId,
        data: bytes,
        state: str | None,
        listed: tuple[datetime | None, str, Content | None] = (None, "", None),
    ) -> str:
        self._written += 1
        record = _Record(data, f"v{self._written}", state, self._clock.now(), listed)
        self._records[store, run] = record
        return record.version


def assert_adds_up(record: bytes) -> None:
    """Assert that read = accepted + rejected + not_sent in a record, and that the rest agrees."""
    content = json.loads(record)
    products, state = content["products"], RunState(content["state"])
    assert all(count >= 0 for count in products.values())
    assert products["read"] == products["accepted"] + products["rejected"] + products["not_sent"]
    assert len(content["rejections"]) == min(products["rejected"], 1_000)
    assert state.is_final == (content["finished_at"] is not None)
    if state in {RunState.SUCCEEDED, RunState.COMPLETED_WITH_REJECTIONS}:
        assert products["not_sent"] == 0
        assert content["batches"]["acknowledged"] == content["batches"]["total"]
        assert (state is RunState.SUCCEEDED) == (products["rejected"] == 0)


class FakeLease:
    """A store's lease; implements `ports.Lease`."""

    def __init__(self, locks: "FakeLocks", store: StoreName) -> None:
        self._locks, self._store = locks, store
        self.in_doubt = locks.in_doubt.get(store)

    def note(self, in_doubt: InDoubt) -> None:
        self.ensure()
        self._locks.in_doubt[self._store] = in_doubt

    def ensure(self) -> None:
        if self._locks.leases.get(self._store) is not self:
            raise LeaseLostError

    def sure_until(self) -> float:
        return math.inf if self._locks.leases.get(self._store) is self else -math.inf

    def release(self, in_doubt: InDoubt | None) -> None:
        if self._locks.leases.get(self._store) is self and not self._locks.steps.is_dead:
            del self._locks.leases[self._store]
            self._locks.in_doubt[self._store] = in_doubt


class FakeLocks:
    """Leases and the notes of the newest catalogues; implements `ports.StoreLocks`."""

    def __init__(self, steps: Steps) -> None:
        self.steps = steps
        self.leases: dict[StoreName, FakeLease] = {}
        self.in_doubt: dict[StoreName, InDoubt | None] = {}
        self._notes: dict[StoreName, StoredNote] = {}
        self._written = 0

    def acquire(self, store: StoreName) -> FakeLease | None:
        if store in self.leases:
            return None
        self.leases[store] = FakeLease(self, store)
        return self.leases[store]

    def is_held(self, store: StoreName) -> bool:
        return store in self.leases

    def sender(self, store: StoreName) -> RunId | None:
        note = self.in_doubt.get(store)
        return note.run if note is not None and note.until is None else None

    def newest(self, store: StoreName) -> StoredNote | None:
        return self._notes.get(store)

    def note_newest(self, store: StoreName, catalog: CatalogAge, version: str | None) -> bool:
        current = self._notes.get(store)
        if (current and current.version) != version:
            return False
        self._written += 1
        self._notes[store] = StoredNote(catalog, f"v{self._written}")
        return True

    def damage(self, store: StoreName) -> None:
        """Overwrite a store's note with nonsense, as a person might do by hand."""
        self._written += 1
        self._notes[store] = StoredNote(None, f"v{self._written}")
