"""Why a computer's own identity, a managed one or Azure Arc's, can't be used."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.sign_in import Arc, Developer, ManagedIdentity, SignIn, prove_sign_in
from tests.agent.sign_in.proving import NOWHERE, why
from tests.agent.sign_in.stand_ins import ArcAgent, Machine
from tests.odd_server import OddServer, Pieces, Request, http


def test_no_proxy_is_asked_for_this_machines_identity(
    arc: ArcAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", NOWHERE)
    prove_sign_in(Arc())


@pytest.mark.parametrize(
    ("way", "words"),
    [
        (ManagedIdentity(None), "nothing on this computer gives out managed identities"),
        (Arc(), "the Azure Arc agent on this computer doesn't answer"),
    ],
    ids=["managed identity", "arc"],
)
@pytest.mark.parametrize("variable", ["IDENTITY_ENDPOINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST"])
def test_a_computer_without_an_identity_is_told_so_at_once(
    monkeypatch: pytest.MonkeyPatch, way: SignIn, words: str, variable: str
) -> None:
    monkeypatch.setenv(variable, NOWHERE)
    monkeypatch.setenv("IDENTITY_HEADER" if way != Arc() else "IMDS_ENDPOINT", NOWHERE)
    if variable != "IDENTITY_ENDPOINT":
        monkeypatch.delenv("IDENTITY_HEADER", raising=False)
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    assert words in str(why(way))
    assert sum(slept) < 10


@pytest.mark.parametrize(
    ("client_id", "words"),
    [(None, "has no managed identity"), ("wrong", "azure.client_id names")],
)
def test_an_identity_that_the_machine_does_not_have_is_named(
    machine: Machine, client_id: str | None, words: str
) -> None:
    machine.error = {"statusCode": 400, "message": "No User Assigned or Delegated Managed Identity"}
    assert words in str(why(ManagedIdentity(client_id)))


def test_an_agent_that_refuses_is_named(arc: ArcAgent) -> None:
    arc.answer = (400, '{"error": "invalid_request", "error_description": "disconnected"}')
    assert "gives out no identity" in str(why(Arc()))
    assert "azcmagent check" in str(why(Arc()))


@contextmanager
def other_account(folder: Path) -> Iterator[None]:
    """Be an account that may not look into the folder."""
    if sys.platform == "win32":
        pytest.skip("needs machine: POSIX, whose folders have modes")
    folder.chmod(0)
    is_root = os.geteuid() == 0  # who may look everywhere
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        folder.chmod(0o700)


def test_an_account_outside_the_agents_group_is_told_which(arc: ArcAgent) -> None:
    def answer(request: Request) -> Pieces:  # the agent may write there, whoever asks
        yield http(401, b"", f"WWW-Authenticate: Basic realm={arc.folder / 'x.key'}")

    with OddServer(answer) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{server.port}/metadata")
        with other_account(arc.folder):
            error = why(Arc())
    assert "the account that runs shopmaster may not use" in error.cause
    assert "Hybrid agent extension applications" in error.remedy
    assert "himds" in error.remedy


def test_a_developer_without_az_is_told_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert "`az` isn't installed" in str(why(Developer()))
