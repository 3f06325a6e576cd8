"""What a text in English says about a request: that it succeeded, failed, or failed for its token."""

import re
from enum import Enum, auto

_LOOKED_AT = 2_000  # characters


class Wording(Enum):
    """What a text says."""

    YES = auto()
    NO = auto()
    MIXED = auto()
    TOKEN_REFUSED = auto()
    UNCLEAR = auto()


_CREDENTIAL = r"(?:token|session|jwt|credentials?)"
_TOKEN_REFUSED = re.compile(
    r"\bunauthori[sz]ed\b|\bunauthenticated\b|\bforbidden\b|\b(?:access|permission) denied\b"
    r"|\bnot (?:authori[sz]ed|authenticated|logged in)\b|\binvalid signature\b"
    r"|\b(?:authentication|authori[sz]ation) (?:failed|required|error|expired|invalid|missing)\b"
    r"|\b(?:log|sign) ?in (?:again|required|first)\b"
    rf"|\b{_CREDENTIAL}\b.{{0,25}}\b(?:expired|invalid|missing|revoked|malformed|rejected|required|wrong"
    r"|not (?:valid|found|provided))\b"
    rf"|\b(?:expired|invalid|missing|bad|revoked|malformed|wrong|no)\b.{{0,15}}\b{_CREDENTIAL}\b"
)
_DONE = (
    r"(?:success\w*|succeed\w*|sync(?:ed|hroni[sz]ed)|accepted|received|saved|updated|created|imported"
    r"|uploaded|added|inserted|upserted|stored|processed|completed?|done|ok|okay|thanks?)"
)
_YES = re.compile(rf"\b{_DONE}\b")
_NO = re.compile(
    r"\b(?:errors?|err|fail\w*|fault|invalid|refus\w+|reject\w+|denied|missing|unsuccessful\w*"
    r"|exceptions?|unable|cannot|not|\w+n['’]t|wrong|bad|malformed|unprocessable|unavailable"
    r"|timed? ?out|too (?:many|large|long)|exceed\w*|unknown|unexpected)\b"
)
_PARTIAL = re.compile(r"\bpartial")
_NO_FAILURES = re.compile(
    r"\b(?:0|no|zero|without(?: any)?) (?:\w+ )?(?:errors?|failures?|failed|reject\w+|invalid|problems?)\b"
    r"|\b(?:errors?|failures?|failed|reject\w+) ?[:=] ?(?:0|none)\b"
)
_NOT_DONE = re.compile(
    rf"\b(?:not|\w+n['’]t|unable to|cannot|failed to)\b[^.;,]{{0,40}}?\b{_DONE}\b"
)
# It may mean that nothing had to be done.
_NOTHING_DONE = re.compile(rf"\b(?:0|no|nothing|none|zero)\b[^.;,]{{0,40}}?\b{_DONE}\b")


def wording(text: str) -> Wording:
    """Return what a text says; UNCLEAR if it has none of the words for it, as in another language."""
    words = " ".join(re.sub(r"[_-]+", " ", text[:_LOOKED_AT].lower()).split())
    if _TOKEN_REFUSED.search(words):
        return Wording.TOKEN_REFUSED
    words = _NOTHING_DONE.sub("", _NOT_DONE.sub("failed", _NO_FAILURES.sub("", words)))
    yes, no, partial = (pattern.search(words) for pattern in (_YES, _NO, _PARTIAL))
    if partial or (yes and no):
        return Wording.MIXED
    if no:
        return Wording.NO
    return Wording.YES if yes else Wording.UNCLEAR
