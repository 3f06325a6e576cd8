"""Which installation is meant is always the whole of one, and `az` must be signed in to it."""

from pathlib import Path

import pytest

from infra.errors import UsageError
from infra.installation import NEEDED, find_installation
from tests.infra.operator.cloud import INSTALLATION, SUBSCRIPTION, TENANT, VALUES, Cloud

OTHER = {**VALUES, "AZURE_STORAGE_ACCOUNT_NAME": "stother"}
OTHER_ID = SUBSCRIPTION.replace("1", "9")


def test_the_environment_that_azd_gives_its_hooks_is_enough(cloud: Cloud) -> None:
    assert find_installation(VALUES, None) == INSTALLATION


@pytest.mark.parametrize("missing", NEEDED)
def test_an_incomplete_environment_is_never_mixed_with_that_of_azd(
    cloud: Cloud, missing: str
) -> None:
    with cloud.change() as state:
        state["azd"] = {"shops": OTHER}
    found = find_installation({**VALUES, missing: ""}, None)
    assert found.storage_account == "stother"


def test_a_named_azd_environment_comes_before_the_variables(cloud: Cloud) -> None:
    with cloud.change() as state:
        state["azd"]["other"] = OTHER
    assert find_installation(VALUES, "other").storage_account == "stother"


def test_an_unknown_azd_environment_is_named(cloud: Cloud) -> None:
    ended = cloud.store("--environment", "nowhere", "list")
    assert (ended.code, "no environment named nowhere" in ended.err) == (2, True)


def test_what_azd_does_not_know_yet_is_named(cloud: Cloud) -> None:
    with cloud.change() as state:
        state["azd"] = {"shops": {"AZURE_ENV_NAME": "shops"}}
    with pytest.raises(UsageError, match=r"AZURE_KEY_VAULT_NAME.*azd provision"):
        find_installation({}, None)


def test_without_azd_and_without_values_both_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match=r"`azd` is not on the PATH.*AZURE_RESOURCE_GROUP"):
        find_installation({}, None)


def test_without_az_it_is_named(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    ended = cloud.store("list")
    assert (ended.code, "`az` is not installed" in ended.err) == (1, True)


@pytest.mark.parametrize(
    ("accounts", "said"),
    [
        ([], "Run `az login`"),
        (
            [{"id": OTHER_ID, "tenantId": TENANT, "isDefault": True}],
            f"doesn't see the installation's subscription {SUBSCRIPTION}",
        ),
        (
            [
                {"id": SUBSCRIPTION, "tenantId": TENANT, "isDefault": False},
                {"id": OTHER_ID, "tenantId": "elsewhere", "isDefault": True},
            ],
            f"az account set --subscription {SUBSCRIPTION}",
        ),
    ],
)
def test_a_sign_in_that_is_not_the_installations_is_refused(
    cloud: Cloud, accounts: list[dict[str, object]], said: str
) -> None:
    with cloud.change() as state:
        state["accounts"] = accounts
    ended = cloud.store("list")
    assert (ended.code, said in ended.err) == (1, True)
    assert len(cloud.state["calls"]) == 1
