"""What Digible's responses mean."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function_app.answers import (
    Accepted,
    Answer,
    Refused,
    TokenRefused,
    Unavailable,
    Unreadable,
)
from function_app.digible.responses import Response, interpret

SECRET = "opaque-s3cret"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzaG9wIn0.c2lnbmVk-by_them"


def meaning(given: Response) -> Answer:
    return interpret(given, SECRET, 200)


def response(status: int, content: object = None, **fields: float | bool | None) -> Response:
    body = content if isinstance(content, bytes) else json.dumps(content or {}).encode()
    return Response(status, body, **fields)  # type: ignore[arg-type]  # passed by name


def words(status: int, content: object) -> str:
    answer = meaning(response(status, content))
    assert isinstance(answer, Refused | TokenRefused | Unavailable | Unreadable)
    return answer.detail


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b"null", b"0", b"true", b' {"success": true} \n', b"\xef\xbb\xbf{}"]
)
def test_200_with_json_that_says_nothing_else_is_accepted(body: bytes) -> None:
    assert meaning(response(200, body)) == Accepted(None)


def test_digibles_message_is_kept() -> None:
    content = {"message": "200 products synced", "data": {}}
    assert meaning(response(200, content)) == Accepted("200 products synced")


@pytest.mark.parametrize("message", [None, "", "  ", 7, ["text"], {"text": "x"}])
def test_a_message_without_words_counts_as_none(message: object) -> None:
    assert meaning(response(200, {"message": message})) == Accepted(None)


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
    assert isinstance(meaning(response(200, body)), Unreadable)


def test_200_that_is_too_long_to_be_read_is_said_to_be_too_long() -> None:
    assert meaning(response(200, b"[]", whole=False)) == Unreadable("[]", is_too_long=True)


@pytest.mark.parametrize(
    ("content_type", "encoding"),
    [
        ("application/json; charset=iso-8859-1", "latin-1"),
        ('application/json;charset="windows-1252"', "cp1252"),
        ("application/json; charset=UTF-16LE", "utf-16-le"),
        ("application/json; charset=utf-8", "utf-8-sig"),
        ("text/html; Charset = Shift_JIS", "shift_jis"),
        ("application/json", "utf-8"),
        ("application/json", "utf-16"),
        (None, "utf-32-le"),
        ("application/json; charset=no-such", "utf-8"),
        ("application/json; charset=base64", "utf-8"),
        ("application/json; charset=us-ascii", "utf-8"),
    ],
)
def test_the_declared_charset_is_used_and_otherwise_jsons_own(
    content_type: str | None, encoding: str
) -> None:
    message = "Saved: ソース" if "jis" in encoding else "Saved: Café"
    body = json.dumps({"message": message}, ensure_ascii=False).encode(encoding)
    assert meaning(Response(200, body, content_type)) == Accepted(message)


def test_a_refusals_words_are_in_the_declared_charset() -> None:
    answer = meaning(Response(400, "Prix erroné".encode("latin-1"), "text/plain; charset=latin1"))
    assert answer == Refused("Prix erroné", 400, about_products=True)


def test_200_whose_json_says_no_is_a_refusal() -> None:
    content = {"success": False, "message": "No store"}
    assert meaning(response(200, content)) == Refused("No store", 200, about_products=True)


def test_200_whose_json_says_that_the_token_is_refused_ends_the_session() -> None:
    content = {"message": "Unauthorized"}
    assert meaning(response(200, content)) == TokenRefused("Unauthorized", 200)


@pytest.mark.parametrize(
    ("named", "answer"),
    [
        (400, Refused("No", 200, about_products=True)),
        ("422", Refused("No", 200, about_products=True)),
        (404, Refused("No", 200, about_products=False)),
        (401, TokenRefused("No", 200)),
        (503, Unavailable("Digible can't take products at the moment (HTTP 200: No).", 200, 7.0)),
    ],
)
def test_a_status_within_the_json_counts_as_if_it_were_the_responses_own(
    named: object, answer: Answer
) -> None:
    content = {"statusCode": named, "message": "No"}
    assert meaning(response(200, content, retry_after=7.0)) == answer


def test_200_that_leaves_products_out_is_accepted_with_a_warning() -> None:
    content = {"message": "Synced", "errors": [{"index": 3, "reason": "price"}]}
    answer = meaning(response(200, content))
    warning = f"Digible names products that it did not take: {json.dumps(content)}"
    assert answer == Accepted("Synced", warning)


@pytest.mark.parametrize("status", [400, 402, 406, 409, 413, 418, 422, 499])
def test_after_these_statuses_other_products_might_be_accepted(status: int) -> None:
    answer = meaning(response(status, {"message": "No"}))
    assert answer == Refused("No", status, about_products=True)


@pytest.mark.parametrize("status", [404, 405, 407, 410, 411, 414, 415, 421, 426, 431, 451])
def test_after_these_statuses_other_products_would_be_refused_too(status: int) -> None:
    answer = meaning(response(status, {"message": "No"}))
    assert answer == Refused("No", status, about_products=False)


@pytest.mark.parametrize("status", [101, 201, 202, 204, 206, 301, 302, 303, 307, 308])
def test_any_status_but_200_is_not_a_success(status: int) -> None:
    answer = meaning(response(status))
    assert isinstance(answer, Refused)
    assert (answer.http_status, answer.about_products) == (status, False)


@pytest.mark.parametrize("status", [401, 403])
def test_401_and_403_refuse_the_token(status: int) -> None:
    answer = meaning(response(status, {"message": "Expired"}))
    assert answer == TokenRefused("Expired", status)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 501, 502, 503, 504, 520, 599, 999])
def test_a_request_may_be_retried_after_transient_trouble(status: int) -> None:
    answer = meaning(response(status, {"message": "Busy"}, retry_after=7.0))
    detail = f"Digible can't take products at the moment (HTTP {status}: Busy)."
    assert isinstance(answer, Unavailable)
    assert (answer.detail, answer.http_status, answer.retry_after) == (detail, status, 7.0)


@pytest.mark.parametrize(
    ("status", "in_doubt"),
    [(502, True), (504, True), (520, True), (524, True), (500, False), (503, False), (429, False)],
)
def test_after_a_gateway_lost_its_server_the_products_may_still_be_taken(
    status: int, *, in_doubt: bool
) -> None:
    answer = meaning(response(status))
    assert isinstance(answer, Unavailable)
    assert answer.in_doubt is in_doubt


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
    shown = str(meaning(response(status, content)))
    assert secret not in shown
    assert "token *** is bad" in shown


def test_the_message_of_an_accepted_batch_repeats_no_token() -> None:
    content = {"message": f"Hello {SECRET}, {JWT}"}
    answer = meaning(response(200, content))
    assert isinstance(answer, Accepted)
    assert answer.message == "Hello ***, ***"
    assert SECRET not in str(answer)
    assert JWT not in str(answer)


@given(st.binary(max_size=300) | st.text().map(str.encode), st.integers(100, 999))
def test_any_response_is_harmless(body: bytes, status: int) -> None:
    meaning(Response(status, body))


@pytest.mark.parametrize("piece", ["eyJ", "eyJa.", "eyJhbGciOi", "eyJ..", " ", "\x00", "\u2028"])
def test_no_response_takes_long_to_interpret(piece: str) -> None:
    shown = words(500, (piece * (1 << 20))[: 1 << 20].encode())  # hours, if a pattern backtracked
    assert len(shown) < 600
