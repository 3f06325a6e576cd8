"""The events of new catalogues must reach the right function, or the deployment has failed."""

import re
from typing import Any

import pytest

from infra.deployment.events import FUNCTION, Subscription, faults
from infra.deployment.functions import functions_of_code
from infra.installation import BICEP
from tests.infra.operator.cloud import INSTALLATION, Cloud

SUBJECT = "/blobServices/default/containers/catalogs/"
GOOD = (
    f"https://func-shops.azurewebsites.net/runtime/webhooks/blobs?functionName={FUNCTION}&code=KEY"
)


def subscription(**changes: str) -> Subscription:
    values = {"name": "evgs-catalogs", "state": "Succeeded", "endpoint": GOOD, "subject": SUBJECT}
    return Subscription(**{**values, **changes})


def test_the_events_name_a_function_of_the_code() -> None:
    assert FUNCTION.removeprefix("Host.Functions.") in functions_of_code()


def test_a_subscription_as_the_bicep_file_makes_it_is_right(cloud: Cloud) -> None:
    ended = cloud.deployment()
    assert (ended.code, f"✓ events of new catalogues go to {FUNCTION}" in ended.err) == (0, True)
    assert faults([subscription()], INSTALLATION) == []


def test_an_address_with_the_hash_that_azure_adds_is_the_apps_own() -> None:
    hashed = GOOD.replace("func-shops.", "func-shops-a1b2c3d4e5f6a7b8.westeurope-01.")
    assert faults([subscription(endpoint=hashed)], INSTALLATION) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"state": "Failed"}, "is Failed"),
        ({"state": "AwaitingManualAction"}, "is AwaitingManualAction"),
        ({"endpoint": GOOD.replace("upload_catalog", "upload_catalogs")}, "upload_catalogs"),
        ({"endpoint": GOOD.replace("Host.Functions.", "")}, "names the function upload_catalog"),
        ({"endpoint": GOOD.partition("?")[0]}, "names the function (none)"),
        ({"endpoint": GOOD.replace("func-shops", "func-other")}, "func-other.azurewebsites.net"),
        ({"endpoint": GOOD.replace("func-shops", "func-shops-2")}, "which is not func-shops"),
        ({"endpoint": ""}, "which is not func-shops"),
        ({"subject": SUBJECT.rstrip("/")}, f"not to {SUBJECT}"),
        ({"subject": SUBJECT.replace("catalogs", "runs")}, f"not to {SUBJECT}"),
        ({"subject": ""}, "listens to every blob"),
    ],
)
def test_each_fault_of_a_subscription_is_named_without_its_key(
    changes: dict[str, str], said: str
) -> None:
    text = "; ".join(faults([subscription(**changes)], INSTALLATION))
    assert said in text
    assert "KEY" not in text


def test_a_second_subscription_that_goes_elsewhere_is_seen() -> None:
    other = subscription(name="old", endpoint=GOOD.replace("func-shops", "func-old"))
    assert len(faults([subscription(), other], INSTALLATION)) == 1


def test_no_subscription_at_all_is_a_fault() -> None:
    assert faults([], INSTALLATION) == ["the system topic evgst-shops has no event subscription"]


def test_a_subscription_that_names_another_function_fails_the_deployment(cloud: Cloud) -> None:
    planted: dict[str, Any] = {
        "name": "evgs-catalogs",
        "provisioningState": "Succeeded",
        "destination": {"endpointUrl": GOOD.replace("upload_catalog", "gone")},
        "filter": {"subjectBeginsWith": SUBJECT},
    }
    with cloud.change() as state:
        state["event_subscriptions"]["evgs-catalogs"] = planted
    ended = cloud.deployment()
    assert (ended.code, "names the function Host.Functions.gone" in ended.err) == (1, True)
    assert "KEY" not in ended.out + ended.err


def test_the_key_of_the_webhook_is_never_shown(cloud: Cloud) -> None:
    ended = cloud.deployment()
    assert "KEY" not in ended.out + ended.err + repr(subscription())


def test_every_parameter_of_the_bicep_file_is_given() -> None:
    code = (BICEP / "deployment" / "events.py").read_text(encoding="utf-8")
    given = set(re.findall(r'^        "(\w+)": ', code, re.MULTILINE))
    declared = re.findall(
        r"^param (\w+)", (BICEP / "events.bicep").read_text("utf-8"), re.MULTILINE
    )
    assert given == set(declared)
