"""What an operator can ask for, as types."""

from dataclasses import dataclass
from pathlib import Path

from contract.blobs import StoreName


@dataclass(frozen=True, slots=True)
class ArcMachine:
    """The store's PC is connected by Azure Arc."""

    name: str
    group: str | None
    """Its resource group; None to look in all."""


@dataclass(frozen=True, slots=True)
class CertificateFile:
    """The store's PC has made a certificate."""

    file: Path


@dataclass(frozen=True, slots=True)
class GivenPrincipal:
    """The store signs in as a principal that somebody else has made."""

    id: str
    type: str


SignIn = ArcMachine | CertificateFile | GivenPrincipal


@dataclass(frozen=True, slots=True)
class Add:
    """Take a store on."""

    store: StoreName
    sign_in: SignIn
    also: bool
    """Whether the store may have another principal already."""


@dataclass(frozen=True, slots=True)
class List:
    """List the stores."""

    json: bool


@dataclass(frozen=True, slots=True)
class Check:
    """Check a store."""

    store: StoreName
    json: bool


@dataclass(frozen=True, slots=True)
class Remove:
    """Take everything from a store."""

    store: StoreName
    yes: bool


Command = Add | List | Check | Remove


@dataclass(frozen=True, slots=True)
class Arguments:
    """What the operator typed."""

    command: Command
    azd_environment: str | None
