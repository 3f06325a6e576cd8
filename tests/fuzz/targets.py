"""What is fuzzed: each reader of outside data, with good documents to start from."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import tests.function_app.app_settings  # noqa: F401  # before anything else imports the app
from contract.catalog import read_catalog
from contract.compression import CatalogError
from contract.product import CatalogRow, Product, Rejection, Stage, check_products
from contract.run import Checkpoint, RunError, RunState
from contract.run_record import RunRecordError, decode_run, encode_run
from function_app.answers import Accepted, Refused, TokenRefused, Unavailable, Unreadable
from function_app.digible.responses import Response, interpret
from tests.contract.catalogs import FORMS, PACKINGS, Written, cut, read_cut
from tests.runs import sending_run

READ = "read to the end"
SECRET = "of-no-use-to-anybody"


@dataclass(frozen=True, slots=True)
class Target:
    """One reader under fuzz."""

    name: str
    seeds: tuple[bytes, ...]
    """Good documents that the nonsense is made from."""

    read: Callable[[bytes], None]
    """Reads the bytes, and catches what the reader may raise; any other exception is a bug."""


def read_a_catalogue(data: bytes) -> None:
    """Read and check every product; how the bytes arrived must make no difference."""
    outcomes, end = _outcome(read_catalog([data]))
    assert _outcome(read_catalog(cut(data, [7]))) == (outcomes, end)
    # If two things are wrong, smaller steps may find the other one first.
    others, other_end = _outcome(read_cut(data, [7, 5]))
    assert (end == READ) == (other_end == READ)
    assert outcomes[: len(others)] == others[: len(outcomes)]


def _outcome(rows: Iterable[CatalogRow]) -> tuple[list[Product | Rejection], str]:
    outcomes: list[Product | Rejection] = []
    checked = (outcome for _, outcome in check_products(rows, ids_are_unique=True))
    try:
        outcomes.extend(checked)
    except CatalogError as error:
        return outcomes, str(error)
    return outcomes, READ


def read_a_run_record(data: bytes) -> None:
    """Read a run record; a valid one can be written and read again, and its counts agree."""
    try:
        run = decode_run(data)
    except RunRecordError:
        return
    assert run.read == run.accepted + run.rejected + run.not_sent
    assert min(run.accepted, run.rejected, run.not_sent) >= 0
    written = decode_run(encode_run(run))  # rounded to milliseconds
    assert decode_run(encode_run(written)) == written
    assert (written.state, written.read, written.checkpoint) == (
        run.state,
        run.read,
        run.checkpoint,
    )


def read_a_response(data: bytes) -> None:
    """Interpret a response of any status: only 200 accepts, and the secret never appears."""
    for status in (200, 204, 302, 400, 401, 429, 503):
        answer = interpret(Response(status, data), SECRET, 200)
        match answer:
            case Accepted(message, warning):
                assert status == 200
                words = f"{message or ''} {warning or ''}"
            case Refused(detail, http_status):
                assert http_status == status
                words = detail
            case TokenRefused(detail) | Unreadable(detail) | Unavailable(detail):
                words = detail
        assert SECRET not in words
        assert len(words) <= 1_200
        assert words.isprintable()


def _responses() -> Iterable[bytes]:
    yield b'{"message": "200 products synced", "status": "ok", "success": true}'
    yield f'{{"success": false, "message": "bad token {SECRET}"}}'.encode()
    yield f"<html><body>502 {SECRET} eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjF9.c2ln</body></html>".encode()


def _catalogues() -> Iterable[bytes]:
    products = [
        Written("A1", "Tee 🍵", "12.50", "12.50"),
        Written(2, 'a "b"', '"0.10"', "0.10"),
        Written(2, "twice", "-1", ""),
    ]
    objects = [product.json(ascii_only=False, extra='"Status": [1, {}], ') for product in products]
    for form in FORMS.values():
        yield form(objects).encode()
    yield from (pack(FORMS["array"](objects).encode()) for pack in PACKINGS.values())


def _run_records() -> Iterable[bytes]:
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    run = sending_run(noon)
    yield encode_run(run)
    yield encode_run(
        replace(
            run,
            state=RunState.WAITING,
            read=600,
            accepted=400,
            rejected=1,
            rejections=(Rejection("A17", 17, Stage.DIGIBLE, "zu groß"),),
            error=RunError("unreachable", "no answer", 3, 503),
            retry_at=noon,
            checkpoint=Checkpoint(400, (4,)),
        )
    )


TARGETS = (
    Target("catalogue", tuple(_catalogues()), read_a_catalogue),
    Target("run record", tuple(_run_records()), read_a_run_record),
    Target("response", tuple(_responses()), read_a_response),
)
