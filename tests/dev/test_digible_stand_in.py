"""The Digible stand-in accepts what Digible accepts, and misbehaves only when asked to."""

import itertools
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from dev.digible import DigibleStandIn, Fault, FaultKind
from dev.digible.api import EMAIL, PASSWORD
from dev.digible.checks import SentProduct
from dev.tokens import LOCAL_KEY, local_token

TOKEN = local_token(timedelta(hours=1))
HEADERS = {"x-access-token": TOKEN, "Content-Type": "application/json"}


@pytest.fixture
def digible() -> Iterator[DigibleStandIn]:
    with DigibleStandIn() as stand_in:
        yield stand_in


def product(number: int = 1, **changes: object) -> dict[str, object]:
    return {
        "productId": f"P{number}",
        "productName": "Corn Flakes",
        "productPrice": "12.50",
        **changes,
    }


def send(
    digible: DigibleStandIn, body: object, headers: dict[str, str] | None = None, **options: Any
) -> requests.Response:
    return requests.post(
        f"{digible.url}/business/stores/product/sync",
        data=body if isinstance(body, bytes) else json.dumps(body),
        headers=HEADERS if headers is None else headers,
        timeout=options.pop("timeout", 10),
        **options,
    )


def test_a_batch_is_accepted_and_kept_unchanged(digible: DigibleStandIn) -> None:
    answer = send(digible, [product(1), product(2, productPrice="0.90")])
    assert (answer.status_code, answer.json()) == (200, {"message": "Products synced", "count": 2})
    assert digible.products["P2"] == SentProduct("P2", "Corn Flakes", "0.90")


def test_products_may_be_wrapped_in_an_object(digible: DigibleStandIn) -> None:
    assert send(digible, {"products": [product()]}).status_code == 200


def test_a_product_sent_again_replaces_the_earlier_one(digible: DigibleStandIn) -> None:
    send(digible, [product(1), product(1, productPrice="1.00")])
    send(digible, [product(1, productPrice="2.00")])
    assert [held.product_price for held in digible.products.values()] == ["2.00"]


def test_a_numeric_id_stays_a_number(digible: DigibleStandIn) -> None:
    send(digible, [product(productId=7), product(productId="7")])
    assert set(digible.products) == {7, "7"}


def test_requests_are_recorded_in_order(digible: DigibleStandIn) -> None:
    send(digible, [product(1), product(2)])
    send(digible, [], HEADERS)
    first, second = digible.requests
    assert (first.products, first.first_id, first.last_id) == (2, "P1", "P2")
    assert (first.accepted, first.status) == (True, 200)
    assert (second.products, second.accepted, second.status) == (0, False, 413)


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        pytest.param(b"<html>", 400, "not JSON", id="not JSON"),
        pytest.param("text", 400, "neither a list", id="text"),
        pytest.param({"items": []}, 400, "neither a list", id="a different object"),
        pytest.param([], 413, "0 products", id="no products"),
        pytest.param([product()] * 201, 413, "201 products", id="too many"),
        pytest.param([{"productId": "1"}], 422, "exactly", id="a missing key"),
        pytest.param([product(extra=1)], 422, "exactly", id="an extra key"),
        pytest.param([product(productId=None)], 422, "productId", id="no id"),
        pytest.param([product(productId=True)], 422, "productId", id="a Boolean id"),
        pytest.param([product(productName=" ")], 422, "productName", id="a blank name"),
        pytest.param([product(productPrice=12.5)], 422, "productPrice", id="a numeric price"),
        pytest.param([product(productPrice="1E+3")], 422, "productPrice", id="an exponent"),
        pytest.param([product(productPrice="-1")], 422, "productPrice", id="a negative price"),
        pytest.param([product(productPrice="None")], 422, "productPrice", id="None as price"),
        pytest.param([product(), "x"], 422, "Product 2 of 2", id="not an object"),
    ],
)
def test_a_body_that_digible_would_refuse_is_refused(
    digible: DigibleStandIn, body: object, status: int, words: str
) -> None:
    answer = send(digible, body)
    assert answer.status_code == status
    assert words in answer.json()["message"]
    assert digible.products == {}


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="empty"),
        pytest.param("nonsense", id="not a token"),
        pytest.param(local_token(timedelta(seconds=-1)), id="expired"),
        pytest.param(TOKEN[:-4] + "AAAA", id="signed with another key"),
    ],
)
def test_a_bad_token_is_refused(digible: DigibleStandIn, token: str) -> None:
    answer = send(digible, [product()], {**HEADERS, "x-access-token": token})
    assert answer.status_code == 401
    assert digible.products == {}


