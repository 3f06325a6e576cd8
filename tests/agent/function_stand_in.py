"""A stand-in for the function: writes the run records that a test wants for each new catalogue."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from azure.storage.blob import BlobServiceClient

from contract.blobs import (
    CATALOGS,
    RUNS,
    StoreName,
    parse_name,
    run_of,
    run_record_name,
)
from contract.run import Run
from contract.run_record import encode_run
from tests.agent.shops import make_run

Answer = Callable[[Run], list[Run | bytes]]
"""Returns, for a run that has begun, the successive contents of its record."""


class FunctionStandIn:
    """Writes the run records of one store's catalogues."""

    def __init__(self, connection_string: str, store: StoreName, answer: Answer) -> None:
        self._connection_string = connection_string
        self._store = store
        self._answer = answer
        self._stop = threading.Event()

    def work(self) -> None:
        """Look for new catalogues until `stop` is called."""
        with BlobServiceClient.from_connection_string(self._connection_string) as service:
            seen: set[str] = set()
            container = service.get_container_client(CATALOGS)
            while not self._stop.wait(0.05):
                for blob in container.list_blobs(name_starts_with=f"{self._store}/"):
                    if blob.name not in seen:
                        seen.add(blob.name)
                        self._run(service, blob.name, blob.etag)

    def _run(self, service: BlobServiceClient, name: str, etag: str) -> None:
        store, run_id = run_of(parse_name(name), etag)
        run = make_run(store=store, run=run_id, catalog=name, etag=etag)
        record = service.get_blob_client(RUNS, run_record_name(self._store, run.run))
        for each in self._answer(run):
            data = each if isinstance(each, bytes) else encode_run(each)
            record.upload_blob(data, overwrite=True)

    def stop(self) -> None:
        """Make `work` return."""
        self._stop.set()


@contextmanager
def function_that_answers(
    connection_string: str, store: StoreName, answer: Answer
) -> Iterator[None]:
    """Run the stand-in in a thread during the block."""
    function = FunctionStandIn(connection_string, store, answer)
    thread = threading.Thread(target=function.work)
    thread.start()
    try:
        yield
    finally:
        function.stop()
        thread.join()
