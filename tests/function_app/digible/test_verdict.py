"""What the JSON in a response with status 200 says about 200 products."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function_app.digible.verdict import Doubt, Judgement, Verdict, judge

ACCEPTED = Judgement(Verdict.ACCEPTED)
REFUSED = Judgement(Verdict.REFUSED)
TOKEN_REFUSED = Judgement(Verdict.TOKEN_REFUSED)
PRODUCTS = [{"productId": f"P{number}", "productName": "Error lamp"} for number in range(200)]


def accepted_but(doubt: Doubt) -> Judgement:
    return Judgement(Verdict.ACCEPTED, doubt)


@pytest.mark.parametrize(
    "content",
    [
        *({}, [], None, 0, 7, 1.5, True, "OK", "Done"),
        {"success": True},
        {"SUCCESS": "true"},
        {"success": 1},
        {"success": 197},
        {"success": None},
        {"ok": True},
        {"status": "ok"},
        {"Status": "SUCCESS"},
        {"status": True},
        {"status": 200},
        {"status": "201", "code": 0},
        {"code": 0, "status": 1},
        {"state": "completed"},
        {"message": "200 products synced"},
        {"message": "Products synced", "count": 200},
        {"Message": "Thanks"},
        {"message": "OK, 0 errors"},
        {"message": "Synced. Failed: 0"},
        {"message": "Upload completed without errors"},
        {"message": None},
        {"message": ""},
        {"message": ["text"]},
        {"error": None},
        {"error": "", "errors": []},
        {"error": False, "errors": {}, "errorCode": 0},
        {"error": "none"},
        {"success": True, "message": "Se guardaron los productos"},
        {"failed": 0, "rejected": [], "data": {"failed": [], "invalid": None}},
        {"data": PRODUCTS},
        {"data": {"status": "active", "state": "TX", "code": 404, "message": "Error lamp"}},
        {"status": "success", "data": {"products": PRODUCTS}},
        PRODUCTS,
        [{"id": "P1", "status": "created"}, {"id": "P2", "success": True}],
        [["not", "objects"], "error", 3],
    ],
    ids=json.dumps,
)
def test_json_that_says_yes_or_nothing_is_accepted(content: Any) -> None:
    assert judge(content, 200) == ACCEPTED


@pytest.mark.parametrize(
    "content",
    [
        *(False, "error", "Failed", "The products could not be saved"),
        {"success": False},
        {"Success": "False"},
        {"success": "no"},
        {"success": 0},
        {"success": "error"},
        {"isSuccess": False},
        {"succeeded": "FALSE"},
        {"ok": False},
        {"status": False},
        {"status": "false"},
        {"status": "fail", "data": {"title": "A title is required"}},  # JSend
        {"status": "FAIL"},
        {"status": "failure"},
        {"status": "Error"},
        {"status": "invalid_request"},
        {"STATUS": "rejected"},
        {"state": "failed"},
        {"result": "error"},
        {"result": "nok"},
        {"outcome": "Refused"},
        {"code": "VALIDATION_FAILED"},
        {"success": True, "status": "error"},
        {"error": {"code": 17, "message": "No such store"}},
        {"error": "No such store"},
        {"error": True},
        {"Error": ["x"]},
        {"errorMessage": "java.lang.NullPointerException", "errorType": "x"},
        {"error_description": "x"},
        {"fault": {"faultstring": "x"}},
        {"exception": "System.Exception"},
        {"hasErrors": True},
        {"isError": "true"},
        {"failed": True},
        {"errors": [{"message": "No such store"}]},  # GraphQL
        {"errors": ["Body is empty"]},
        {"errors": {"name": ["is missing"]}},
        {"errors": "Something"},
        {"message": "Internal error"},
        {"msg": "Request failed"},
        {"message": "The products were not saved"},
        {"message": "Products couldn't be synced"},
        {"message": "Unable to process the catalogue"},
        {"message": "Too many requests"},
        {"data": {"success": False}},
        {"data": {"status": "failed"}},
        {"data": {"error": "x"}},
        {"result": {"status": "error"}},
        {"response": {"data": {"success": False}}},
        {"data": [{"success": False}]},
        [{"success": False}],
        [{"error": "No such store"}],
        {"failed": [{"id": str(number)} for number in range(200)]},
        {"failedCount": 200, "message": "Processed"},
        {"errors": [{"index": number} for number in range(200)]},
        [{"id": f"P{number}", "status": "rejected"} for number in range(200)],
    ],
    ids=lambda content: json.dumps(content)[:60],
)
def test_json_that_says_no_is_a_refusal(content: Any) -> None:
    assert judge(content, 200) == REFUSED


@pytest.mark.parametrize(
    "content",
    [
        "Unauthorized",
        {"message": "Unauthorized"},
        {"message": "unauthorised"},
        {"message": "User session expired, Please Reconfigure"},
        {"message": "jwt expired"},
        {"message": "jwt malformed"},
        {"message": "invalid signature"},
        {"message": "Invalid token."},
        {"message": "No token provided"},
        {"message": "Token is not valid"},
        {"message": "The access token has expired"},
        {"message": "Please log in again"},
        {"message": "Access denied"},
        {"message": "Forbidden"},
        {"message": "You are not logged in"},
        {"success": True, "message": "Unauthorized"},
        {"status": "unauthorized"},
        {"code": "TOKEN_EXPIRED"},
        {"error": "invalid_token"},
        {"error": {"message": "Not authenticated"}},
        {"errors": [{"message": "Unauthorized"}]},
        [{"message": "Unauthenticated"}],
        {"success": False, "message": "Authentication failed"},
    ],
    ids=json.dumps,
)
def test_json_may_say_that_the_token_is_refused(content: Any) -> None:
    assert judge(content, 200) == TOKEN_REFUSED


@pytest.mark.parametrize(
    ("content", "status"),
    [
        ({"status": 500}, 500),
        ({"statusCode": "503", "message": "Busy"}, 503),
        ({"status_code": 404}, 404),
        ({"code": 429, "success": False}, 429),
        ({"error": {"code": 401, "message": "x"}}, 401),
        ({"errors": [{"status": "422", "title": "x"}]}, 422),
        ({"status": {"code": 400}}, 400),
    ],
)
def test_json_may_name_an_http_status(content: Any, status: int) -> None:
    assert judge(content, 200) == Judgement(status)


@pytest.mark.parametrize(
    "content",
    [
        {"message": "Products synced", "errors": [{"index": 3, "message": "price"}]},
        {"success": True, "errors": [{"productId": "P7"}]},
        {"errors": [{"row": 3, "reason": "price"}]},
        {"errors": {"3": "price is wrong", "17": "name is too long"}},
        {"errors": {"0.productPrice": ["must be a number"]}},
        {"errors": {"products[3].price": "x"}},
        {"status": "success", "data": {"failed": [{"id": "P3"}]}},
        {"data": {"failed": ["P3", "P4"]}},
        {"failed": 3},
        {"success": 197, "failed": "3 of them", "rejected": 3},
        {"rejectedProducts": ["P3"]},
        {"failed_count": 1},
        {"errorCount": 2, "status": "ok"},
        {"message": "197 products synced, 3 failed"},
        {"message": "Partially processed"},
        {"status": "partial_success"},
        {"status": "PARTIAL"},
        [{"id": "P1", "success": True}, {"id": "P2", "success": False}],
        [{"id": "P3", "error": "price"}],
        {"data": [{"id": "P1", "error": None}, {"id": "P2", "error": "price"}]},
        {"data": {"results": [], "errors": [{"sku": "P3"}]}},
    ],
    ids=json.dumps,
)
def test_json_that_names_some_products_as_left_out_is_accepted_with_a_warning(
    content: Any,
) -> None:
    assert judge(content, 200) == accepted_but(Doubt.LEFT_OUT)


@pytest.mark.parametrize(
    "content",
    [
        {"success": True, "message": "Internal error"},
        {"status": "ok", "errors": ["Something is odd"]},
        {"success": True, "errors": {"store": "closed"}},
    ],
    ids=json.dumps,
)
def test_json_that_says_yes_and_no_is_accepted_with_a_warning(content: Any) -> None:
    assert judge(content, 200) == accepted_but(Doubt.CONTRADICTION)


@pytest.mark.parametrize(
    "content",
    [
        "Bonjour",
        {"message": "Se guardaron los productos"},
        {"message": "Hello"},
        {"message": "No products were updated"},
        {"status": "queued"},
        {"status": "pending", "data": {}},
        {"success": "maybe"},
    ],
    ids=json.dumps,
)
def test_json_that_says_neither_is_accepted_with_a_warning(content: Any) -> None:
    assert judge(content, 200) == accepted_but(Doubt.UNCLEAR)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["status", "success", "error", "errors", "data", "failed", "message"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(json_values, st.integers(1, 200))
def test_any_json_is_judged(content: Any, sent: int) -> None:
    judge(content, sent)


def test_json_of_any_depth_is_judged() -> None:
    content: Any = {"success": False}
    for _ in range(400):
        content = {"data": [content]}
    assert judge(content, 200) == ACCEPTED
