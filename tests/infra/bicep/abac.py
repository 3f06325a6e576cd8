"""Evaluates conditions of role assignments as Azure does: the part of its language that ours are in.

The grammar: Microsoft's "Azure role assignment condition format and syntax", version 2.0.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<symbol>[()!])
      | (?P<word>AND|OR|NOT)\b
      | (?P<test>ActionMatches|SubOperationMatches)\{'(?P<named>[^']*)'\}
      | @(?P<source>Resource|Request)\[(?P<attribute>[^\]]+)\]\s+(?P<operator>\w+)\s+'(?P<value>[^']*)'
    )""",
    re.VERBOSE,
)


class ConditionError(ValueError):
    """The text is no condition of the part of the language that is understood here."""


@dataclass(frozen=True, slots=True)
class Access:
    """What somebody tries to do."""

    action: str
    sub_operation: str | None = None
    resource: Mapping[str, str] = field(default_factory=dict)
    request: Mapping[str, str] = field(default_factory=dict)


Predicate = Callable[[Access], bool]


def is_allowed(condition: str, access: Access) -> bool:
    """Return whether the condition holds for what somebody tries; raises ConditionError."""
    parser = _Parser(condition)
    predicate = parser.disjunction()
    parser.expect_end()
    return predicate(access)


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens: list[re.Match[str]] = []
        position = 0
        while text[position:].strip():
            token = _TOKEN.match(text, position)
            if token is None:
                raise ConditionError(f"not understood: {text[position:].strip()[:60]}")
            self._tokens.append(token)
            position = token.end()

    def disjunction(self) -> Predicate:
        found = self._conjunction()
        while self._take("OR"):
            found = _either(found, self._conjunction())
        return found

    def expect_end(self) -> None:
        if self._tokens:
            raise ConditionError(f"too much: {self._tokens[0][0].strip()}")

    def _conjunction(self) -> Predicate:
        found = self._negation()
        while self._take("AND"):
            found = _both(found, self._negation())
        return found

    def _negation(self) -> Predicate:
        if self._take("!") or self._take("NOT"):
            return _not(self._negation())
        if self._take("("):
            found = self.disjunction()
            if not self._take(")"):
                raise ConditionError("a bracket is not closed")
            return found
        return self._comparison()

    def _comparison(self) -> Predicate:
        if not self._tokens:
            raise ConditionError("it ends too early")
        token = self._tokens.pop(0)
        if token["test"] == "ActionMatches":
            return _action(token["named"])
        if token["test"] == "SubOperationMatches":
            return _sub_operation(token["named"])
        if token["attribute"]:
            return _attribute(
                token["source"], token["attribute"], token["operator"], token["value"]
            )
        raise ConditionError(f"out of place: {token[0].strip()}")

    def _take(self, text: str) -> bool:
        if self._tokens and text in (self._tokens[0]["symbol"], self._tokens[0]["word"]):
            self._tokens.pop(0)
            return True
        return False


def _either(one: Predicate, other: Predicate) -> Predicate:
    return lambda access: one(access) or other(access)


def _both(one: Predicate, other: Predicate) -> Predicate:
    return lambda access: one(access) and other(access)


def _not(one: Predicate) -> Predicate:
    return lambda access: not one(access)


def _action(named: str) -> Predicate:
    return lambda access: _is_like(access.action.lower(), named.lower())


def _sub_operation(named: str) -> Predicate:
    return lambda access: access.sub_operation == named


def _attribute(source: str, attribute: str, operator: str, expected: str) -> Predicate:
    if operator not in _OPERATORS:
        raise ConditionError(f"unknown operator: {operator}")

    def holds(access: Access) -> bool:
        actual = (access.resource if source == "Resource" else access.request).get(attribute)
        # An attribute that a request doesn't have never satisfies a comparison.
        return actual is not None and _OPERATORS[operator](actual, expected)

    return holds


def _is_like(actual: str, pattern: str) -> bool:
    parts = (
        {"*": ".*", "?": "."}.get(part, re.escape(part)) for part in re.split(r"([*?])", pattern)
    )
    return re.fullmatch("".join(parts), actual, re.DOTALL) is not None


_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": str.__eq__,
    "StringLike": _is_like,
    "StringStartsWith": str.startswith,
}
