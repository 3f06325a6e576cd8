"""`python -m infra.store add`: a store gets exactly its rights, and its PC what it needs."""

import re
import tomllib
from pathlib import Path

import pytest

from agent.settings.file import Entry, RawSettings
from agent.settings.parsing import Settings, parse_settings
from agent.sign_in import Arc, Certificate
from agent.storage.address import StorageAccount
from agent.token_store import VaultToken
from infra.store.rights import Kind
from tests.infra.operator.cloud import GROUP, PERSON, TENANT, Cloud

STORE_SCOPES = ["catalogs", "digible-token-0001", "runs"]


def settings_in(text: str) -> str:
    """Return the settings file that `add` printed."""
    found = re.search(r"^store = .*?(?=^2\. )", text, re.MULTILINE | re.DOTALL)
    assert found
    return found[0]


def app_of(cloud: Cloud) -> dict[str, object]:
    (app,) = cloud.state["apps"].values()
    assert isinstance(app, dict)
    return app


def test_an_arc_machine_gets_the_three_rights_of_its_store(cloud: Cloud) -> None:
    principal = cloud.machine("till-0001", 1)
    ended = cloud.store("add", "0001", "--arc", "till-0001")
    assert (ended.code, cloud.rights()) == (0, [(principal, scope) for scope in STORE_SCOPES])
    assert len(STORE_SCOPES) == len(Kind)
    assert "Arc machine till-0001" in ended.out
    assert "himds" in ended.out


def settings_of(printed: str) -> Settings:
    """Return what the agent reads in the settings that were printed."""
    tables = tomllib.loads(settings_in(printed))
    entries = {"store": tables.pop("store")} | {
        f"{table}.{key}": value for table, keys in tables.items() for key, value in keys.items()
    }
    raw = {key: Entry(value, key, in_environment=False) for key, value in entries.items()}
    return parse_settings(RawSettings(raw, Path("shopmaster.toml"), ()), with_storage=True)


def test_the_printed_settings_are_accepted_by_the_agent(cloud: Cloud) -> None:
    cloud.machine("till-0001", 1)
    settings = settings_of(cloud.store("add", "0001", "--arc", "till-0001").out)
    assert settings.store == "0001"
    assert settings.storage == StorageAccount("https://stshops.blob.invalid", sign_in=Arc())
    assert isinstance(settings.tokens, VaultToken)


def test_a_certificate_gets_an_app_registration_that_trusts_it(
    cloud: Cloud, certificates: tuple[Path, Path]
) -> None:
    ended = cloud.store("add", "0001", "--certificate", str(certificates[0]))
    app = app_of(cloud)
    assert (ended.code, app["displayName"]) == (0, "shopmaster-stshops-0001")
    assert len(cloud.rights()) == len(Kind)
    assert settings_of(ended.out).sign_in == Certificate(
        TENANT, str(app["appId"]), Path("sign-in.pfx")
    )
    assert "AZURE_" not in ended.out


def test_adding_again_changes_nothing(cloud: Cloud, certificates: tuple[Path, Path]) -> None:
    once = cloud.store("add", "0001", "--certificate", str(certificates[0]))
    before = cloud.state
    again = cloud.store("add", "0001", "--certificate", str(certificates[0]))
    after = cloud.state
    assert (again.code, again.out) == (0, once.out)
    assert {**before, "calls": 0} == {**after, "calls": 0}


def test_a_new_certificate_stands_beside_the_old_one(
    cloud: Cloud, certificates: tuple[Path, Path]
) -> None:
    for file in certificates:
        assert cloud.store("add", "0001", "--certificate", str(file)).code == 0
    app = app_of(cloud)
    assert isinstance(app["keyCredentials"], list)
    assert len(app["keyCredentials"]) == 2


def test_stores_whose_names_begin_alike_have_nothing_in_common(
    cloud: Cloud, certificates: tuple[Path, Path]
) -> None:
    cloud.store("add", "alphabet", "--certificate", str(certificates[0]))
    cloud.store("add", "alpha", "--certificate", str(certificates[1]))
    assert len(cloud.state["apps"]) == 2
    assert len({principal for principal, _ in cloud.rights()}) == 2
    conditions = [one.get("condition") or "" for one in cloud.state["assignments"].values()]
    assert sum("'alpha/'" in condition for condition in conditions) == 2
    assert sum("'alphabet/'" in condition for condition in conditions) == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            "must never leave the PC",
        ),
        ("-----BEGIN RSA PRIVATE KEY-----\nAAAA", "must never leave the PC"),
        ("nothing", "exactly one certificate"),
        (
            "-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n" * 2,
            "exactly one certificate",
        ),
        ("-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n", "is damaged"),
        (None, "can't be read"),
    ],
)
def test_a_file_that_is_no_public_certificate_is_refused_before_anything_is_made(
    cloud: Cloud, tmp_path: Path, content: str | None, said: str
) -> None:
    file = tmp_path / "given.pem"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    ended = cloud.store("add", "0001", "--certificate", str(file))
    assert (ended.code, said in ended.err) == (2, True)
    assert (cloud.state["apps"], cloud.rights()) == ({}, [])