def test_tokens_from_the_environment_are_accepted(
    digible: DigibleStandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text("from a file\n", encoding="utf-8")
    monkeypatch.setenv("DIGIBLE_TOKEN", "from the environment")
    monkeypatch.setenv("DIGIBLE_TOKEN_FILE", str(file))
    for token in ("from a file", "from the environment"):
        answer = send(digible, [product()], {**HEADERS, "x-access-token": token})
        assert answer.status_code == 200


def test_a_token_from_the_environment_expires_too(
    digible: DigibleStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    expired = local_token(timedelta(seconds=-1))
    monkeypatch.setenv("DIGIBLE_TOKEN", expired)
    answer = send(digible, [product()], {**HEADERS, "x-access-token": expired})
    assert answer.status_code == 401


def test_a_wrong_content_type_is_refused(digible: DigibleStandIn) -> None:
    assert send(digible, [product()], {"x-access-token": TOKEN}).status_code == 415


def test_an_unknown_path_is_not_found(digible: DigibleStandIn) -> None:
    assert requests.post(f"{digible.url}/sync", data=b"", timeout=10).status_code == 404


def test_a_login_returns_a_valid_token(digible: DigibleStandIn) -> None:
    login = f"{digible.url}/business/account/auth/login"
    answer = requests.post(login, json={"email": EMAIL, "password": PASSWORD}, timeout=10)
    assert answer.status_code == 200
    assert answer.json()["message"]
    token = answer.json()["data"]["token"]
    assert send(digible, [product()], {**HEADERS, "x-access-token": token}).status_code == 200


@pytest.mark.parametrize(
    ("given", "status"), [({"email": EMAIL, "password": "wrong"}, 401), ({"email": EMAIL}, 400)]
)
def test_a_wrong_login_returns_no_token(
    digible: DigibleStandIn, given: dict[str, str], status: int
) -> None:
    login = f"{digible.url}/business/account/auth/login"
    answer = requests.post(login, json=given, timeout=10)
    assert answer.status_code == status
    assert "data" not in answer.json()


def test_a_status_is_returned_as_often_as_planned(digible: DigibleStandIn) -> None:
    digible.fail(Fault(FaultKind.STATUS, times=2, status=429, retry_after="3"))
    answers = [send(digible, [product()]) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "3"
    assert [request.accepted for request in digible.requests] == [False, False, True]


def test_a_connection_is_dropped_before_the_batch_is_accepted(digible: DigibleStandIn) -> None:
    digible.fail(Fault(FaultKind.DROP_BEFORE))
    with pytest.raises(requests.ConnectionError):
        send(digible, [product()])
    assert digible.products == {}
    assert digible.requests[0].status is None


def test_a_connection_is_dropped_after_the_batch_is_accepted(digible: DigibleStandIn) -> None:
    digible.fail(Fault(FaultKind.DROP_AFTER))
    with pytest.raises(requests.ConnectionError):
        send(digible, [product()])
    assert list(digible.products) == ["P1"]
    assert digible.requests[0].status is None


def test_an_html_page_is_returned_instead_of_json(digible: DigibleStandIn) -> None:
    digible.fail(Fault(FaultKind.HTML))
    answer = send(digible, [product()])
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html")
    assert digible.products == {}


def test_a_json_response_says_that_the_call_failed(digible: DigibleStandIn) -> None:
    digible.fail(Fault(FaultKind.SUCCESS_FALSE))
    answer = send(digible, [product()])
    assert (answer.status_code, answer.json()["success"]) == (200, False)
    assert digible.products == {}


def test_only_a_batch_that_contains_the_product_is_refused(digible: DigibleStandIn) -> None:
    digible.fail(Fault(FaultKind.REFUSE, times=None, product_ids=("P2",)))
    assert send(digible, [product(1)]).status_code == 200
    answer = send(digible, [product(1), product(2)])
    assert (answer.status_code, answer.json()["message"]) == (400, "Product P2 was refused")


def test_a_request_is_redirected(digible: DigibleStandIn) -> None:
    digible.fail(Fault(FaultKind.REDIRECT, url="http://127.0.0.1:9/elsewhere"))
    answer = send(digible, [product()], allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (307, "http://127.0.0.1:9/elsewhere")


def test_a_response_trickles(digible: DigibleStandIn) -> None:
    digible.fail(Fault(FaultKind.TRICKLE))
    with pytest.raises(requests.Timeout):
        send(digible, [product()], timeout=0.3)
    assert list(digible.products) == ["P1"]


def test_a_response_never_ends(digible: DigibleStandIn) -> None:
    digible.fail(Fault(FaultKind.ENDLESS))
    with send(digible, [product()], stream=True) as answer:
        chunks = itertools.islice(answer.iter_content(65_536), 100)
        assert sum(len(chunk) for chunk in chunks) > 5_000_000


def test_a_response_is_late(digible: DigibleStandIn) -> None:
    digible.fail(Fault(FaultKind.LATE, latency_ms=400))
    with pytest.raises(requests.Timeout):
        send(digible, [product()], timeout=0.1)
    assert send(digible, [product()]).status_code == 200


def test_faults_are_planned_and_everything_is_cleared_over_http(digible: DigibleStandIn) -> None:
    control = f"{digible.origin}/control"
    plan = [{"kind": "status", "status": 503, "times": 1, "retry_after": 2}]
    assert requests.put(f"{control}/faults", json=plan, timeout=10).status_code == 200
    assert send(digible, [product()]).headers["Retry-After"] == "2"
    send(digible, [product()])
    held = requests.get(f"{control}/products", timeout=10).json()
    assert held == {"count": 1, "products": {"P1": product()}}
    entries = requests.get(f"{control}/requests", timeout=10).json()
    assert [entry["status"] for entry in entries] == [503, 200]
    requests.delete(control, timeout=10)
    assert (digible.products, digible.requests) == ({}, [])


@pytest.mark.parametrize(
    "plan", [{"kind": "html"}, [{"kind": "unknown"}], [{"typo": 1}], [{"times": "x"}], "x"]
)
def test_an_invalid_fault_is_refused(digible: DigibleStandIn, plan: object) -> None:
    answer = requests.put(f"{digible.origin}/control/faults", json=plan, timeout=10)
    assert answer.status_code == 400


def test_many_requests_use_one_connection(digible: DigibleStandIn) -> None:
    with requests.Session() as session:
        for number in range(50):
            answer = session.post(
                f"{digible.url}/business/stores/product/sync",
                json=[product(number)],
                headers=HEADERS,
                timeout=10,
            )
            assert "close" not in answer.headers.get("Connection", "")
    assert len(digible.products) == 50


def test_the_local_key_says_that_it_is_public() -> None:
    assert "public" in LOCAL_KEY
