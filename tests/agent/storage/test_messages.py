"""How errors of the storage account are explained to a shop owner."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    IncompleteReadError,
    ServiceRequestError,
    ServiceResponseError,
)

from agent.errors import SignInError, StorageError, StorageUnavailableError
from agent.sign_in import Arc
from agent.storage.address import StorageAccount, StorageConnection, StorageSignIn
from agent.storage.messages import Account, Task, explained

TASK = Task("The catalogue can't be uploaded", "catalogs", "create and write blobs")
SECRET = "c2VjcmV0"
KEY = StorageConnection(f"AccountName=shop;AccountKey={SECRET}")


def http(status: int, code: str | None = None, clock: timedelta = timedelta(0)) -> AzureError:
    response: Any = SimpleNamespace(
        status_code=status,
        reason="a reason",
        headers={"Date": format_datetime(datetime.now(UTC) + clock, usegmt=True)},
    )
    error = HttpResponseError(f"https://shop.invalid?sig={SECRET}", response=response)
    error.error_code = code  # type: ignore[attr-defined]  # as the SDK's process_storage_error does
    return error


def explanation(error: AzureError, sign_in: StorageSignIn = KEY) -> StorageError:
    return explained(error, TASK, Account("shop.blob.invalid", sign_in))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            ServiceRequestError(f"Failed to resolve 'shop' (sig={SECRET})"),
            "can't be found on the internet",
        ),
        (ServiceRequestError("[Errno 11001] getaddrinfo failed"), "can't be found on the internet"),
        (ServiceRequestError("[Errno 111] Connection refused"), "the connection was refused"),
        (ServiceRequestError("Connection to shop timed out."), "the connection timed out"),
        (ServiceResponseError("('Connection aborted.', reset)"), "the connection broke"),
        (IncompleteReadError("half of it"), "the connection broke"),
        (http(503, "ServerBusy"), "busy or in trouble (HTTP 503)"),
        (http(429), "busy or in trouble (HTTP 429)"),
    ],
)
def test_trouble_that_may_pass_is_reported_as_such(error: AzureError, words: str) -> None:
    found = explanation(error)
    assert isinstance(found, StorageUnavailableError)
    assert words in str(found)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            ServiceRequestError("[SSL: CERTIFICATE_VERIFY_FAILED] x"),
            "doesn't trust its certificate",
        ),
        (
            http(403, "AuthorizationPermissionMismatch"),
            "the right to create and write blobs in its",
        ),
        (http(403, "AuthorizationFailure"), "network rules exclude this computer"),
        (http(403, "AuthenticationFailed"), "is not valid for it"),
        (http(403, "AuthorizationProtocolMismatch"), "only allows https"),
        (http(403, "AuthorizationResourceTypeMismatch"), "srt=o"),
        (http(403, "KeyBasedAuthenticationNotPermitted"), "accepts no keys"),
        (http(404, "ContainerNotFound"), "has no container `catalogs`"),
        (http(401, "InvalidAuthenticationInfo"), "refuses it"),
        (http(413, "RequestBodyTooLarge"), "answers HTTP 413 (RequestBodyTooLarge)"),
        (AzureError("odd"), "unexpected error (AzureError)"),
    ],
)
def test_other_trouble_is_explained_with_what_to_do(error: AzureError, words: str) -> None:
    found = explanation(error)
    assert not isinstance(found, StorageUnavailableError)
    assert words in str(found)
    assert str(found).startswith("The catalogue can't be uploaded: ")
    assert str(found).count(". ") == 1
    assert SECRET not in str(found)


@pytest.mark.parametrize(
    ("may_pass", "kind"), [(False, StorageError), (True, StorageUnavailableError)]
)
def test_a_failed_sign_in_is_the_reason(may_pass: bool, kind: type[StorageError]) -> None:
    error = SignInError("nobody is signed in to `az`.", "Run `az login`.", may_pass=may_pass)
    found = explained(error, TASK, Account("shop.blob.invalid", KEY))
    assert type(found) is kind
    assert str(found) == (
        "The catalogue can't be uploaded, because this computer can't sign in to Azure: "
        "nobody is signed in to `az`. Run `az login`."
    )
    assert found.remedy == "Run `az login`."


def test_a_sign_in_of_another_tenant_is_explained() -> None:
    account = StorageAccount("https://shop.blob.invalid", sign_in=Arc())
    assert "doesn't trust the tenant" in str(
        explanation(http(401, "InvalidAuthenticationInfo"), account)
    )


@pytest.mark.parametrize(
    ("ahead", "words"),
    [(timedelta(hours=-2), "clock is 120 minutes fast"), (timedelta(hours=1), "60 minutes slow")],
)
def test_a_wrong_clock_is_named_as_the_reason(ahead: timedelta, words: str) -> None:
    assert words in str(explanation(http(403, "AuthenticationFailed", ahead)))


@pytest.mark.parametrize("expiry", ["2026-01-31T12:00:00Z", "2026-01-31T12%3A00%3A00Z"])
def test_an_expired_sas_is_reported_as_expired(expiry: str) -> None:
    sas = StorageAccount("https://shop.invalid", f"ss=b&se={expiry}&sig={SECRET}")
    assert "expired on 2026-01-31 12:00 UTC" in str(
        explanation(http(403, "AuthenticationFailed"), sas)
    )


@pytest.mark.parametrize("query", ["sig=x", "se=never&sig=x", "se=9999-01-01&sig=x"])
def test_a_sas_that_has_not_expired_is_not_reported_as_expired(query: str) -> None:
    sas = StorageAccount("https://shop.invalid", query)
    assert "expired" not in str(explanation(http(403, "AuthenticationFailed"), sas))


def test_a_refusal_without_a_date_is_explained_too() -> None:
    error = http(403, "AuthenticationFailed")
    assert isinstance(error, HttpResponseError)
    assert error.response is not None
    error.response.headers.clear()  # type: ignore[attr-defined]  # the stand-in has them
    assert "is not valid for it" in str(explanation(error))