@pytest.mark.parametrize("is_taken", [False, True], ids=["no store", "a store with another PC"])
def test_an_app_registration_that_only_has_the_name_is_not_trusted(
    cloud: Cloud, certificates: tuple[Path, Path], is_taken: bool
) -> None:
    if is_taken:
        cloud.machine("till-1", 1)
        cloud.store("add", "0001", "--arc", "till-1")
    before = cloud.rights()
    with cloud.change() as state:
        state["apps"]["somebody"] = {
            "appId": "somebody",
            "displayName": "shopmaster-stshops-0001",
            "keyCredentials": [],
        }
    ended = cloud.store("add", "0001", "--certificate", str(certificates[0]), "--also")
    assert ended.code == 1
    assert "az ad app delete --id somebody" in ended.err
    assert (app_of(cloud)["keyCredentials"], cloud.rights()) == ([], before)


def test_an_app_registration_whose_name_differs_in_case_is_another_one(
    cloud: Cloud, certificates: tuple[Path, Path]
) -> None:
    with cloud.change() as state:
        state["apps"]["other"] = {"appId": "other", "displayName": "SHOPMASTER-stshops-0001"}
    assert cloud.store("add", "0001", "--certificate", str(certificates[0])).code == 0
    assert len(cloud.state["apps"]) == 2


@pytest.mark.parametrize(
    "command", ["ad sp create", "ad app credential reset", "deployment group create"]
)
def test_a_failed_add_leaves_no_app_registration_behind(
    cloud: Cloud, certificates: tuple[Path, Path], command: str
) -> None:
    with cloud.change() as state:
        state["faults"][command] = ["(AuthorizationFailed) does not have authorization"]
    ended = cloud.store("add", "0001", "--certificate", str(certificates[0]))
    assert (ended.code, cloud.state["apps"], cloud.rights()) == (1, {}, [])
    assert "role Owner" in ended.err


def test_the_directory_gets_time_to_know_a_new_app(
    cloud: Cloud, certificates: tuple[Path, Path]
) -> None:
    with cloud.change() as state:
        state["faults"]["ad sp create"] = ["does not reference a valid application object"] * 3
    assert cloud.store("add", "0001", "--certificate", str(certificates[0])).code == 0
    assert cloud.time.slept == 15


def test_a_principal_belongs_to_one_store_only(cloud: Cloud) -> None:
    cloud.machine("till", 1)
    cloud.store("add", "0001", "--arc", "till")
    ended = cloud.store("add", "0002", "--arc", "till", "--also")
    assert ended.code == 1
    assert "belongs to store 0001 already" in ended.err
    assert len(cloud.rights()) == len(Kind)


def test_a_second_pc_of_a_store_must_be_meant(cloud: Cloud) -> None:
    cloud.machine("till-1", 1)
    cloud.machine("till-2", 2)
    cloud.store("add", "0001", "--arc", "till-1")
    refused = cloud.store("add", "0001", "--arc", "till-2")
    assert (refused.code, "has the Arc machine till-1 already" in refused.err) == (1, True)
    assert cloud.store("add", "0001", "--arc", "till-2", "--also").code == 0
    assert len(cloud.rights()) == 2 * len(Kind)


def test_a_second_app_is_not_even_made_unless_it_is_meant(
    cloud: Cloud, certificates: tuple[Path, Path]
) -> None:
    cloud.machine("till-1", 1)
    cloud.store("add", "0001", "--arc", "till-1")
    assert cloud.store("add", "0001", "--certificate", str(certificates[0])).code == 1
    assert cloud.calls("ad", "app", "create") == []


