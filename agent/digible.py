"""Logs in to Digible: e-mail and password go to it alone, and a token comes back."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from agent.connecting.obstacles import obstacle, unreachable
from agent.connecting.proxy import proxy_for
from agent.connecting.trouble import Goal
from agent.errors import LoginError
from agent.showing import shown
from agent.token_expiry import expiry_of

if TYPE_CHECKING:
    import requests

PATH = "/business/account/auth/login"

_CONNECT_SECONDS, _ANSWER_SECONDS = 8, 30
_LONGEST_ANSWER = 1 << 20
_FAILURE = "Nobody was logged in"
_SETTING = "digible.api_url in the settings"
_WRONG = frozenset({400, 401, 403, 422})
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """What Digible gives to whoever knows the password."""

    token: str = field(repr=False)
    expires_on: datetime | None
    """When the token expires, if it says so."""

    message: str
    """Digible's own words, or nothing."""


def log_in(url: str, email: str, password: str) -> LoggedIn:
    """Log in at Digible's address, such as https://api.digible.one/v1; raises LoginError.

    Redirects are not followed, and http, which is for this computer alone, goes through no proxy.
    """
    import requests  # noqa: PLC0415  it takes longer than `--help`

    parts = urlsplit(url)
    with requests.Session() as session:
        session.trust_env = parts.scheme == "https"  # its proxy sees nothing of what is encrypted
        try:
            status, body = _post(session, url, {"email": email, "password": password})
        except OSError as error:  # of which every error of requests is one
            goal = Goal(f"Digible at {parts.netloc}", _SETTING)
            proxy = proxy_for(parts.scheme, parts.hostname or "") if session.trust_env else None
            said = repr(error)
            trouble = obstacle(said, goal, proxy) or unreachable(said, goal, proxy)
            # What requests says may quote the request, and so the password: it is no cause to show.
            raise LoginError(f"{_FAILURE}: {trouble.cause}", trouble.remedy) from None
    return read_answer(status, body, password)


def _post(session: "requests.Session", url: str, given: dict[str, str]) -> tuple[int, bytes]:
    with session.post(
        url + PATH,
        json=given,
        headers={"Accept": "application/json"},
        auth=_nobody,
        allow_redirects=False,
        timeout=(_CONNECT_SECONDS, _ANSWER_SECONDS),
        stream=True,
    ) as answer:
        body = b""
        for piece in answer.iter_content(1 << 16):
            body += piece
            if len(body) > _LONGEST_ANSWER:
                break
        return answer.status_code, body


def _nobody(request: Any) -> Any:
    """Leave the request as it is: by default, a password in a file .netrc would be added."""
    return request


def read_answer(status: int, body: bytes, password: str) -> LoggedIn:
    """Return what Digible's answer to a login means; raises LoginError."""
    found = _decoded(body)
    message = _words(found, password)
    if status != 200:
        raise _refused(status, message)
    if found is None:
        raise LoginError(
            f"{_FAILURE}: what answers is not Digible, because it sends no JSON.",
            f"Check {_SETTING}, and whether a proxy or a Wi-Fi's sign-in page intercepts the connection.",
        )
    data = found.get("data")
    token = data.get("token") if isinstance(data, dict) else None
    if not isinstance(token, str) or not (token := token.strip()) or not _can_be_sent(token):
        raise LoginError(
            f"{_FAILURE}: Digible accepted the password but sent no token{_quoted(message)}.",
            "Try again; if that doesn't help, tell your operator.",
        )
    return LoggedIn(token, expiry_of(token), message)


def _refused(status: int, message: str) -> LoginError:
    said = f"(HTTP {status}){_quoted(message)}"
    if status in _WRONG:
        return LoginError(
            f"{_FAILURE}: Digible refuses the e-mail or the password {said}.",
            "Check both, and try them at Digible itself.",
        )
    if status in _PASSING:
        busy = "too many have tried" if status == 429 else "it is busy or in trouble"
        return LoginError(
            f"{_FAILURE}: Digible can't do it now, {busy} {said}.", "Try again in a few minutes."
        )
    if 300 <= status < 400:
        return LoginError(
            f"{_FAILURE}: Digible's address leads elsewhere {said}, where no password is sent.",
            f"Correct {_SETTING}.",
        )
    return LoginError(f"{_FAILURE}: Digible answers oddly {said}.", f"Check {_SETTING}.")


def _decoded(body: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _words(found: dict[str, Any] | None, password: str) -> str:
    """Return Digible's own words, without the password that they might repeat."""
    message = found.get("message") if found is not None else None
    return shown(message.replace(password, "***"), 200) if isinstance(message, str) else ""


def _quoted(message: str) -> str:
    return f": “{message.rstrip('.')}”" if message else ""


def _can_be_sent(token: str) -> bool:
    """Return whether a token can stand in a header."""
    return token.isascii() and token.isprintable()
