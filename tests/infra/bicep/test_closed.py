"""Nothing is open that need not be: storage, vault, telemetry and the function's own address."""

import pytest

from tests.infra.bicep.snapshots import Resource, read

BOTH = pytest.mark.parametrize("name", ["plain", "private"])
ACCOUNTS, VAULTS = "Microsoft.Storage/storageAccounts", "Microsoft.KeyVault/vaults"


def network(resource: Resource) -> tuple[str, str]:
    properties = resource.properties
    return properties["publicNetworkAccess"], properties["networkAcls"]["defaultAction"]


@BOTH
def test_storage_takes_no_key_no_old_tls_and_shows_nothing_to_the_public(name: str) -> None:
    properties = read(name).one(ACCOUNTS).properties
    assert {key: properties[key] for key in EXPECTED_OF_STORAGE} == EXPECTED_OF_STORAGE


EXPECTED_OF_STORAGE = {
    "allowBlobPublicAccess": False,
    "allowCrossTenantReplication": False,
    "allowSharedKeyAccess": False,
    "isHnsEnabled": False,
    "isLocalUserEnabled": False,
    "isSftpEnabled": False,
    "minimumTlsVersion": "TLS1_2",
    "supportsHttpsTrafficOnly": True,
}


@BOTH
def test_no_container_is_public(name: str) -> None:
    containers = read(name).all(f"{ACCOUNTS}/blobServices/containers")
    names = {each.id.rpartition("/")[2] for each in containers}
    assert names == {"catalogs", "runs", "locks", "deployment", "dead-letters"}
    assert {each.properties["publicAccess"] for each in containers} == {"None"}


@BOTH
def test_the_vault_knows_roles_only_and_can_not_be_purged(name: str) -> None:
    properties = read(name).one(VAULTS).properties
    assert properties["enableRbacAuthorization"]
    assert properties["enablePurgeProtection"]
    assert properties["enableSoftDelete"]
    assert "accessPolicies" not in properties
    assert properties["networkAcls"]["bypass"] == "None"


@BOTH
def test_who_read_or_set_a_token_is_kept(name: str) -> None:
    audit = read(name).one("Microsoft.Insights/diagnosticSettings")
    assert f"/{VAULTS}/" in audit.id
    assert audit.properties["logs"] == [{"categoryGroup": "audit", "enabled": True}]


@BOTH
def test_telemetry_is_taken_from_identities_only_and_capped(name: str) -> None:
    insights = read(name).one("Microsoft.Insights/components").properties
    workspace = read(name).one("Microsoft.OperationalInsights/workspaces").properties
    assert insights["DisableLocalAuth"]
    assert insights["IngestionMode"] == "LogAnalytics"
    assert workspace["features"]["disableLocalAuth"]
    assert workspace["workspaceCapping"]["dailyQuotaGb"] > 0


@BOTH
def test_only_event_grid_reaches_the_function(name: str) -> None:
    site = read(name).one("Microsoft.Web/sites").properties
    config = site["siteConfig"]
    assert site["httpsOnly"]
    assert config["ipSecurityRestrictionsDefaultAction"] == "Deny"
    allowed = [(rule["tag"], rule["ipAddress"]) for rule in config["ipSecurityRestrictions"]]
    assert allowed == [("ServiceTag", "AzureEventGrid")]
    assert (config["minTlsVersion"], config["scmMinTlsVersion"]) == ("1.2", "1.2")


@BOTH
def test_code_is_deployed_by_an_identity_never_by_a_password(name: str) -> None:
    site = read(name).one("Microsoft.Web/sites").properties
    policies = read(name).all("Microsoft.Web/sites/basicPublishingCredentialsPolicies")
    deployment = site["functionAppConfig"]["deployment"]["storage"]
    assert {each.id.rpartition("/")[2]: each.properties for each in policies} == {
        "ftp": {"allow": False},
        "scm": {"allow": False},
    }
    assert site["siteConfig"]["ftpsState"] == "Disabled"
    assert deployment["authentication"]["type"] == "UserAssignedIdentity"


def test_storage_and_vault_are_open_to_signed_in_store_pcs_by_default() -> None:
    plain = read("plain")
    assert network(plain.one(ACCOUNTS)) == network(plain.one(VAULTS)) == ("Enabled", "Allow")
    assert not [each for each in plain.resources if each.type.startswith("Microsoft.Network/")]
    assert plain.one("Microsoft.Web/sites").properties.get("virtualNetworkSubnetId") is None


def test_a_private_network_closes_storage_and_vault_to_all_but_private_endpoints() -> None:
    private = read("private")
    assert network(private.one(ACCOUNTS)) == network(private.one(VAULTS)) == ("Disabled", "Deny")
    account, vault = private.one(ACCOUNTS).id, private.one(VAULTS).id
    reached = {
        (connection["properties"]["privateLinkServiceId"], *connection["properties"]["groupIds"])
        for endpoint in private.all("Microsoft.Network/privateEndpoints")
        for connection in endpoint.properties["privateLinkServiceConnections"]
    }
    assert reached == {(account, "blob"), (account, "queue"), (vault, "vault")}


def test_a_private_network_names_each_private_endpoint() -> None:
    private = read("private")
    zones = {each.body["name"] for each in private.all("Microsoft.Network/privateDnsZones")}
    assert zones == {
        "[format('privatelink.blob.{0}', environment().suffixes.storage)]",
        "[format('privatelink.queue.{0}', environment().suffixes.storage)]",
        "privatelink.vaultcore.azure.net",
    }
    assert len(private.all("Microsoft.Network/privateDnsZones/virtualNetworkLinks")) == len(zones)
    groups = private.all("Microsoft.Network/privateEndpoints/privateDnsZoneGroups")
    assert len(groups) == len(zones)


def test_a_private_network_lets_the_function_in_and_out() -> None:
    private = read("private")
    subnets = {
        each["name"]: each["properties"]
        for each in private.one("Microsoft.Network/virtualNetworks").properties["subnets"]
    }
    site = private.one("Microsoft.Web/sites").properties
    function = subnets["snet-function"]
    assert site["virtualNetworkSubnetId"].endswith("/subnets/snet-function")
    (delegation,) = function["delegations"]
    assert delegation["properties"]["serviceName"] == "Microsoft.App/environments"
    assert function["natGateway"]["id"] == private.one("Microsoft.Network/natGateways").id
    for subnet in subnets.values():
        assert subnet["defaultOutboundAccess"] is False
        assert subnet["networkSecurityGroup"]["id"]
