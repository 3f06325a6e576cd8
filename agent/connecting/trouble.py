"""Why a service couldn't be used, and what to do about it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trouble:
    """What went wrong on the way to a service, without what was being done."""

    cause: str
    """The rest of a sentence, such as `the proxy 10.0.0.1:8080 doesn't answer.`"""

    remedy: str
    """What to do next, in whole sentences."""

    may_pass: bool = False
    """Whether the same call may succeed in a while, although nobody does anything."""


@dataclass(frozen=True, slots=True)
class Goal:
    """The service that was to be reached."""

    name: str
    """Such as `the storage account shop.blob.core.windows.net`."""

    setting: str | None = None
    """What leads to it, such as `the account in the settings`; None if there is nothing to correct."""
