"""The stand-in's API: responds to each request as Digible would, or as the planned fault says."""

import hmac
import json
import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from dev.digible.answers import Answer, Endless, Reply, Silence, Trickle, json_answer, message
from dev.digible.checks import Refusal, SentProduct, check_sync
from dev.digible.faults import Fault, FaultError, FaultKind, FaultPlan, decode_faults
from dev.digible.ledger import Ledger
from dev.tokens import has_expired, is_local_token, local_token

EMAIL = "owner@example.com"
PASSWORD = "local-development"  # noqa: S105  for the stand-in's only account; protects nothing


class Api:
    """Responds to requests; keeps the products, the requests and the planned faults."""

    def __init__(self, stopping: threading.Event) -> None:
        self.ledger = Ledger()
        self.faults = FaultPlan()
        self._stopping = stopping

    def sync(self, headers: Mapping[str, str], body: bytes) -> Reply:
        """Respond to POST …/business/stores/product/sync."""
        checked = check_sync(headers, body, is_good_token)
        products = () if isinstance(checked, Refusal) else checked
        fault = self.faults.take(frozenset(product.product_id for product in products))
        if fault is not None:
            self._stopping.wait(fault.latency_ms / 1000)
        reply, accept = _reply(fault, checked)
        self.ledger.record(products, _status(reply), accept=accept)
        return reply

    def login(self, body: bytes) -> Answer:
        """Respond to POST …/business/account/auth/login."""
        try:
            given = json.loads(body)
            email, password = given["email"], given["password"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return message(400, "email and password are expected")
        if (email, password) != (EMAIL, PASSWORD):
            return message(401, "Wrong email or password")
        token = local_token(timedelta(days=1), EMAIL)
        return json_answer(200, {"message": "Login successful", "data": {"token": token}})

    def control(self, method: str, path: str, body: bytes) -> Answer:
        """Respond to a request under /control: report what was received, or plan faults."""
        match method, path:
            case "GET", "/control/products":
                return self._held()
            case "GET", "/control/requests":
                return self._requests()
            case "PUT", "/control/faults":
                return self._plan(body)
            case "DELETE", "/control" | "/control/":
                self.ledger.clear()
                self.faults.replace(())
                return json_answer(200, {})
            case _:
                return message(404, "There is no such path under /control")

    def _held(self) -> Answer:
        products = {str(key): _as_sent(value) for key, value in self.ledger.products.items()}
        return json_answer(200, {"count": len(products), "products": products})

    def _requests(self) -> Answer:
        entries = [
            {
                "at": request.at.isoformat(),
                "products": request.products,
                "first_id": request.first_id,
                "last_id": request.last_id,
                "accepted": request.accepted,
                "status": request.status,
            }
            for request in self.ledger.requests
        ]
        return json_answer(200, entries)

    def _plan(self, body: bytes) -> Answer:
        try:
            faults = decode_faults(json.loads(body))
        except (FaultError, ValueError, TypeError) as error:
            return message(400, str(error))
        self.faults.replace(faults)
        return json_answer(200, {"faults": len(faults)})


def is_good_token(token: str) -> bool:
    """Return whether the stand-in accepts a token: a local one, or one set in the environment."""
    if not token:
        return False
    if is_local_token(token):
        return True
    return not has_expired(token) and any(
        hmac.compare_digest(token.encode(), known.encode()) for known in _tokens_of_environment()
    )


def _tokens_of_environment() -> list[str]:
    known = [os.environ.get("DIGIBLE_TOKEN", "").strip()]
    file = os.environ.get("DIGIBLE_TOKEN_FILE")
    if file:
        with suppress(OSError, UnicodeError):  # no such file (yet): then it adds no token
            known.append(Path(file).read_text(encoding="utf-8").strip())
    return [token for token in known if token]


def _usual(checked: tuple[SentProduct, ...] | Refusal) -> Answer:
    if isinstance(checked, Refusal):
        return message(checked.status, checked.message)
    return json_answer(200, {"message": "Products synced", "count": len(checked)})


def _reply(fault: Fault | None, checked: tuple[SentProduct, ...] | Refusal) -> tuple[Reply, bool]:
    """Return the response and whether the products are accepted."""
    is_good, usual = not isinstance(checked, Refusal), _usual(checked)
    if fault is None:
        return usual, is_good
    match fault.kind:
        case FaultKind.LATE:
            return usual, is_good
        case FaultKind.DROP_AFTER:
            return Silence(), is_good
        case FaultKind.TRICKLE:
            return Trickle(usual), is_good
        case FaultKind.ENDLESS:
            return Endless(), is_good
        case _:
            return _refusing(fault, checked), False


def _refusing(fault: Fault, checked: tuple[SentProduct, ...] | Refusal) -> Reply:
    match fault.kind:
        case FaultKind.DROP_BEFORE:
            return Silence()
        case FaultKind.HTML:
            return Answer(200, b"<html><body>Down for maintenance</body></html>", "text/html")
        case FaultKind.SUCCESS_FALSE:
            return json_answer(200, {"success": False, "message": "The catalogue was not accepted"})
        case FaultKind.REDIRECT:
            return Answer(307, b"", headers=(("Location", fault.url),))
        case FaultKind.REFUSE:
            assert not isinstance(checked, Refusal)  # noqa: S101  used only if the batch has one
            at_fault = next(p for p in checked if p.product_id in fault.product_ids)
            return message(400, f"Product {at_fault.product_id} was refused")
        case _:
            after = () if fault.retry_after is None else (("Retry-After", fault.retry_after),)
            return Answer(fault.status, fault.body.encode("utf-8"), headers=after)


def _status(reply: Reply) -> int | None:
    match reply:
        case Answer(status=status) | Trickle(answer=Answer(status=status)):
            return status
        case Endless():
            return 200
        case Silence():
            return None


def _as_sent(product: SentProduct) -> dict[str, str | int]:
    return {
        "productName": product.product_name,
        "productPrice": product.product_price,
        "productId": product.product_id,
    }
