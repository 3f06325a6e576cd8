"""The sign-in, the machines of Azure Arc, and the function app."""

from tests.infra.operator.az_stand_in.command import MANY, ONE, Answer, Command, Options, State


def _account_list(state: State, options: Options) -> Answer:
    return state["accounts"]


def _resource_list(state: State, options: Options) -> Answer:
    group = options.get("--resource-group", [None])[0]
    return [
        {"id": id_, "name": id_.rpartition("/")[2]}
        for id_ in state["machines"]
        if group is None or f"/resourceGroups/{group}/" in id_
    ]


def _resource_show(state: State, options: Options) -> Answer:
    id_ = options["--ids"][0]
    principal = state["machines"][id_]
    return {"id": id_, "identity": principal and {"principalId": principal}}


def _function_list(state: State, options: Options) -> Answer:
    app = options["--name"][0]
    return [
        {"name": f"{app}/{name}", "isDisabled": name in state["disabled"]}
        for name in state["functions"]
    ]


COMMANDS = {
    "account list": Command(_account_list, {}, knows_subscription=False),
    "functionapp function list": Command(_function_list, {"--resource-group": ONE, "--name": ONE}),
    "resource list": Command(_resource_list, {"--resource-type": ONE, "--resource-group": ONE}),
    "resource show": Command(_resource_show, {"--ids": MANY}),
}
