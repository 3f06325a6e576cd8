"""A store's public certificate, and the app registration that trusts it."""

import base64
import hashlib
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from contract.blobs import StoreName
from infra.az import AzureCli
from infra.errors import AzError, AzProblem, OperatorError, UsageError
from infra.installation import Installation
from infra.store.principals import Principal, PrincipalKind
from infra.waiting import Clock, wait_for

_CERTIFICATE = re.compile("-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
T = TypeVar("T")

_REPLICATION = 120.0
"""Seconds that a new app may take to be seen everywhere in the directory."""


@dataclass(frozen=True, slots=True)
class PublicCertificate:
    """A certificate without its private key."""

    file: Path
    thumbprint: str
    """SHA-1 of the certificate, as the directory has it, in hexadecimal."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A certificate that an app registration trusts."""

    thumbprint: str
    expires_at: datetime


def app_name(store: StoreName, at: Installation) -> str:
    """Return the name of the app registration that `add` makes for a store.

    The storage account's name tells installations in one tenant apart. It has no hyphen, so no two
    stores of two installations share a name.
    """
    return f"shopmaster-{at.storage_account}-{store}"


def read_certificate(file: Path) -> PublicCertificate:
    """Read a public certificate in PEM form; raises UsageError, also if a private key is beside it."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise UsageError(
            f"The certificate {file} can't be read ({why}). `python -m infra.store add --help` shows "
            "how the PC makes it; bring the file that ends in -public.pem, and only that."
        ) from error
    if "PRIVATE KEY" in text:
        raise UsageError(
            f"{file} contains a private key, which must never leave the PC. Delete this copy, make a "
            "new certificate on the PC, and bring only its public part."
        )
    found = _CERTIFICATE.findall(text)
    if len(found) != 1:
        raise UsageError(
            f"{file} must hold exactly one certificate in PEM form (-----BEGIN CERTIFICATE-----); "
            f"it holds {len(found) or 'none'}."
        )
    try:
        der = ssl.PEM_cert_to_DER_cert(found[0])
    except ValueError:
        raise UsageError(f"The certificate in {file} is damaged. Copy it again.") from None
    # Not for security: it is the directory's name for the certificate.
    digest = hashlib.sha1(der, usedforsecurity=False).hexdigest()
    return PublicCertificate(file, digest)


def find_app(az: AzureCli, name: str) -> str | None:
    """Return the client id of the app registration with exactly this name, if there is one."""
    # By filter: --display-name would also find the apps of stores whose names begin alike.
    apps = az.directory("ad", "app", "list", "--filter", f"displayName eq '{name}'") or []
    ids = [str(app["appId"]) for app in apps if app["displayName"] == name]
    if len(ids) > 1:
        raise OperatorError(
            f"The directory has {len(ids)} app registrations named {name}. Delete those without the "
            "store's rights: `az ad app delete --id …`."
        )
    return ids[0] if ids else None


def make_app(az: AzureCli, name: str, clock: Clock) -> Principal:
    """Make an app registration and its principal, with no way to sign in yet; raises AzError."""
    app = az.directory(
        *("ad", "app", "create", "--display-name", name, "--sign-in-audience", "AzureADMyOrg")
    )
    client_id = str(app["appId"])
    try:
        made = _patiently(clock, lambda: az.directory("ad", "sp", "create", "--id", client_id))
    except BaseException:
        delete_app(az, client_id)
        raise
    return Principal(str(made["id"]), PrincipalKind.APP, name, client_id)


def delete_app(az: AzureCli, client_id: str) -> None:
    """Delete an app registration and its principal; one that is no longer there is no error."""
    try:
        az.directory("ad", "app", "delete", "--id", client_id)
    except AzError as error:
        if error.problem is not AzProblem.NOT_FOUND:
            raise


def trust(az: AzureCli, client_id: str, certificate: PublicCertificate, clock: Clock) -> bool:
    """Let an app sign in by a certificate beside those that it has; return False if it already may."""
    known = _patiently(clock, lambda: credentials(az, client_id))
    if any(one.thumbprint == certificate.thumbprint for one in known):
        return False
    # --years is only the upper limit: the certificate's own end comes first.
    reset = ("ad", "app", "credential", "reset", "--append", "--years", "50")
    _patiently(
        clock,
        lambda: az.directory(*reset, "--id", client_id, "--cert", f"@{certificate.file}"),
    )
    return True


def credentials(az: AzureCli, client_id: str) -> list[Credential]:
    """Return the certificates that an app trusts."""
    listed = az.directory("ad", "app", "credential", "list", "--id", client_id, "--cert") or []
    return [
        Credential(_thumbprint(one), datetime.fromisoformat(one["endDateTime"]).astimezone(UTC))
        for one in listed
    ]


def _thumbprint(one: dict[str, Any]) -> str:
    """Return a credential's thumbprint, which the directory writes in hexadecimal or in Base64."""
    text = str(one.get("customKeyIdentifier") or "")
    if re.fullmatch(r"[0-9A-Fa-f]{40}", text):
        return text.lower()
    try:
        return base64.b64decode(text, validate=True).hex()
    except ValueError:
        return ""


def _patiently(clock: Clock, call: Callable[[], T]) -> T:
    """Repeat a call until the directory knows everywhere what was just made."""
    errors: list[AzError] = []

    def look() -> tuple[T] | None:
        try:
            return (call(),)
        except AzError as error:
            if error.problem not in {AzProblem.NOT_FOUND, AzProblem.BUSY}:
                raise
            errors.append(error)
            return None

    found = wait_for(look, clock, patience=_REPLICATION, pause=5)
    if found is None:
        raise errors[-1]
    return found[0]
