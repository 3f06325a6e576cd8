"""What the JSON in a response with status 200 says about the products: a pure decision.

How Digible reports a refusal, or that it left some products out, is not public. So JSON that says nothing
about it counts as accepted, each common way of saying no counts as a refusal, and what is in between is
accepted with a warning. The section "What counts as accepted" in docs/function.md lists all of it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any

from function_app.digible.wording import Wording, wording


class Verdict(Enum):
    """What JSON says about the products of a request."""

    ACCEPTED = auto()
    REFUSED = auto()
    TOKEN_REFUSED = auto()


class Doubt(Enum):
    """Why products that count as accepted may not all have been, in words for the shop owner."""

    LEFT_OUT = "Digible names products that it did not take"
    CONTRADICTION = "Digible says that it took the products, but also"
    UNCLEAR = "Digible does not say clearly whether it took the products"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict, and what qualifies it."""

    verdict: Verdict | int
    """An int is an HTTP status that the JSON names; it counts as if it were the response's own."""

    doubt: Doubt | None = None


class _Sign(Enum):
    YES = auto()
    NO = auto()
    NO_BUT_FOR_A_YES = auto()
    TOKEN_REFUSED = auto()
    LEFT_OUT = auto()
    UNCLEAR = auto()


_Signs = Iterator[_Sign | int]

_DEPTH = 3  # of objects within objects
_YES = frozenset({"true", "yes", "y", "1", "on", "ok", "success"})
_NO = frozenset({"false", "no", "n", "0", "off", "ko", "nok", "fail", "failed", "failure", "error"})
_NOTHING = frozenset({"", "none", "null", "no", "false", "0", "ok", "n/a"})
_HTTP_STATUS = re.compile(r"[2-5]\d\d")
_NUMBER = re.compile(r"-?\d+")
_PLACE = re.compile(r"\D{0,20}\d+\b.*")  # 3, 0.productPrice, products[7], P17
_NAMES_OF_PRODUCTS = frozenset(
    {"index", "idx", "row", "line", "position", "id", "productid", "product", "item", "sku"}
)


@dataclass(frozen=True, slots=True)
class _Where:
    """Where in the JSON a value stands."""

    sent: int
    depth: int = _DEPTH
    is_about_request: bool = True
    """Whether it can't be a store's or a product's data, which may have a `status` of its own."""

    def within(self, *, is_about_request: bool) -> "_Where":
        return replace(
            self,
            depth=self.depth - 1,
            is_about_request=self.is_about_request and is_about_request,
        )


def judge(content: Any, sent: int) -> Judgement:
    """Return what JSON (decoded) says about the products of a request that held `sent` of them."""
    where = _Where(sent)
    match content:
        case dict():
            return _judgement(_of_object(content, where))
        case list():
            return _judgement(_of_results(content, where))
        case str():
            return _judgement([_of_words(content)])
        case False:
            return Judgement(Verdict.REFUSED)
        case _:
            return Judgement(Verdict.ACCEPTED)


def _judgement(found: Iterable[_Sign | int]) -> Judgement:
    signs = list(found)
    if _Sign.TOKEN_REFUSED in signs:
        return Judgement(Verdict.TOKEN_REFUSED)
    for sign in signs:
        if isinstance(sign, int):
            return Judgement(sign)
    yes = _Sign.YES in signs
    if _Sign.NO in signs or (_Sign.NO_BUT_FOR_A_YES in signs and not yes):
        return Judgement(Verdict.REFUSED)
    doubt = None
    if _Sign.LEFT_OUT in signs:
        doubt = Doubt.LEFT_OUT
    elif _Sign.NO_BUT_FOR_A_YES in signs:
        doubt = Doubt.CONTRADICTION
    elif _Sign.UNCLEAR in signs and not yes:
        doubt = Doubt.UNCLEAR
    return Judgement(Verdict.ACCEPTED, doubt)


def _of_object(content: Mapping[str, Any], where: _Where) -> _Signs:
    for name, value in content.items():
        for pattern, signs_of in _FIELDS:
            if pattern.fullmatch(_key(name)):
                yield from signs_of(value, where)


def _of_envelope(value: Any, where: _Where, *, is_about_request: bool) -> _Signs:
    inner = where.within(is_about_request=is_about_request)
    if inner.depth and isinstance(value, dict):
        yield from _of_object(value, inner)
    elif inner.depth and isinstance(value, list):
        yield from _of_results(value, inner)


def _of_data(value: Any, where: _Where) -> _Signs:
    yield from _of_envelope(value, where, is_about_request=False)


def _of_flag(value: Any, _: _Where) -> _Signs:
    if isinstance(value, str) and value and not _is_yes(value) and not _is_no(value):
        yield _Sign.UNCLEAR
    elif isinstance(value, str | int) and value != "":
        yield _Sign.NO if _is_no(value) else _Sign.YES


def _of_counter_flag(value: Any, _: _Where) -> _Signs:
    if _is_yes(value):
        yield _Sign.NO


def _of_status(value: Any, where: _Where) -> _Signs:
    yield from _of_envelope(value, where, is_about_request=True)
    yield from _of_code(value, where)
    text = value.strip() if isinstance(value, str) and where.is_about_request else ""
    if text and not _NUMBER.fullmatch(text) and _of_words(text) is _Sign.UNCLEAR:
        yield _Sign.UNCLEAR


