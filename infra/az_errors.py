"""What the error output of `az` means, and what an operator can do about it."""

import re
from dataclasses import dataclass

from infra.errors import AzError, AzProblem

_LONGEST = 300
_SECRET = re.compile(r"(code|sig|key|password|token)=[^&\s\"']+", re.IGNORECASE)
_ACTION = re.compile(r"to perform action '([^']+)'")


@dataclass(frozen=True, slots=True)
class _Meaning:
    problem: AzProblem
    signs: tuple[str, ...]
    """Any of these in the output, in any case, gives it away."""

    to_do: str


_MEANINGS = (
    _Meaning(
        AzProblem.SIGN_IN,
        ("az login", "AADSTS", "reauthenticate", "refresh token has expired"),
        "The Azure command line is not signed in, or its sign-in has expired. Run `az login`.",
    ),
    _Meaning(
        AzProblem.LIMIT,
        ("RoleAssignmentLimitExceeded",),
        "The subscription has no room for more role assignments (4,000; a store needs three). "
        "Remove stores that have gone, or make a second installation in another subscription.",
    ),
    _Meaning(
        AzProblem.TAKEN,
        ("RoleAssignmentExists", "RoleAssignmentUpdateNotPermitted"),
        "The principal already has one of these rights under another name: Azure allows one "
        "assignment for each principal, role and scope. Remove the store that it belongs to first.",
    ),
    _Meaning(
        AzProblem.PRINCIPAL,
        ("PrincipalNotFound", "PrincipalTypeNotSupported", "UnmatchedPrincipalType"),
        "Azure doesn't know the principal, or not as this type. Check the object id (of an app, it is "
        "that of the enterprise application) and --principal-type; a new one needs a minute or two.",
    ),
    _Meaning(
        AzProblem.DATA,
        ("ForbiddenByRbac", "required permissions needed", "AuthorizationPermissionMismatch"),
        "You may not use the data of this storage account or vault. Managing it isn't enough: that "
        "takes a role for its data. A role that was given a moment ago needs up to ten minutes.",
    ),
    _Meaning(
        AzProblem.FIREWALL,
        (
            *("ForbiddenByFirewall", "ForbiddenByConnection", "blocked by network rules"),
            "public network access is disabled",
        ),
        "The storage account or vault is closed to this computer's network. Run this from a machine "
        "in the private network.",
    ),
    _Meaning(
        AzProblem.DIRECTORY,
        ("Authorization_RequestDenied", "Insufficient privileges"),
        "You may not do this in the directory (Microsoft Entra ID). Ask for the directory role "
        "Application Developer, or let its administrator make the principal and use --principal-id.",
    ),
    _Meaning(
        AzProblem.DENIED,
        ("AuthorizationFailed", "does not have authorization to perform action"),
        "You may not do this. Giving and taking rights needs the role Owner, or Role Based Access "
        "Control Administrator, on the resource group.",
    ),
    _Meaning(
        AzProblem.BUSY,
        (
            *("ObjectIsDeletedButRecoverable", "ObjectIsBeing", "Conflict", "ServiceUnavailable"),
            *("Too Many Requests", "BadGateway", "GatewayTimeout", "InternalServerError"),
            "from host runtime",
        ),
        "Azure is busy with it. Try again in a minute.",
    ),
    _Meaning(
        AzProblem.NOT_FOUND,
        (
            *("NotFound", "not found", "doesn't exist", "does not exist", "could not be found"),
            "does not reference a valid application",
        ),
        "It is not there. If the installation was moved or made anew, run `azd env refresh`.",
    ),
    _Meaning(
        AzProblem.UNREACHABLE,
        (
            *("Max retries exceeded", "Failed to establish a new connection", "getaddrinfo"),
            *("timed out", "Connection aborted", "Failed to resolve"),
        ),
        "Azure can't be reached. Check this computer's connection, and HTTPS_PROXY if it has a proxy.",
    ),
)


def explained(command: str, said: str) -> AzError:
    """Return the error for a command of `az` (its words without values) from what it said."""
    line = _first_line(said)
    for meaning in _MEANINGS:
        if any(sign.lower() in said.lower() for sign in meaning.signs):
            action = _ACTION.search(said)
            missing = f" The action {action[1]} is missing." if action else ""
            words = f"{meaning.to_do}{missing} (`{command}` said: {line})"
            return AzError(meaning.problem, words)
    return AzError(AzProblem.OTHER, f"`{command}` failed: {line}")


def _first_line(said: str) -> str:
    """Return the first line that says something, without what may be secret."""
    lines = (line.removeprefix("ERROR:").strip() for line in said.splitlines())
    first = next(filter(None, lines), "nothing")
    shown = "".join(character if character.isprintable() else " " for character in first)
    return _SECRET.sub(r"\1=…", shown)[:_LONGEST]
