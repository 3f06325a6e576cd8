"""The address to which Event Grid posts its events, on this machine only."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from dev.host.blob_messages import BlobMessage
from dev.host.errors import HostError
from dev.host.events import PATH, handshake, messages
from dev.host.invoker import log
from dev.ports import free_ports

Queue = Callable[[BlobMessage], None]


def open_webhook(port: int, queue: Queue) -> str:
    """Answer Event Grid from now on, in threads, and return the address without its query.

    `queue` puts a message into the queue of blobs. Port 0 is a free one. Raise HostError if
    something else listens there.
    """
    chosen = port or free_ports(1)[0]
    try:
        server = _Server(chosen, queue)
    except OSError as error:
        raise HostError(f"Port {chosen} can't be used for Event Grid's events: {error}.") from None
    threading.Thread(target=server.serve_forever, name="webhook", daemon=True).start()
    return f"http://127.0.0.1:{chosen}{PATH}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, queue: Queue) -> None:
        self.queue = queue
        super().__init__(("127.0.0.1", port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_OPTIONS(self) -> None:
        self._answer(200, {"Webhook-Allowed-Origin": "eventgrid.azure.net"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("utf-8")
        address = urlsplit(self.path)
        if address.path != PATH:
            self._answer(404)
            return
        named = parse_qs(address.query).get("functionName", [None])[0]
        try:
            self._take(self.headers.get("aeg-event-type", "").lower(), body, named)
        except Exception as error:  # noqa: BLE001  as in Azure, whatever it was
            log.warning("Event Grid's request failed: %s: %s", type(error).__name__, error)
            self._answer(500)

    def _take(self, kind: str, body: str, function_id: str | None) -> None:
        match kind:
            case "subscriptionvalidation":
                self._answer(200, body=handshake(body))
            case "notification":
                for message in messages(body, function_id):
                    self.server.queue(message)
                self._answer(202)
            case "unsubscribe":
                self._answer(202)
            case _:
                self._answer(400)

    def _answer(self, status: int, headers: dict[str, str] | None = None, body: str = "") -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        content = body.encode("utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library's name
        """Write no line for each request."""
