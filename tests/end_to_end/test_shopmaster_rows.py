"""What shopMaster's product upload did, row by row, on the whole way from the table to Digible."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from contract.run import RunState
from dev.digible import DigibleStandIn, Fault, FaultKind
from dev.digible.api import EMAIL, PASSWORD
from dev.digible.checks import SentProduct
from dev.ports import free_ports
from dev.tokens import local_token
from tests.end_to_end.whole_way import WholeWay, clear_settings
from tests.odd_server import OddServer, Pieces, Request, always, http

OK = http(200, b'{"message": "Thank you"}')
TOKEN = local_token(timedelta(days=1))


@pytest.fixture
def way(
    storage: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> WholeWay:
    clear_settings(monkeypatch)
    way = WholeWay(storage, tmp_path, capsys)
    way.token_file.write_text(TOKEN, encoding="utf-8")
    return way


@pytest.fixture
def digible() -> Iterator[DigibleStandIn]:
    with DigibleStandIn() as stand_in:
        yield stand_in


def rows(count: int, price: str = "12.50") -> list[tuple[object, ...]]:
    """Return rows of all five columns with the ids P0001, P0002, …"""
    return [
        (f"P{number:04}", f"Product {number}", price, f"qr-{number}", number % 3)
        for number in range(1, count + 1)
    ]


def bodies(server: OddServer) -> list[list[dict[str, object]]]:
    return [json.loads(request.body) for request in server.requests]


def test_row_1_an_expired_token_sends_nothing_and_asks_to_reconfigure(
    way: WholeWay, digible: DigibleStandIn
) -> None:
    way.token_file.write_text(local_token(-timedelta(hours=1)), encoding="utf-8")
    way.sell(rows(3))
    ended = way.upload(digible.url)
    assert digible.requests == []
    assert ended.out.splitlines()[0] == "User session expired, Please Reconfigure"
    assert ended.code == 3
    assert [run.state for run in way.runs()] == [RunState.SESSION_EXPIRED]


def test_row_2_three_columns_of_every_row_are_sent_whatever_its_status(way: WholeWay) -> None:
    statuses = [0, 1, 2, -1, None]
    way.sell((f"P{n}", "x", "1.00", "a code", status) for n, status in enumerate(statuses))
    with OddServer(always(OK)) as server:
        assert way.upload(server.url).code == 0
    assert bodies(server) == [
        [{"productId": f"P{n}", "productName": "x", "productPrice": "1.00"} for n in range(5)]
    ]


def test_row_3_batches_of_200_are_sent_one_after_another_in_order(way: WholeWay) -> None:
    way.sell(rows(450))
    under_way = threading.Semaphore(1)

    def respond(request: Request) -> Pieces:
        alone = under_way.acquire(blocking=False)
        yield OK if alone else http(400, b"two at once")
        under_way.release()

    with OddServer(respond) as server:
        assert way.upload(server.url).code == 0
    sent = [[product["productId"] for product in body] for body in bodies(server)]
    assert [len(batch) for batch in sent] == [200, 200, 50]
    assert [each for batch in sent for each in batch] == [row[0] for row in rows(450)]


@pytest.mark.parametrize(
    ("id_type", "product_id", "sent_id"),
    [("VARCHAR(25)", "007", "007"), ("VARCHAR(25)", "7", "7"), ("INTEGER", 7, 7)],
)
def test_row_4_names_and_ids_stay_unchanged_and_prices_become_strings(
    way: WholeWay, id_type: str, product_id: object, sent_id: object
) -> None:
    prices = ["12.50", "0.10", "1000000.00", "3"]
    way.sell(
        [(product_id, " Café “Crème” ", prices[0], None, 1)]
        + [(f"{n}00", "x", price, None, 1) for n, price in enumerate(prices[1:], start=8)],
        id_type,
    )
    with OddServer(always(OK)) as server:
        assert way.upload(server.url).code == 0
    (sent,) = bodies(server)
    by_id = {product["productId"]: product for product in sent}
    assert by_id[sent_id] == {
        "productId": sent_id,
        "productName": " Café “Crème” ",
        "productPrice": "12.50",
    }
    assert {product["productPrice"] for product in sent} == set(prices)


def test_row_5_the_batch_is_posted_as_json_with_the_token(way: WholeWay) -> None:
    way.sell(rows(1))
    with OddServer(always(OK)) as server:
        assert way.upload(server.url).code == 0
    (request,) = server.requests
    assert request.line == "POST /v1/business/stores/product/sync HTTP/1.1"
    assert request.header("x-access-token") == TOKEN
    assert request.header("Content-Type") == "application/json"
    assert json.loads(request.body) == [
        {"productId": "P0001", "productName": "Product 1", "productPrice": "12.50"}
    ]


@pytest.mark.parametrize("status", [201, 302, 400, 404, 413, 422])
def test_row_6_any_status_but_200_stops_the_run_and_accepted_products_stay_accepted(
    way: WholeWay, digible: DigibleStandIn, status: int
) -> None:
    way.sell(rows(650))
    digible.fail(Fault(FaultKind.LATE))
    digible.fail(Fault(FaultKind.STATUS, status=status, body='{"message": "Not like this"}'))
    ended = way.upload(digible.url)
    assert ended.code == 1
    message = f"Digible refused batch 2 of 4 (HTTP {status}): Not like this"
    assert ended.out.splitlines()[0] == message
    assert [request.products for request in digible.requests] == [200, 200]
    assert list(digible.products) == [row[0] for row in rows(200)]
    (run,) = way.runs()
    assert (run.state, run.accepted, run.not_sent) == (RunState.FAILED, 200, 450)
    assert run.error is not None
    assert (run.error.http_status, run.error.batch) == (status, 2)


@pytest.mark.parametrize("body", [b"<html>Welcome</html>", b"OK", b'{"message": "half'])
def test_row_7_a_response_that_is_not_json_stops_the_run(way: WholeWay, body: bytes) -> None:
    way.sell(rows(450))
    with OddServer(always(http(200, body))) as server:
        ended = way.upload(server.url)
    assert (ended.code, len(server.requests)) == (1, 1)
    assert ended.out.splitlines()[0] == "Invalid JSON response from the server"
    assert [run.state for run in way.runs()] == [RunState.FAILED]


@pytest.mark.parametrize("trouble", ["nobody-listens", "cut"])
def test_row_8_connection_errors_become_messages(way: WholeWay, trouble: str) -> None:
    way.sell(rows(3))
    with OddServer(always(b"", close=True)) as cutting:
        nobody = f"http://127.0.0.1:{free_ports(1)[0]}/v1"
        url = cutting.url if trouble == "cut" else nobody
        ended = way.upload(url, timeout="2s")
    (run,) = way.runs()
    happened = {
        "nobody-listens": "Digible (127.0.0.1) can't be reached.",
        "cut": "The connection to Digible (127.0.0.1) was cut.",
    }[trouble]
    assert run.message == f"{happened} Trying again in 1 min; nothing is lost."
    assert (run.state, run.not_sent, ended.code) == (RunState.WAITING, 3, 5)


def test_row_9_the_person_who_started_the_upload_gets_a_confirmation(
    way: WholeWay, digible: DigibleStandIn
) -> None:
    way.sell(rows(450))
    ended = way.upload(digible.url)
    (run,) = way.runs()
    assert run.message.startswith("All 450 products were accepted by Digible.")
    assert ended.code == 0
    assert ended.out.splitlines()[0] == run.message
    assert run.run in ended.out


def test_row_10_every_upload_is_complete(way: WholeWay, digible: DigibleStandIn) -> None:
    for price in ("12.50", "12.50", "9.90"):
        way.sell(rows(250, price))
        assert way.upload(digible.url, options=("--yes",)).code == 0  # the third reprices all
    assert [request.products for request in digible.requests] == [200, 50] * 3
    assert [run.accepted for run in way.runs()] == [250, 250, 250]
    assert digible.products["P0001"] == SentProduct("P0001", "Product 1", "9.90")


def test_row_11_reconfiguring_means_logging_in_again(
    way: WholeWay, digible: DigibleStandIn
) -> None:
    way.sell(rows(450))
    digible.fail(Fault(FaultKind.LATE))
    digible.fail(Fault(FaultKind.STATUS, status=401, body='{"message": "Token expired"}'))
    assert way.upload(digible.url).code == 3
    response = requests.post(
        f"{digible.url}/business/account/auth/login",
        json={"email": EMAIL, "password": PASSWORD},
        timeout=10,
    )
    assert response.json()["message"] == "Login successful"
    way.token_file.write_text(response.json()["data"]["token"], encoding="utf-8")
    (run,) = way.runs()
    with way.function(digible.url):
        way.resume(run.run)
    (run,) = way.runs()
    assert (run.state, run.accepted, run.attempt) == (RunState.SUCCEEDED, 450, 2)
    assert [request.products for request in digible.requests] == [200, 200, 200, 50]
