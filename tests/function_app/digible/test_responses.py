"""What Digible's responses mean."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function_app.answers import Accepted, Refused, TokenRefused, Unavailable, Unreadable
from function_app.digible.responses import Response, interpret, scrubbed

SECRET = "opaque-s3cret"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzaG9wIn0.c2lnbmVk-by_them"


def response(status: int, content: object = None, **fields: float | bool | None) -> Response:
    body = content if isinstance(content, bytes) else json.dumps(content or {}).encode()
    return Response(status, body, **fields)  # type: ignore[arg-type]  # passed by name


def words(status: int, content: object) -> str:
    answer = interpret(response(status, content), SECRET)
    assert isinstance(answer, Refused | TokenRefused | Unavailable | Unreadable)
    return answer.detail


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b"null", b"0", b'"OK"', b' {"success": true} \n', b"\xef\xbb\xbf{}"]
)
def test_200_with_any_json_is_accepted(body: bytes) -> None:
    assert interpret(response(200, body), SECRET) == Accepted(None)


def test_digibles_message_is_kept() -> None:
    content = {"message": "200 products synced", "data": {}}
    assert interpret(response(200, content), SECRET) == Accepted("200 products synced")


@pytest.mark.parametrize("message", [None, "", "  ", 7, ["text"], {"text": "x"}])
def test_a_message_without_words_counts_as_none(message: object) -> None:
    assert interpret(response(200, {"message": message}), SECRET) == Accepted(None)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"OK",
        b"<html><body>Down for maintenance</body></html>",
        b'{"message": "half',
        b"\xff\xfe\xfa",
        b"[" * 500_000,
        b'{"a":' * 100_000,
    ],
    ids=["empty", "text", "html", "cut", "not-utf-8", "deep-list", "deep-object"],
)
def test_200_with_anything_but_json_is_unreadable(body: bytes) -> None:
    assert isinstance(interpret(response(200, body), SECRET), Unreadable)


def test_200_whose_body_was_only_partly_read_is_unreadable() -> None:
    assert isinstance(interpret(response(200, b"[]", whole=False), SECRET), Unreadable)


@pytest.mark.parametrize(
    "content",
    [
        {"success": False},
        {"status": "error"},
        {"status": "failed"},
        {"status": "FAILED"},
        {"success": True, "status": "Error"},
    ],
)
def test_200_whose_json_says_the_call_failed_is_a_refusal(content: dict[str, object]) -> None:
    answer = interpret(response(200, content | {"message": "No store"}), SECRET)
    assert answer == Refused("No store", 200, about_products=True)


@pytest.mark.parametrize(
    "content",
    [{"success": True}, {"success": None}, {"status": "ok"}, {"status": 200}, [{"success": False}]],
)
def test_200_whose_json_does_not_say_the_call_failed_is_accepted(content: object) -> None:
    assert isinstance(interpret(response(200, content), SECRET), Accepted)


@pytest.mark.parametrize("status", [400, 402, 406, 409, 413, 418, 422, 499])
def test_after_these_statuses_other_products_might_be_accepted(status: int) -> None:
    answer = interpret(response(status, {"message": "No"}), SECRET)
    assert answer == Refused("No", status, about_products=True)


@pytest.mark.parametrize("status", [404, 405, 407, 410, 411, 414, 415, 421, 426, 431, 451])
def test_after_these_statuses_other_products_would_be_refused_too(status: int) -> None:
    answer = interpret(response(status, {"message": "No"}), SECRET)
    assert answer == Refused("No", status, about_products=False)


@pytest.mark.parametrize("status", [101, 201, 202, 204, 206, 301, 302, 303, 307, 308])
def test_any_status_but_200_is_not_a_success(status: int) -> None:
    answer = interpret(response(status), SECRET)
    assert isinstance(answer, Refused)
    assert (answer.http_status, answer.about_products) == (status, False)


@pytest.mark.parametrize("status", [401, 403])
def test_401_and_403_refuse_the_token(status: int) -> None:
    answer = interpret(response(status, {"message": "Expired"}), SECRET)
    assert answer == TokenRefused("Expired", status)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 501, 502, 503, 504, 520, 599, 999])
def test_a_request_may_be_retried_after_transient_trouble(status: int) -> None:
    answer = interpret(response(status, {"message": "Busy"}, retry_after=7.0), SECRET)
    detail = f"Digible can't take products at the moment (HTTP {status}: Busy)."
    assert answer == Unavailable(detail, status, retry_after=7.0)


def test_without_a_message_the_beginning_of_the_body_is_used() -> None:
    assert words(400, {"error": "price"}) == '{"error": "price"}'
    assert words(400, b"<h1>Bad\r\n\t Request</h1>") == "<h1>Bad Request</h1>"


def test_without_a_body_the_name_of_the_status_is_used() -> None:
    assert words(409, b"") == "Conflict"
    assert words(499, b" \n") == "no further words"


def test_words_are_on_one_line_and_not_too_long() -> None:
    shown = words(400, {"message": "line\r\n\x00\x1b[31m two\u2028" + "long " * 1_000})
    assert shown.startswith("line [31m two long long")
    assert len(shown) == 500
    assert shown.endswith("…")


@pytest.mark.parametrize("status", [200, 400, 401, 404, 429, 500])
@pytest.mark.parametrize("secret", [SECRET, JWT, "eyJhbGciOiJub25lIn0.e30."])
def test_no_token_is_repeated(status: int, secret: str) -> None:
    content = {"message": f"token {secret} is bad", "success": False}
    shown = str(interpret(response(status, content), SECRET))
    assert secret not in shown
    assert "token *** is bad" in shown


def test_the_message_of_an_accepted_batch_repeats_no_token() -> None:
    content = {"message": f"Hello {SECRET}, {JWT}"}
    assert interpret(response(200, content), SECRET) == Accepted("Hello ***, ***")


@pytest.mark.parametrize("secret", [SECRET, JWT])
@pytest.mark.parametrize("before", [*range(486, 500), *range(3_988, 4_000)])
def test_no_part_of_a_token_is_left_where_the_words_are_cut(secret: str, before: int) -> None:
    scrubbed_to_little = ((JWT + " ") * (before // len(JWT + " "))).ljust(before, "x")
    shown = words(400, f"{scrubbed_to_little}{secret}{'y' * 9_000}".encode())
    assert secret[:8] not in shown


def test_the_beginning_of_a_token_is_scrubbed_too() -> None:
    assert scrubbed("bad: eyJhbGciOiJIUzI1NiJ9", "") == "bad: ***"


@given(st.binary(max_size=300) | st.text().map(str.encode), st.integers(100, 999))
def test_any_response_is_harmless(body: bytes, status: int) -> None:
    interpret(Response(status, body), SECRET)


@pytest.mark.parametrize("piece", ["eyJ", "eyJa.", "eyJhbGciOi", "eyJ..", " ", "\x00", "\u2028"])
def test_no_response_takes_long_to_interpret(piece: str) -> None:
    shown = words(500, (piece * (1 << 20))[: 1 << 20].encode())  # hours, if a pattern backtracked
    assert len(shown) < 600
