"""The deployments: what the compiler predicted is done."""

import json
import re
from pathlib import Path
from typing import Any

from tests.infra.operator.az_stand_in.command import (
    FLAG,
    MANY,
    ONE,
    ROOT,
    Answer,
    Command,
    Options,
    RefusedError,
    State,
)


def _deployment_create(state: State, options: Options) -> Answer:
    template = Path(options["--template-file"][0])
    if not 0 < len(options["--name"][0]) <= 64:
        raise RefusedError("InvalidDeploymentName: at most 64 characters")
    given = dict(one.split("=", 1) for one in options["--parameters"])
    text = template.read_text(encoding="utf-8")
    declared = re.findall(r"^param (\w+) \w+( = )?", text, re.MULTILINE)
    if unknown := given.keys() - {name for name, _ in declared}:
        raise RefusedError(f"unrecognized template parameter '{min(unknown)}'.")
    if missing := {name for name, default in declared if not default} - given.keys():
        raise RefusedError(f"missing parameters {', '.join(sorted(missing))}")
    group = options["--resource-group"][0]
    if template.name == "store.bicep":
        _deploy_store(state, group, given)
    elif template.name == "events.bicep":
        _deploy_events(state, given)
    else:
        raise RefusedError(f"no such template: {template}")
    return {"properties": {"provisioningState": "Succeeded"}}


def _deploy_store(state: State, group: str, given: dict[str, str]) -> None:
    """Do what the compiler predicted for store 0001 (its snapshot), for another store."""
    folder = ROOT / "tests" / "infra" / "bicep" / "parameters"
    predicted = json.loads((folder / "one_store.snapshot.json").read_text(encoding="utf-8"))
    parameters = dict(
        re.findall(
            r"^param (\w+) = '([^']*)'",
            (folder / "one_store.bicepparam").read_text(encoding="utf-8"),
            re.MULTILINE,
        )
    )
    subscription = given["catalogWriterRoleId"].split("/")[2]
    principal = state["principals"].get(given["principalId"])
    if principal is None or not principal["@odata.type"].lower().endswith(
        given["principalType"].lower()
    ):
        raise RefusedError(f"(PrincipalNotFound) Principal {given['principalId']} does not exist")
    for resource in predicted["predictedResources"]:
        text = json.dumps(resource)
        for name in ("principalId", "catalogWriterRoleId", "runReaderRoleId", "tokenSetterRoleId"):
            text = text.replace(parameters[name], given[name])
        text = text.replace(f"'{parameters['store']}/'", f"'{given['store']}/'")
        text = text.replace(
            f"digible-token-{parameters['store']}/", f"digible-token-{given['store']}/"
        )
        text = text.replace(
            f"/{parameters['storageAccountName']}/", f"/{given['storageAccountName']}/"
        )
        text = text.replace(f"/{parameters['keyVaultName']}/", f"/{given['keyVaultName']}/")
        text = re.sub(
            "/subscriptions/[^/]+/resourceGroups/[^/]+/",
            f"/subscriptions/{subscription}/resourceGroups/{group}/",
            text,
        )
        made = json.loads(text)
        made["properties"]["principalType"] = given["principalType"]
        _assign(state, made, given["store"])


def _assign(state: State, resource: dict[str, Any], store: str) -> None:
    scope = resource["id"].partition("/providers/Microsoft.Authorization/")[0]
    made = {**resource["properties"], "scope": scope}
    same = ("principalId", "roleDefinitionId", "scope")
    # The compiler's name is a hash of these four.
    id_ = f"{scope}/providers/Microsoft.Authorization/roleAssignments/" + "-".join(
        [store, made["principalId"], made["roleDefinitionId"][-4:]]
    )
    for other, assignment in state["assignments"].items():
        if other != id_ and all(assignment[key] == made[key] for key in same):
            raise RefusedError("(RoleAssignmentExists) The role assignment already exists.")
    state["assignments"][id_] = {"id": id_, "roleDefinitionName": None, **made}


def _deploy_events(state: State, given: dict[str, str]) -> None:
    text = (ROOT / "infra" / "events.bicep").read_text(encoding="utf-8")
    name = re.findall(r"name: '(evgs-[^']+)'", text)[0]
    function = re.findall(r"functionName=([\w.]+)&", text)[0]
    subject = re.findall(r"subjectBeginsWith: '([^']+)'", text)[0]
    host = f"{given['functionAppName']}.azurewebsites.invalid"
    state["event_subscriptions"].setdefault(
        name,
        {
            "name": name,
            "provisioningState": "Succeeded",
            "destination": {
                "endpointType": "WebHook",
                "endpointBaseUrl": f"https://{host}/runtime/webhooks/blobs",
                "endpointUrl": f"https://{host}/runtime/webhooks/blobs?functionName={function}&code=KEY",
            },
            "filter": {"subjectBeginsWith": subject},
        },
    )


COMMANDS = {
    "deployment group create": Command(
        _deployment_create,
        {
            "--resource-group": ONE,
            "--name": ONE,
            "--template-file": ONE,
            "--no-prompt": FLAG,
            "--parameters": MANY,
        },
    ),
}
