"""What Digible can answer to a POST, as types that say what to do next."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Accepted:
    """Digible has taken the products."""

    message: str | None = None
    """Digible's words, if it sent any."""

    warning: str | None = None
    """Why perhaps not all of the products were taken, with Digible's words."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Digible won't take the products, now or later."""

    detail: str
    """For the shop owner; like all of them without the token, but perhaps with products."""

    http_status: int
    about_products: bool
    """Whether another choice of products may be accepted."""

    logged: str = field(default="", compare=False, repr=False)
    """For the log; like all of them without any product."""


@dataclass(frozen=True, slots=True)
class TokenRefused:
    """Digible doesn't accept the token."""

    detail: str
    http_status: int
    logged: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Digible answered 200 with something that is not JSON, or too long to be read."""

    detail: str
    is_too_long: bool = False
    logged: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Digible could not be reached, or asks to come back later."""

    detail: str
    http_status: int | None = None
    retry_after: float | None = None
    """Seconds."""

    in_doubt: bool = False
    """Whether the products were sent, and Digible may yet carry that out."""

    logged: str = field(default="", compare=False, repr=False)


Trouble = Refused | TokenRefused | Unreadable | Unavailable
"""Whatever keeps products from being accepted."""

Answer = Accepted | Trouble
