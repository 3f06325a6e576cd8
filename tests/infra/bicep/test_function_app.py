"""The function app: its plan, and exactly the settings that it gets."""

import json
import tomllib

import pytest

from function_app.settings import IdentityStorage, Settings, TokensInVault, read_settings
from tests.infra.bicep.compiler import ROOT
from tests.infra.bicep.snapshots import read

GROUP = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-shops/providers"
TOKEN = "j7qba2tt2h7r6"
STORAGE = f"reference('{GROUP}/Microsoft.Storage/storageAccounts/st{TOKEN}', '2025-06-01')"
IDENTITY = f"reference('{GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities/id-{TOKEN}', '2024-11-30')"
BLOBS = f"[{STORAGE}.primaryEndpoints.blob]"
QUEUES = f"[{STORAGE}.primaryEndpoints.queue]"
CLIENT = f"[{IDENTITY}.clientId]"
# What Azure computes at the deployment, as it looks afterwards.
DEPLOYED = {
    BLOBS: "https://stshops.blob.core.windows.net/",
    QUEUES: "https://stshops.queue.core.windows.net/",
    CLIENT: "00000000-0000-0000-0000-00000000f001",
    f"[reference('{GROUP}/Microsoft.KeyVault/vaults/kv-{TOKEN}', '2025-05-01').vaultUri]": "https://kv-shops.vault.azure.net/",
}
EXACTLY = {
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": f"[format('ClientId={{0}};Authorization=AAD', {IDENTITY}.clientId)]",
    "APPLICATIONINSIGHTS_CONNECTION_STRING": f"[reference('{GROUP}/Microsoft.Insights/components/appi-{TOKEN}', '2020-02-02').ConnectionString]",
    "AzureFunctionsJobHost__extensions__blobs__maxDegreeOfParallelism": "8",
    "AzureWebJobsStorage__blobServiceUri": BLOBS,
    "AzureWebJobsStorage__clientId": CLIENT,
    "AzureWebJobsStorage__credential": "managedidentity",
    "AzureWebJobsStorage__queueServiceUri": QUEUES,
    "CATALOG_EVENTS": "EventGrid",
    "CatalogStorage__blobServiceUri": BLOBS,
    "CatalogStorage__clientId": CLIENT,
    "CatalogStorage__credential": "managedidentity",
    "CatalogStorage__queueServiceUri": QUEUES,
    "DIGIBLE_API_URL": "https://api.digible.one/v1",
    "DIGIBLE_BODY_KEY": "",
    "DIGIBLE_CONCURRENCY": "1",
    "DIGIBLE_IN_DOUBT_SECONDS": "60",
    "DIGIBLE_ON_REFUSAL": "stop",
    "DIGIBLE_TIMEOUT_SECONDS": "30",
    "KEY_VAULT_URL": f"[reference('{GROUP}/Microsoft.KeyVault/vaults/kv-{TOKEN}', '2025-05-01').vaultUri]",
    "PYTHON_ENABLE_OPENTELEMETRY": "true",
    "PYTHON_THREADPOOL_THREAD_COUNT": "64",
}
OTHERS_OF_PRIVATE = {
    "AzureFunctionsJobHost__extensions__blobs__maxDegreeOfParallelism": "1",
    "DIGIBLE_API_URL": "https://digible.invalid/v1",
    "DIGIBLE_BODY_KEY": "products",
    "DIGIBLE_CONCURRENCY": "4",
    "DIGIBLE_IN_DOUBT_SECONDS": "90",
    "DIGIBLE_ON_REFUSAL": "isolate",
    "DIGIBLE_TIMEOUT_SECONDS": "45",
}


def read_by_the_code(name: str) -> Settings:
    settings = read(name).app_settings().items()
    environment = {key: DEPLOYED.get(value, value) for key, value in settings}
    host_json = (ROOT / "host.json").read_text(encoding="utf-8")
    return read_settings(environment, host_json)


def test_the_app_gets_exactly_these_settings() -> None:
    assert read("plain").app_settings() == EXACTLY


def test_each_parameter_reaches_its_setting() -> None:
    assert read("private").app_settings() == {**EXACTLY, **OTHERS_OF_PRIVATE}


@pytest.mark.parametrize("name", ["plain", "private"])
def test_the_code_accepts_what_bicep_sets(name: str) -> None:
    settings = read_by_the_code(name)
    assert settings.storage == IdentityStorage(DEPLOYED[BLOBS], DEPLOYED[QUEUES], DEPLOYED[CLIENT])
    assert settings.tokens == TokensInVault("https://kv-shops.vault.azure.net/")


def test_bicep_sets_by_default_what_is_the_codes_default() -> None:
    bare = {
        key: DEPLOYED.get(EXACTLY[key], EXACTLY[key]) for key in EXACTLY if "DIGIBLE" not in key
    }
    host_json = (ROOT / "host.json").read_text(encoding="utf-8")
    assert read_by_the_code("plain") == read_settings(bare, host_json)


def test_bicep_sets_by_default_what_is_in_host_json() -> None:
    host = json.loads((ROOT / "host.json").read_text(encoding="utf-8"))
    at_once = host["extensions"]["blobs"]["maxDegreeOfParallelism"]
    name = "AzureFunctionsJobHost__extensions__blobs__maxDegreeOfParallelism"
    assert read("plain").app_settings()[name] == str(at_once)


@pytest.mark.parametrize(
    ("name", "memory", "instances"), [("plain", 2048, 5), ("private", 4096, 40)]
)
def test_the_app_runs_on_flex_consumption(name: str, memory: int, instances: int) -> None:
    plan = read(name).one("Microsoft.Web/serverfarms")
    config = read(name).one("Microsoft.Web/sites").properties["functionAppConfig"]
    assert plan.body["sku"] == {"name": "FC1", "tier": "FlexConsumption"}
    assert config["runtime"] == {"name": "python", "version": "3.13"}
    assert config["scaleAndConcurrency"] == {
        "instanceMemoryMB": memory,
        "maximumInstanceCount": instances,
    }
    package = config["deployment"]["storage"]["value"]
    assert package == f"[format('{{0}}deployment', {STORAGE}.primaryEndpoints.blob)]"


def test_the_app_runs_on_the_newest_python_that_the_project_supports() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    before = int(project["requires-python"].rpartition("<3.")[2])
    config = read("plain").one("Microsoft.Web/sites").properties["functionAppConfig"]
    assert config["runtime"]["version"] == f"3.{before - 1}"


def test_azd_finds_the_app_of_its_service() -> None:
    site = read("plain").one("Microsoft.Web/sites")
    azure_yaml = (ROOT / "azure.yaml").read_text(encoding="utf-8")
    assert f"services:\n  {site.body['tags']['azd-service-name']}:\n" in azure_yaml
