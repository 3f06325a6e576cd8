"""Names, tags and outputs: the Cloud Adoption Framework's abbreviations, and what the operator's tools read."""

import re

import pytest

from tests.infra.bicep.compiler import PARAMETERS, parameter_files
from tests.infra.bicep.snapshots import Resource, Snapshot, read

BOTH = pytest.mark.parametrize("name", ["plain", "private"])
ABBREVIATIONS = {
    "Microsoft.EventGrid/systemTopics": "evgst-",
    "Microsoft.EventGrid/systemTopics/eventSubscriptions": "evgs-",
    "Microsoft.Insights/actionGroups": "ag-",
    "Microsoft.Insights/components": "appi-",
    "Microsoft.KeyVault/vaults": "kv-",
    "Microsoft.ManagedIdentity/userAssignedIdentities": "id-",
    "Microsoft.Network/natGateways": "ng-",
    "Microsoft.Network/networkSecurityGroups": "nsg-",
    "Microsoft.Network/privateEndpoints": "pep-",
    "Microsoft.Network/publicIPAddresses": "pip-",
    "Microsoft.Network/virtualNetworks": "vnet-",
    "Microsoft.OperationalInsights/workspaces": "log-",
    "Microsoft.Resources/resourceGroups": "rg-",
    "Microsoft.Storage/storageAccounts": "st",
    "Microsoft.Web/serverfarms": "asp-",
    "Microsoft.Web/sites": "func-",
}
OUTPUTS = {
    *("AZURE_RESOURCE_GROUP", "AZURE_LOCATION", "AZURE_FUNCTION_APP_NAME"),
    *("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_BLOB_ENDPOINT", "AZURE_KEY_VAULT_NAME"),
    *("AZURE_KEY_VAULT_URL", "AZURE_EVENT_GRID_TOPIC_NAME", "AZURE_APPLICATION_INSIGHTS_NAME"),
    *("AZURE_CATALOG_WRITER_ROLE_ID", "AZURE_RUN_READER_ROLE_ID", "AZURE_TOKEN_SETTER_ROLE_ID"),
}


def misnamed(snapshot: Snapshot) -> list[str]:
    return [
        resource.id
        for resource in snapshot.resources
        if not own_name(resource).startswith(ABBREVIATIONS.get(resource.type, ""))
    ]


def own_name(resource: Resource) -> str:
    return resource.id.rpartition("/")[2]


@pytest.mark.parametrize("name", ["plain", "private", "events"])
def test_names_begin_with_the_abbreviation_of_their_type(name: str) -> None:
    assert misnamed(read(name)) == []


def test_another_name_would_be_noticed() -> None:
    vault = Resource(
        "/providers/Microsoft.KeyVault/vaults/vault-1", "Microsoft.KeyVault/vaults", {}
    )
    assert misnamed(Snapshot((vault,), {})) == [vault.id]


@BOTH
def test_names_are_as_long_as_azure_allows_at_most(name: str) -> None:
    limits = {"Microsoft.Storage/storageAccounts": 24, "Microsoft.KeyVault/vaults": 24}
    for kind, limit in limits.items():
        assert re.fullmatch(rf"[a-z0-9-]{{3,{limit}}}", own_name(read(name).one(kind)))


@BOTH
def test_whatever_takes_tags_has_those_of_the_environment(name: str) -> None:
    expected = {"azd-env-name": "shops", "workload": "shopmaster-upload"}
    tagged = [each.body["tags"] for each in read(name).resources if "location" in each.body]
    assert len(tagged) > 8
    assert all(expected.items() <= tags.items() for tags in tagged)


@BOTH
def test_the_outputs_are_what_the_operators_tools_read(name: str) -> None:
    outputs = read(name).outputs
    assert set(outputs) == OUTPUTS
    assert outputs["AZURE_RESOURCE_GROUP"] == "rg-shops"


def test_each_parameter_file_has_a_snapshot() -> None:
    snapshots = {path.name.partition(".")[0] for path in PARAMETERS.glob("*.snapshot.json")}
    assert {path.stem for path in parameter_files()} == snapshots
