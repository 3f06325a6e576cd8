"""The stand-in as an HTTP server, in-process or behind `python -m dev digible`."""

import threading
from types import TracebackType

from dev.digible.api import Api
from dev.digible.checks import SentProduct
from dev.digible.faults import Fault
from dev.digible.ledger import SyncRequest
from dev.digible.server import SyncServer


class DigibleStandIn:
    """A Digible stand-in that listens on 127.0.0.1 inside its `with` block."""

    def __init__(self, port: int = 0, base: str = "/v1") -> None:
        """Prepare to listen on `port` (0: any free one), with the API under the path `base`."""
        self._stopping = threading.Event()
        self._api = Api(self._stopping)
        self._port, self._base = port, base.rstrip("/")
        self._server: SyncServer | None = None

    @property
    def url(self) -> str:
        """The value for DIGIBLE_API_URL."""
        return f"{self.origin}{self._base}"

    @property
    def origin(self) -> str:
        """The address under which /control is found."""
        assert self._server is not None, "it is not started"  # noqa: S101
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def products(self) -> dict[str | int, SentProduct]:
        """The accepted products by id, in the order in which the ids first arrived."""
        return self._api.ledger.products

    @property
    def requests(self) -> list[SyncRequest]:
        """The sync requests, in the order of their responses."""
        return self._api.ledger.requests

    def fail(self, fault: Fault) -> None:
        """Plan a fault, after those already planned."""
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
