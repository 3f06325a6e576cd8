"""The ways in which the agent can sign in to Azure."""

from dataclasses import dataclass
from pathlib import Path

ARC = "arc"
MANAGED_IDENTITY = "managed_identity"
CERTIFICATE = "certificate"
DEVELOPER = "developer"
WAYS = (ARC, MANAGED_IDENTITY, CERTIFICATE, DEVELOPER)
"""What `azure.sign_in` may be."""


@dataclass(frozen=True, slots=True)
class Arc:
    """The identity of a machine that Azure Arc has connected."""


@dataclass(frozen=True, slots=True)
class ManagedIdentity:
    """The identity of a virtual machine in Azure."""

    client_id: str | None
    """Of a user-assigned identity; None for the machine's own."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """An app registration that trusts a certificate of this computer's."""

    tenant_id: str
    client_id: str
    path: Path
    """A PEM or PFX file with the certificate and its private key, without a password."""


@dataclass(frozen=True, slots=True)
class Developer:
    """Whoever is signed in to `az` on this computer: to try things out."""


SignIn = Arc | ManagedIdentity | Certificate | Developer
