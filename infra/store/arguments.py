"""The arguments of `python -m infra.store`, parsed into types."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from contract.blobs import InvalidStoreError, StoreName, parse_store
from infra.store.commands import (
    Add,
    ArcMachine,
    Arguments,
    CertificateFile,
    Check,
    Command,
    GivenPrincipal,
    List,
    Remove,
    SignIn,
)
from infra.store.pc import MAKE_CERTIFICATE

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)
_MACHINE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}\Z")
_GROUP = re.compile(r"[\w.()-]{1,90}\Z")


def parse(argv: Sequence[str] | None) -> Arguments:
    """Return the arguments as types; raises SystemExit(2) for wrong ones, after saying why."""
    parser = parser_of_store()
    parsed = parser.parse_args(argv)
    command: Command
    match parsed.command:
        case "add":
            command = Add(parsed.store, _sign_in(parser, parsed), parsed.also)
        case "list":
            command = List(parsed.json)
        case "check":
            command = Check(parsed.store, parsed.json)
        case _:
            command = Remove(parsed.store, parsed.yes)
    return Arguments(command, parsed.environment)


def parser_of_store() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.store",
        description="Takes stores on, lists, checks and removes them, by `az` as you signed in to it.",
        epilog="Exit codes: 0 done (or all well), 1 failed, 2 wrong arguments or unknown installation.",
    )
    parser.add_argument(
        "--environment", metavar="NAME", help="the azd environment, if it isn't the selected one"
    )
    commands = parser.add_subparsers(title="commands", dest="command", required=True)
    _add_arguments(
        commands.add_parser(
            "add",
            help="give a store its rights, and print what its PC needs",
            epilog=MAKE_CERTIFICATE,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
    )
    listing = commands.add_parser("list", help="list the stores, and with what they sign in")
    listing.add_argument("--json", action="store_true", help="for programs")
    check = commands.add_parser("check", help="look at everything that a store needs in Azure")
    check.add_argument("store", type=_store, metavar="STORE")
    check.add_argument("--json", action="store_true", help="for programs")
    remove = commands.add_parser("remove", help="take all rights and the token from a store")
    remove.add_argument("store", type=_store, metavar="STORE")
    remove.add_argument("--yes", action="store_true", help="don't ask")
    return parser


def _add_arguments(add: argparse.ArgumentParser) -> None:
    add.add_argument("store", type=_store, metavar="STORE")
    sign_in = add.add_mutually_exclusive_group(required=True)
    sign_in.add_argument("--arc", type=_machine, metavar="MACHINE", help="a PC with Azure Arc")
    sign_in.add_argument(
        "--certificate", type=Path, metavar="FILE", help="the PC's public certificate (PEM)"
    )
    sign_in.add_argument(
        "--principal-id", type=_guid, metavar="ID", help="object id of a principal that exists"
    )
    add.add_argument(
        "--arc-resource-group", type=_group, metavar="GROUP", help="if several have such a machine"
    )
    add.add_argument(
        "--principal-type",
        choices=("ServicePrincipal", "User"),
        help="of --principal-id (ServicePrincipal)",
    )
    add.add_argument(
        "--also", action="store_true", help="the store has another principal already, and keeps it"
    )


def _sign_in(parser: argparse.ArgumentParser, parsed: argparse.Namespace) -> SignIn:
    if parsed.arc_resource_group is not None and parsed.arc is None:
        parser.error("--arc-resource-group goes with --arc")
    if parsed.principal_type is not None and parsed.principal_id is None:
        parser.error("--principal-type goes with --principal-id")
    if parsed.arc is not None:
        return ArcMachine(parsed.arc, parsed.arc_resource_group)
    if parsed.certificate is not None:
        return CertificateFile(parsed.certificate)
    return GivenPrincipal(parsed.principal_id, parsed.principal_type or "ServicePrincipal")


def _store(text: str) -> StoreName:
    try:
        return parse_store(text)
    except InvalidStoreError as invalid:
        raise argparse.ArgumentTypeError(f"it {invalid}") from None


def _guid(text: str) -> str:
    if not _GUID.match(text):
        raise argparse.ArgumentTypeError("it is not an object id, such as 01234567-89ab-…")
    return text.lower()


def _machine(text: str) -> str:
    if not _MACHINE.match(text):
        raise argparse.ArgumentTypeError(
            "it is not the name of a machine (`azcmagent show` tells it)"
        )
    return text


def _group(text: str) -> str:
    if not _GROUP.match(text):
        raise argparse.ArgumentTypeError("it is not the name of a resource group")
    return text
