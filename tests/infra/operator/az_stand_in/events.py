"""The event subscriptions."""

from typing import Any

from tests.infra.operator.az_stand_in.command import FLAG, ONE, Answer, Command, Options, State


def _subscription_list(state: State, options: Options) -> Answer:
    return [_without_url(one) for one in state["event_subscriptions"].values()]


def _subscription_show(state: State, options: Options) -> Answer:
    one = state["event_subscriptions"][options["--name"][0]]
    is_full = options.get("--include-full-endpoint-url") in ([], ["true"])
    return one if is_full else _without_url(one)


def _without_url(one: dict[str, Any]) -> dict[str, Any]:
    return {**one, "destination": {**one["destination"], "endpointUrl": None}}


_TOPIC = {"--resource-group": ONE, "--system-topic-name": ONE}
COMMANDS = {
    "eventgrid system-topic event-subscription list": Command(_subscription_list, _TOPIC),
    "eventgrid system-topic event-subscription show": Command(
        _subscription_show, {**_TOPIC, "--name": ONE, "--include-full-endpoint-url": FLAG}
    ),
}
