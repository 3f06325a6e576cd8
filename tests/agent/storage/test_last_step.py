"""The last step of an upload makes the blob visible: if nobody knows whether it did, the message says so."""

from collections.abc import Callable
from typing import Any

import pytest
from azure.core.exceptions import AzureError, ServiceRequestError, ServiceResponseError
from azure.storage.blob import BlobClient, BlobServiceClient

from agent.errors import SignInError, StorageError, StorageUnavailableError
from agent.scheduling.retrying import may_pass
from agent.storage.account import AzureStorage
from agent.storage.address import StorageConnection, StorageSignIn, parse_account_url
from contract.blobs import RunId, StoreName
from tests.agent.shops import FakeTime
from tests.agent.storage.accounts import put, visible
from tests.odd_server import OddServer, Pieces, Request, always, http

AWAY = ServiceRequestError("Failed to establish a new connection: Network is unreachable")
NOT_NOW = SignInError("the network is away.", "Try again.", may_pass=True)


def fails(monkeypatch: pytest.MonkeyPatch, error: AzureError | SignInError) -> None:
    """Let every try of the last step fail before anything is sent."""

    def failing(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(BlobClient, "commit_block_list", failing)


def is_cut_off_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the service carry out the last step, and never be reached again."""
    commit, later = BlobClient.commit_block_list, list[bool]()

    def losing(*arguments: Any, **options: Any) -> None:
        if later:
            raise AWAY
        later.append(True)
        commit(*arguments, **options)
        raise ServiceResponseError("Connection aborted.")

    monkeypatch.setattr(BlobClient, "commit_block_list", losing)


def upload(storage: str | StorageSignIn, store: StoreName) -> None:
    sign_in = StorageConnection(storage) if isinstance(storage, str) else storage
    put(AzureStorage(sign_in, FakeTime().clock), f"{store}/x.json.gz", b"x")


def test_an_outage_that_swallows_the_answer_says_that_the_catalogue_may_be_uploaded(
    storage: str, service: BlobServiceClient, store: StoreName, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_cut_off_for_good(monkeypatch)
    with pytest.raises(StorageError, match=r"may be uploaded all the same.*shopmaster status"):
        upload(storage, store)
    assert visible(service, store) == [f"{store}/x.json.gz"]


def test_what_may_be_uploaded_is_not_uploaded_a_second_time_by_a_schedule(
    storage: str, store: StoreName, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails(monkeypatch, ServiceResponseError("Read timed out."))
    with pytest.raises(StorageError, match="may be uploaded all the same") as caught:
        upload(storage, store)
    assert not may_pass(caught.value)


@pytest.mark.parametrize("error", [AWAY, NOT_NOW], ids=["no connection", "no sign-in"])
def test_what_never_left_this_computer_is_uploaded_again_by_a_schedule(
    storage: str,
    service: BlobServiceClient,
    store: StoreName,
    monkeypatch: pytest.MonkeyPatch,
    error: AzureError | SignInError,
) -> None:
    fails(monkeypatch, error)
    with pytest.raises(StorageUnavailableError) as caught:
        upload(storage, store)
    assert "all the same" not in str(caught.value)
    assert may_pass(caught.value)
    assert visible(service, store) == []


def account_of(server: OddServer) -> StorageSignIn:
    return parse_account_url(f"http://127.0.0.1:{server.port}/shop?ss=b&sig=c2VjcmV0")


def refusing(status: int, code: str) -> Callable[[Request], Pieces]:
    """Take every block, and refuse the last step."""

    def respond(request: Request) -> Pieces:
        is_last = "comp=blocklist" in request.line
        yield http(status, b"", f"x-ms-error-code: {code}") if is_last else http(201, b"")

    return respond


@pytest.mark.parametrize(
    ("status", "code", "may_be_uploaded"),
    [
        (403, "AuthorizationFailure", False),
        (409, "ContainerBeingDeleted", False),
        (409, "AccountBeingCreated", False),
        (503, "ServerBusy", False),
        (500, "OperationTimedOut", True),
        (504, "GatewayTimeout", True),
    ],
)
def test_an_answer_tells_whether_the_catalogue_may_be_uploaded(
    store: StoreName, status: int, code: str, may_be_uploaded: bool
) -> None:
    with (
        OddServer(refusing(status, code)) as server,
        pytest.raises(StorageError, match="The catalogue can't be uploaded") as caught,
    ):
        upload(account_of(server), store)
    assert ("all the same" in str(caught.value)) is may_be_uploaded


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (409, "ContainerBeingDeleted"),
        (409, "AccountBeingCreated"),
        (409, ""),
        (409, "BlobAlreadyExists"),
        (412, "ConditionNotMet"),
        (403, "UnauthorizedBlobOverwrite"),
    ],
)
@pytest.mark.parametrize(
    "step",
    [
        lambda agent, store: put(agent, f"{store}/x.json.gz", b"x"),
        lambda agent, store: agent.prove_write(store),
        lambda agent, store: agent.ask_to_resume(store, RunId("x.1")),
    ],
    ids=["block", "proof", "resume"],
)
def test_a_conflict_at_any_step_is_explained(
    store: StoreName, step: Callable[[AzureStorage, StoreName], object], status: int, code: str
) -> None:
    headers = [f"x-ms-error-code: {code}"] if code else []
    with OddServer(always(http(status, b"", *headers))) as server:
        agent = AzureStorage(account_of(server), FakeTime().clock)
        with pytest.raises(StorageError, match=rf"the storage account .*{code or status}"):
            step(agent, store)