def _of_code(value: Any, where: _Where) -> _Signs:
    text = str(value).strip() if isinstance(value, str | int) else ""
    if not where.is_about_request:
        if text.lower() in _NO - {"0"}:
            yield _Sign.NO
    elif isinstance(value, bool):
        yield _Sign.YES if value else _Sign.NO
    elif _HTTP_STATUS.fullmatch(text):
        yield _Sign.YES if text.startswith("2") else int(text)
    elif not _NUMBER.fullmatch(text):  # other numbers mean something else in each API
        sign = _of_words(text)
        if _is_no(text) or sign is _Sign.NO_BUT_FOR_A_YES:
            yield _Sign.NO
        elif sign is not _Sign.UNCLEAR:
            yield sign


def _of_message(value: Any, where: _Where) -> _Signs:
    if where.is_about_request and isinstance(value, str) and value.strip():
        yield _of_words(value)


def _of_error(value: Any, _: _Where) -> _Signs:
    if value and not (isinstance(value, str) and value.strip().lower() in _NOTHING):
        yield from _of_reasons(_parts(value))
        yield _Sign.NO


def _of_errors(value: Any, where: _Where) -> _Signs:
    yield from _of_failures(value, where.sent, scalars_are_names=False)


def _of_left_out(value: Any, where: _Where) -> _Signs:
    yield from _of_failures(value, where.sent, scalars_are_names=True)


def _of_failures(value: Any, sent: int, *, scalars_are_names: bool) -> _Signs:
    """Yield what the failures that JSON lists or counts mean: all of the products, or some."""
    match value:
        case True:
            yield _Sign.NO
        case int() if value > 0:
            yield _of_number(value, sent)
        case str() if value.strip().lower() not in _NOTHING:
            yield _Sign.NO_BUT_FOR_A_YES
        case dict() if value and all(map(_PLACE.fullmatch, value)):
            yield _of_number(len(value), sent)
        case list() if value and all(_names_product(each, scalars_are_names) for each in value):
            yield _of_number(len(value), sent)
        case dict() | list() if value:
            yield _Sign.NO_BUT_FOR_A_YES
            for each in _parts(value):
                yield from _of_reasons(_parts(each))
        case _:
            pass


def _of_number(failures: int, sent: int) -> _Sign:
    return _Sign.NO if failures >= sent else _Sign.LEFT_OUT


def _of_reasons(reasons: Iterable[Any]) -> _Signs:
    """Yield what an HTTP status, or words about a token, in an error can only mean."""
    for value in reasons:
        text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
        if _HTTP_STATUS.fullmatch(text) and not text.startswith("2"):
            yield int(text)
        elif _of_words(text) is _Sign.TOKEN_REFUSED:
            yield _Sign.TOKEN_REFUSED


def _of_results(results: list[Any], where: _Where) -> _Signs:
    """Yield what a list means that has an object for each product, for those left out, or for the request."""
    verdicts = [
        (each, _judgement(_of_object(each, replace(where, sent=1, is_about_request=True))).verdict)
        for each in results
        if isinstance(each, dict)
    ]
    failed = [each for each, verdict in verdicts if verdict is not Verdict.ACCEPTED]
    if any(verdict is Verdict.TOKEN_REFUSED for _, verdict in verdicts):
        yield _Sign.TOKEN_REFUSED
    if failed:
        are_products = len(failed) < len(results) or any(_names_product(each) for each in failed)
        yield _of_number(len(failed), where.sent) if are_products else _Sign.NO


def _of_words(text: str) -> _Sign:
    return _SIGNS[wording(text)]


_SIGNS = {
    Wording.YES: _Sign.YES,
    Wording.NO: _Sign.NO_BUT_FOR_A_YES,
    Wording.MIXED: _Sign.LEFT_OUT,
    Wording.TOKEN_REFUSED: _Sign.TOKEN_REFUSED,
    Wording.UNCLEAR: _Sign.UNCLEAR,
}
_FIELDS: tuple[tuple[re.Pattern[str], Callable[[Any, _Where], _Signs]], ...] = tuple(
    (re.compile(names), signs_of)
    for names, signs_of in (
        (r"(?:is)?success(?:ful)?|succeeded|ok", _of_flag),
        (r"(?:is|has)(?:errors?|failed|failures?)", _of_counter_flag),
        (
            r"(?:error|fault|exception)(?:message|type|code|description|name|details?)?",
            _of_error,
        ),
        (r"errors|exceptions", _of_errors),
        (r"errors?count", _of_left_out),
        (
            r"(?:failed|failures?|rejected|rejections|invalid)(?:products?|items?|ids|rows|count)?",
            _of_left_out,
        ),
        (r"status|state|result|outcome", _of_status),
        (r"code|(?:http)?statuscode|httpstatus|responsecode", _of_code),
        (r"message|msg", _of_message),
        (r"data|body|payload|meta|response", _of_data),
    )
)


def _names_product(failure: Any, scalars_are_names: bool = False) -> bool:
    if isinstance(failure, dict):
        return any(_key(name) in _NAMES_OF_PRODUCTS for name in failure)
    return scalars_are_names


def _key(name: str) -> str:
    """Return a key as all of its spellings: `Status_Code` and `statusCode` are one."""
    return re.sub(r"[^a-z]", "", name.lower())


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else [value]


def _is_no(value: str | int) -> bool:
    return value.strip().lower() in _NO if isinstance(value, str) else value == 0


def _is_yes(value: Any) -> bool:
    return value.strip().lower() in _YES if isinstance(value, str) else bool(value)
