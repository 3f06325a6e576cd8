"""The stand-in as an HTTP server, in process or behind `python -m dev digible`."""

import threading
from types import TracebackType

from dev.digible.api import Api
from dev.digible.checks import SentProduct
from dev.digible.faults import Fault
from dev.digible.ledger import SyncRequest
from dev.digible.server import SyncServer


class DigibleStandIn:
    """A Digible that listens on 127.0.0.1 for as long as the `with` lasts."""

    def __init__(self, port: int = 0, base: str = "/v1") -> None:
        """Make one that will listen on `port` (0: any), with the API under the path `base`."""
        self._stopping = threading.Event()
        self._api = Api(self._stopping)
        self._port, self._base = port, base.rstrip("/")
        self._server: SyncServer | None = None

    @property
    def url(self) -> str:
        """What DIGIBLE_API_URL is to hold."""
        return f"{self.origin}{self._base}"

    @property
    def origin(self) -> str:
        """Under which /control is."""
        assert self._server is not None, "it is not started"  # noqa: S101
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def products(self) -> dict[str | int, SentProduct]:
        """What was accepted, by id, in the order in which the ids first came."""
        return self._api.ledger.products

    @property
    def requests(self) -> list[SyncRequest]:
        """The sync requests, in the order in which they were answered."""
        return self._api.ledger.requests

    def fail(self, fault: Fault) -> None:
        """Plan a fault, after those planned already."""
        self._api.faults.add(fault)

    def reset(self) -> None:
        """Forget products, requests and faults."""
        self._api.ledger.clear()
        self._api.faults.replace(())

    def __enter__(self) -> "DigibleStandIn":
        self._server = SyncServer(self._port, self._api, self._base, self._stopping)
        threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="Digible stand-in", daemon=True
        ).start()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._stopping.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server.close_connections()
