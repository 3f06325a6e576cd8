"""Sends the blob events of the catalogues to the function, and verifies that they will arrive."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from contract.blobs import CATALOGS
from infra.az import AzureCli
from infra.bicep import deploy
from infra.ending import say
from infra.errors import OperatorError
from infra.installation import Installation

FUNCTION = "Host.Functions.upload_catalog"
"""The function that the events must name. Any other name is answered with 202, and the event is lost."""

_SUBJECT = f"/blobServices/default/containers/{CATALOGS}/"


@dataclass(frozen=True, slots=True)
class Subscription:
    """An event subscription, as far as it decides where events go."""

    name: str
    state: str
    endpoint: str = field(repr=False)
    """With the key of the webhook: never shown."""

    subject: str


def deploy_events(az: AzureCli, at: Installation) -> None:
    """Deploy `infra/events.bicep` and verify its subscription; raises OperatorError."""
    say(f"Subscribing {at.function_app} to the events of {at.storage_account} …")
    parameters = {
        "functionAppName": at.function_app,
        "systemTopicName": at.topic,
        "storageAccountName": at.storage_account,
    }
    deploy(az, at, "events.bicep", "events", parameters)
    subscriptions = _subscriptions(az, at)
    if problems := faults(subscriptions, at):
        raise OperatorError(
            f"Events of new catalogues don't reach {at.function_app}: {'; '.join(problems)}. Delete "
            f"what is wrong in the Event Grid system topic {at.topic}, then run `azd deploy` again."
        )
    say(f"✓ events of new catalogues go to {FUNCTION} of {at.function_app}")


def faults(subscriptions: list[Subscription], at: Installation) -> list[str]:
    """Return what is wrong with the subscriptions of the topic, in words; nothing of it is secret."""
    if not subscriptions:
        return [f"the system topic {at.topic} has no event subscription"]
    return [problem for one in subscriptions for problem in _faults(one, at)]


def _faults(one: Subscription, at: Installation) -> list[str]:
    address = urlsplit(one.endpoint)
    functions = parse_qs(address.query).get("functionName", [])
    problems = []
    if one.state != "Succeeded":
        problems.append(f"{one.name} is {one.state}, not Succeeded")
    # Azure may put a hash behind the app's name, so that nobody else can take the address over.
    own = rf"{re.escape(at.function_app.lower())}(-[a-z0-9]{{16}})?\."
    if not re.match(own, address.hostname or ""):
        problems.append(f"{one.name} calls {address.hostname}, which is not {at.function_app}")
    if functions != [FUNCTION]:
        problems.append(f"{one.name} names the function {', '.join(functions) or '(none)'}")
    if one.subject != _SUBJECT:
        problems.append(f"{one.name} listens to {one.subject or 'every blob'}, not to {_SUBJECT}")
    return problems


def _subscriptions(az: AzureCli, at: Installation) -> list[Subscription]:
    topic = ("--resource-group", at.resource_group, "--system-topic-name", at.topic)
    command = ("eventgrid", "system-topic", "event-subscription")
    listed = az.resources(*command, "list", *topic) or []
    # Only the full address has the function's name. It has the webhook's key as well.
    return [
        _subscription(
            az.resources(
                *(*command, "show", *topic, "--name", str(one["name"])),
                *("--include-full-endpoint-url", "true"),
            )
        )
        for one in listed
    ]


def _subscription(one: dict[str, Any]) -> Subscription:
    return Subscription(
        name=str(one["name"]),
        state=str(one["provisioningState"]),
        endpoint=str((one.get("destination") or {}).get("endpointUrl") or ""),
        subject=str((one.get("filter") or {}).get("subjectBeginsWith") or ""),
    )
