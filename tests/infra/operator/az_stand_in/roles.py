"""The role assignments."""

from tests.infra.operator.az_stand_in.command import (
    FLAG,
    MANY,
    ONE,
    Answer,
    Command,
    Options,
    State,
    wrong,
)


def _assignment_list(state: State, options: Options) -> Answer:
    if "--all" not in options or options.get("--fill-principal-name") != ["false"]:
        wrong("list all, without a look into the directory")
    wanted = options.get("--assignee-object-id")
    listed = list(state["assignments"].values())
    if wanted is None:
        return listed
    holders = {wanted[0]}
    if "--include-groups" in options:
        holders |= {group for group, members in state["groups"].items() if wanted[0] in members}
    return [one for one in listed if one["principalId"] in holders]


def _assignment_delete(state: State, options: Options) -> Answer:
    for id_ in options["--ids"]:
        if id_ not in state["undeletable"]:
            state["assignments"].pop(id_, None)


COMMANDS = {
    "role assignment delete": Command(_assignment_delete, {"--ids": MANY}),
    "role assignment list": Command(
        _assignment_list,
        {
            "--all": FLAG,
            "--fill-principal-name": FLAG,
            "--assignee-object-id": ONE,
            "--include-groups": FLAG,
        },
    ),
}
