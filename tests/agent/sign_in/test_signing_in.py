"""Each way of signing in to Azure works, through azure-identity and the storage client."""

import io
import time
import uuid
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobServiceClient

from agent.errors import SignInError, StorageError, StorageUnavailableError
from agent.following import Clock
from agent.sign_in import Arc, Certificate, ManagedIdentity, SignIn, credential_for
from agent.storage.account import AzureStorage
from agent.storage.address import StorageAccount
from contract.blobs import CATALOGS, RUNS, CatalogMetadata, RunId, StoreName
from tests.agent.sign_in.proving import NOWHERE, Made
from tests.agent.sign_in.stand_ins import CLIENT, TENANT, ArcAgent, Entra, Machine

CLOCK = Clock(time.monotonic, time.sleep)


def use(account: StorageAccount, way: SignIn) -> None:
    """Upload a catalogue and read a record, signed in that way."""
    with BlobServiceClient(account.url, credential_for(way)) as service:
        for container in (CATALOGS, RUNS):
            with suppress(ResourceExistsError):
                service.create_container(container)
    store = StoreName(uuid.uuid4().hex)
    agent = AzureStorage(replace(account, sign_in=way), CLOCK)
    agent.put(f"{store}/x.json.gz", io.BytesIO(b"x"), CatalogMetadata(1, "ab" * 32), lambda _: None)
    assert agent.read(store, RunId("x.1")) is None
    agent.close()


def test_a_machine_in_azure_signs_in_by_its_managed_identity(
    account: StorageAccount, machine: Machine
) -> None:
    use(account, ManagedIdentity(None))


def test_a_machine_signs_in_by_azure_arc_and_the_file_that_its_agent_names(
    account: StorageAccount, arc: ArcAgent
) -> None:
    use(account, Arc())


def test_a_machine_signs_in_by_its_certificate(
    account: StorageAccount, entra: Entra, made: Made
) -> None:
    entra.trusted.append(made.public)
    use(account, made.way)


def test_the_storage_account_is_not_blamed_for_a_failed_sign_in(
    account: StorageAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", NOWHERE)
    monkeypatch.setenv("IMDS_ENDPOINT", NOWHERE)
    agent = AzureStorage(replace(account, sign_in=Arc()), CLOCK)
    with pytest.raises(StorageError) as caught:
        agent.prove_write(StoreName("0001"))
    agent.close()
    assert not isinstance(caught.value, StorageUnavailableError)
    assert str(caught.value).startswith(
        "A catalogue couldn't be uploaded, because this computer can't sign in to Azure: the Azure Arc"
    )


def test_an_unusable_certificate_is_noticed_before_anything_is_sent(tmp_path: Path) -> None:
    way = Certificate(TENANT, CLIENT, tmp_path / "missing.pem")
    with pytest.raises(SignInError, match=r"missing\.pem can't be read"):
        AzureStorage(StorageAccount("https://shop.blob.invalid", sign_in=way), CLOCK)
