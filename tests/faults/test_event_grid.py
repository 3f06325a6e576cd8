"""The matrix's Event Grid announces what Azure's would, until a host has taken it."""

import json
import threading
from collections import deque
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from dev.ports import free_ports
from dev.processes import wait_for
from tests.faults.event_grid import EventGrid
from tests.faults.hooks import Response, StorageRequest

ARRIVED = Response(201, b'HTTP/1.1 201 Created\r\nETag: "0x1"\r\n\r\n')
BLOB = "/account/catalogs/shop/a.json"


class Webhook:
    """A host that is not always well."""

    def __init__(self, *answers: int) -> None:
        self.answers, self.posted = deque(answers), list[str]()
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                (event,) = json.loads(body)
                answer = hook.answers.popleft() if hook.answers else 202
                if answer == 202:
                    hook.posted.append(f"{event['data']['url']} {event['data']['eTag']}")
                self.send_response(answer)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name
                """Write no line."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    webhook = Webhook(500, 404)
    yield webhook
    webhook.server.shutdown()
    webhook.server.server_close()


def test_an_event_is_posted_until_a_host_takes_it(webhook: Webhook) -> None:
    nobody = f"http://127.0.0.1:{free_ports(1)[0]}/"
    grid = EventGrid(lambda: [nobody, webhook.url])
    grid.see(StorageRequest("PUT", f"{BLOB}?timeout=3"), ARRIVED)
    assert wait_for(lambda: bool(webhook.posted), 30)
    grid.close()
    assert webhook.posted[0] == f"http://127.0.0.1{BLOB} 0x1"


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("PUT", f"{BLOB}?comp=metadata", 200),
        ("PUT", f"{BLOB}?comp=block&blockid=1", 201),
        ("PUT", f"{BLOB}?comp=lease", 201),
        ("PUT", BLOB, 412),
        ("GET", BLOB, 200),
        ("PUT", "/account/runs/shop/a.json", 201),
        ("PUT", "/account/catalogs?restype=container", 201),
    ],
)
def test_nothing_else_is_an_event(webhook: Webhook, method: str, target: str, status: int) -> None:
    webhook.answers.clear()
    grid = EventGrid(lambda: [webhook.url])
    grid.see(StorageRequest(method, target), Response(status))
    grid.announce("/account/catalogs/shop/last.json", "", times=1)
    assert wait_for(lambda: bool(webhook.posted), 30)
    grid.close()
    assert [posted.rpartition("/")[2] for posted in webhook.posted] == ["last.json "]


@pytest.mark.parametrize("target", [BLOB, f"{BLOB}?comp=blocklist"])
def test_some_events_come_twice_and_lost_ones_never(webhook: Webhook, target: str) -> None:
    webhook.answers.clear()
    grid = EventGrid(lambda: [webhook.url])
    grid.are_lost = True
    for _ in range(40):
        grid.see(StorageRequest("PUT", target.replace("a.json", "lost.json")), ARRIVED)
    grid.are_lost = False
    for _ in range(40):
        grid.see(StorageRequest("PUT", target), ARRIVED)
    assert wait_for(lambda: len(webhook.posted) > 40, 30)
    grid.close()
    assert set(webhook.posted) == {f"http://127.0.0.1{BLOB} 0x1"}