def test_a_person_can_stand_in_for_the_store_of_the_smoke_test(cloud: Cloud) -> None:
    person = ("--principal-id", PERSON, "--principal-type", "User")
    ended = cloud.store("add", "smoke-test", *person)
    assert (ended.code, len(cloud.rights())) == (0, len(Kind))
    assert "operator@shops.invalid" in ended.out
    types = {one["principalType"] for one in cloud.state["assignments"].values()}
    assert types == {"User"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--principal-id", PERSON), "give --principal-type User"),
        (("--principal-id", PERSON.replace("d001", "d002")), "no user and no service principal"),
        (("--arc", "till-9"), "knows no machine till-9"),
        (("--arc", "twice"), "in rg-north, rg-south"),
        (("--arc", "unfinished"), "has no identity yet"),
    ],
)
def test_a_principal_that_is_not_there_is_named(
    cloud: Cloud, arguments: tuple[str, ...], said: str
) -> None:
    cloud.machine("twice", 1, "rg-north")
    cloud.machine("twice", 2, "rg-south")
    cloud.machine("unfinished", 3)
    with cloud.change() as state:
        unfinished = next(id_ for id_ in state["machines"] if id_.endswith("unfinished"))
        state["machines"][unfinished] = None
    ended = cloud.store("add", "0001", *arguments)
    assert (ended.code, said in ended.err, cloud.rights()) == (1, True, [])


def test_the_machine_of_the_named_resource_group_is_taken(cloud: Cloud) -> None:
    cloud.machine("twice", 1, "rg-north")
    south = cloud.machine("twice", 2, "rg-south")
    cloud.store("add", "0001", "--arc", "twice", "--arc-resource-group", "rg-south")
    assert {principal for principal, _ in cloud.rights()} == {south}


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "Shop_1", "--arc", "till"),
        ("add", "../0001", "--arc", "till"),
        ("add", "0001"),
        ("add", "0001", "--arc", "till & calc"),
        ("add", "0001", "--principal-id", "me"),
        ("add", "0001", "--arc", "till", "--principal-type", "User"),
        ("add", "0001", "--principal-id", PERSON, "--arc-resource-group", "rg"),
        ("remove", "0001/../0002", "--yes"),
    ],
)
def test_wrong_arguments_are_refused_without_asking_azure(
    cloud: Cloud, arguments: tuple[str, ...]
) -> None:
    assert cloud.store(*arguments).code == 2
    assert cloud.state["calls"] == []


def test_a_deleted_token_comes_back_as_expired(cloud: Cloud) -> None:
    cloud.machine("till", 1)
    with cloud.change() as state:
        state["deleted_secrets"]["digible-token-0001"] = {"versions": [{"expires": None}]}
        state["faults"]["keyvault secret set-attributes"] = ["(SecretNotFound) was not found"]
    ended = cloud.store("add", "0001", "--arc", "till")
    assert (ended.code, "store a new one" in ended.err) == (0, True)
    (version,) = cloud.state["secrets"]["digible-token-0001"]["versions"]
    assert version["expires"].startswith("2000-")


def test_the_token_of_a_store_that_was_not_deleted_is_left_alone(cloud: Cloud) -> None:
    cloud.machine("till", 1)
    with cloud.change() as state:
        state["secrets"]["digible-token-0001"] = {"versions": [{"expires": None}]}
        state["deleted_secrets"]["digible-token-00012"] = {"versions": []}
    cloud.store("add", "0001", "--arc", "till")
    assert cloud.calls("keyvault", "secret", "recover") == []
    assert cloud.calls("keyvault", "secret", "set-attributes") == []


def test_an_operator_without_a_right_in_the_vault_is_warned_and_the_store_added(
    cloud: Cloud,
) -> None:
    cloud.machine("till", 1)
    with cloud.change() as state:
        state["faults"]["keyvault secret list-deleted"] = ["(Forbidden) ForbiddenByRbac"]
    ended = cloud.store("add", "0001", "--arc", "till")
    assert (ended.code, "Key Vault Secrets Officer" in ended.err) == (0, True)


def test_a_long_store_name_makes_a_deployment_of_a_name_that_azure_takes(cloud: Cloud) -> None:
    cloud.machine("till", 1)
    assert cloud.store("add", "s" * 63, "--arc", "till").code == 0


def test_everything_is_asked_in_the_installations_subscription(
    cloud: Cloud, certificates: tuple[Path, Path]
) -> None:
    cloud.store("add", "0001", "--certificate", str(certificates[0]))
    without = {call[0] for call in cloud.state["calls"] if "--subscription" not in call}
    assert without == {"account", "ad"}
    scopes = {one["scope"] for one in cloud.state["assignments"].values()}
    assert all(scope.startswith(f"{GROUP}/providers/") for scope in scopes)
