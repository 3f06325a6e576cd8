"""The matrix's Digible stand-in and proxy observe and cut where they should."""

import base64
import http.client
import json
import socket
from collections.abc import Iterator

import pytest

from dev.processes import wait_for
from tests.faults.digible import Digible
from tests.faults.hooks import DROP, Hooks, Reply, Response, StorageRequest
from tests.faults.journal import Journal, Post
from tests.faults.proxy import StorageProxy

PATH = "/v1/business/stores/product/sync"
BODY = json.dumps([{"productId": "shop-201", "productName": "A", "productPrice": "1.50"}])


@pytest.fixture
def digible() -> Iterator[Digible]:
    digible = Digible(Journal())
    digible.open()
    yield digible
    digible.close()


def port_of(digible: Digible) -> int:
    return int(digible.url.rpartition(":")[2].partition("/")[0])


def post(port: int) -> int:
    """POST one product and return the status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", PATH, BODY, {"x-access-token": "t"})
        return connection.getresponse().status
    finally:
        connection.close()


class Cut(Hooks):
    """Cuts before or after the other side has done its work."""

    def __init__(self, *, before: bool) -> None:
        self.before = before

    def requested(self, request: StorageRequest) -> bool:
        return not self.before

    def responded(self, request: StorageRequest, status: int) -> bool:
        return False


class Dropping(Hooks):
    """Drops every POST."""

    def arrived(self, post: Post) -> Reply:
        return DROP


def test_an_accepted_post_is_in_the_journal(digible: Digible) -> None:
    assert post(port_of(digible)) == 200
    assert wait_for(lambda: digible.journal.posts[0].status == 200, 5)
    (seen,) = digible.journal.posts
    assert (seen.store, seen.batch, seen.token) == ("shop", 2, "t")
    assert seen.products == (("shop-201", "1.50"),)
    assert seen.accepted == 0


def test_a_dropped_post_is_neither_accepted_nor_answered(digible: Digible) -> None:
    digible.hooks = Dropping()
    with pytest.raises(http.client.RemoteDisconnected):
        post(port_of(digible))
    (seen,) = digible.journal.posts
    assert (seen.accepted, seen.status) == (None, None)


def test_half_a_post_is_ignored(digible: Digible) -> None:
    with socket.create_connection(("127.0.0.1", port_of(digible)), timeout=10) as connection:
        connection.sendall(f"POST {PATH} HTTP/1.1\r\nContent-Length: 999\r\n\r\n[".encode())
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""
    assert digible.journal.posts == ()


def test_digible_comes_back_on_the_same_port(digible: Digible) -> None:
    digible.close()
    with pytest.raises(ConnectionError):
        post(port_of(digible))
    digible.open()
    assert post(port_of(digible)) == 200


def test_the_proxy_passes_requests_on_and_reports_them(digible: Digible) -> None:
    seen: list[tuple[str, int, str]] = []

    def see(request: StorageRequest, response: Response) -> None:
        seen.append((request.target, response.status, response.header("content-length")))

    with StorageProxy(port_of(digible), see) as proxy:
        assert post(proxy.port) == 200
    assert seen == [(PATH, 200, "30")]


@pytest.mark.parametrize("before", [True, False])
def test_the_proxy_cuts_before_or_after_the_work_is_done(digible: Digible, *, before: bool) -> None:
    with StorageProxy(port_of(digible), lambda *_: None) as proxy:
        proxy.hooks = Cut(before=before)
        with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
            post(proxy.port)
    assert len(digible.journal.posts) == (0 if before else 1)


@pytest.mark.parametrize(
    ("target", "store"),
    [
        ("/account/runs/shop/a.1.json", "shop"),
        ("/account/catalogs/shop/a.json?comp=metadata", "shop"),
        ("/account/locks/shop.lease?comp=lease", "shop"),
        ("/account/catalogs?comp=list", ""),
        ("/account/catalog-retries/messages", ""),
    ],
)
def test_a_request_to_storage_says_whose_blob_it_is_about(target: str, store: str) -> None:
    assert StorageRequest("PUT", target).store == store
    assert StorageRequest("PUT", target).writes_record == target.startswith("/account/runs/")


@pytest.mark.parametrize(
    ("text", "store"),
    [('{"catalog": "shop/a.json"}', "shop"), ('{"other": 1}', ""), ("[]", ""), ("nonsense", "")],
)
def test_a_message_says_which_store_it_is_about(text: str, store: str) -> None:
    content = base64.b64encode(text.encode())
    body = b"<QueueMessage><MessageText>%b</MessageText></QueueMessage>" % content
    assert StorageRequest("POST", "/account/catalog-retries/messages", body).store == store
