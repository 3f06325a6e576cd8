"""How the agent signs in to Azure: one explicit way, so that nobody waits for a chain of guesses."""

from agent.sign_in.credential import credential_for, prove_sign_in
from agent.sign_in.ways import (
    ARC,
    CERTIFICATE,
    MANAGED_IDENTITY,
    WAYS,
    Arc,
    Certificate,
    Developer,
    ManagedIdentity,
    SignIn,
)

__all__ = [
    "ARC",
    "CERTIFICATE",
    "MANAGED_IDENTITY",
    "WAYS",
    "Arc",
    "Certificate",
    "Developer",
    "ManagedIdentity",
    "SignIn",
    "credential_for",
    "prove_sign_in",
]
