"""Who may do what in an installation before its first store, exactly."""

import pytest

from tests.infra.bicep.snapshots import Grant, Snapshot, parse, read, strings

TOKEN = "j7qba2tt2h7r6"  # what Bicep makes of the parameter files' subscription, name and region
ACCOUNT = f"Microsoft.Storage/storageAccounts/st{TOKEN}"
FUNCTION, EVENT_GRID = f"id-{TOKEN}", f"evgst-{TOKEN}"
EXACTLY = {
    Grant(FUNCTION, "Storage Blob Data Owner", ACCOUNT, None),
    Grant(FUNCTION, "Storage Queue Data Contributor", ACCOUNT, None),
    Grant(FUNCTION, "Key Vault Secrets User", f"Microsoft.KeyVault/vaults/kv-{TOKEN}", None),
    Grant(
        FUNCTION,
        "Monitoring Metrics Publisher",
        f"Microsoft.Insights/components/appi-{TOKEN}",
        None,
    ),
    Grant(
        EVENT_GRID,
        "Storage Blob Data Contributor",
        f"{ACCOUNT}/blobServices/default/containers/dead-letters",
        None,
    ),
}
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"


@pytest.mark.parametrize("name", ["plain", "private"])
def test_an_installation_gives_exactly_these_roles(name: str) -> None:
    assert read(name).grants() == EXACTLY


def test_a_role_more_would_be_noticed() -> None:
    resources = read("plain").resources
    one = next(each for each in resources if each.type.endswith("/roleAssignments"))
    changed = {**one.body, "id": one.id.replace("/storageAccounts/", "/vaults/")}
    more = Snapshot((*resources, type(one)(changed["id"], one.type, changed)), {})
    assert more.grants() != EXACTLY


def test_a_store_gets_roles_of_its_own_that_name_each_action() -> None:
    roles = {name.partition(" (")[0]: each for name, each in read("plain").custom_roles().items()}
    assert roles == {
        "shopMaster catalogue writer": [
            {"actions": [], "dataActions": [f"{BLOBS}/add/action", f"{BLOBS}/write"]}
        ],
        "shopMaster run reader": [{"actions": [], "dataActions": [f"{BLOBS}/read"]}],
        "shopMaster token setter": [
            {
                "actions": [],
                "dataActions": [
                    "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
                    "Microsoft.KeyVault/vaults/secrets/setSecret/action",
                ],
            }
        ],
    }


def test_a_stores_roles_can_be_assigned_in_the_resource_group_only() -> None:
    group = read("plain").one("Microsoft.Resources/resourceGroups").id
    for role in read("plain").all("Microsoft.Authorization/roleDefinitions"):
        assert role.properties["assignableScopes"] == [group]


@pytest.mark.parametrize("name", ["plain", "private", "one_store", "two_stores", "events"])
def test_no_secret_leaves_a_deployment(name: str) -> None:
    assert _secret_expressions(read(name)) == []


def test_a_secret_in_an_output_would_be_noticed() -> None:
    planted = parse(
        '{"diagnostics": [], "predictedResources": [],'
        ' "outputs": {"KEY": "[listKeys(\'x\', \'2025-06-01\').keys[0]]"}}'
    )
    assert _secret_expressions(planted) == ["[listKeys('x', '2025-06-01').keys[0]]"]


def test_the_only_key_that_a_deployment_reads_is_that_of_the_events_webhook() -> None:
    keys = [
        text
        for name in ("plain", "private", "one_store", "two_stores", "events")
        for resource in read(name).resources
        for text in strings(resource.body)
        if "list" in text.casefold() and "keys(" in text.casefold()
    ]
    assert len(keys) == 1
    assert keys[0].startswith("[format('https://{0}/runtime/webhooks/blobs?functionName=")


def _secret_expressions(snapshot: Snapshot) -> list[str]:
    """Return the outputs that Azure would compute from a key, or whose names speak of one."""
    return [
        text
        for name, output in snapshot.outputs.items()
        for text in strings(output)
        if any(
            word in text.casefold() for word in ("listkeys", "listaccountsas", "connectionstring")
        )
        or name.casefold().endswith(("_key", "_token", "_secret", "_password", "_string"))
    ]
