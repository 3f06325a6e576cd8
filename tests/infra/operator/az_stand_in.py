"""A stand-in for `az`: the commands that the operator's programs use, on a state in a JSON file.

It is strict: a command or option that it doesn't know fails, as with the real one. What it knows is
compared with the real one in test_real_az.py.
"""

import hashlib
import json
import os
import re
import site
import ssl
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

ROOT = Path(__file__).resolve().parents[3]
STATE = "AZ_STAND_IN_STATE"
"""The environment variable that names the file with the state."""

FLAG, ONE, MANY = 0, 1, 2
_ALWAYS = {"--output": ONE, "--only-show-errors": FLAG}

State = dict[str, Any]
Options = dict[str, list[str]]
Answer = Any


class Command(NamedTuple):
    """One command: its options, and what it does."""

    run: Callable[[State, Options], Answer]
    options: dict[str, int]
    knows_subscription: bool = True


class RefusedError(Exception):
    """The command fails; the message is what it says."""


def main(arguments: list[str]) -> int:
    """Run a command on the state; return the exit code."""
    file = Path(os.environ[STATE])
    state = json.loads(file.read_text(encoding="utf-8"))
    state["calls"].append(arguments)
    try:
        answer = _run(state, arguments)
    except RefusedError as refused:
        sys.stderr.write(f"ERROR: {refused}\n")
        return 1
    finally:
        file.write_text(json.dumps(state, indent=1), encoding="utf-8")
    if answer is not None:
        sys.stdout.write(json.dumps(answer, indent=2) + "\n")
    return 0


def _run(state: State, arguments: list[str]) -> Answer:
    words = list(_until_option(arguments))
    name = " ".join(words)
    command = COMMANDS.get(name)
    if command is None:
        _wrong(f"'{name}' is misspelled or not recognized by the system.")
    options = _options(command, arguments[len(words) :])
    if not state["accounts"] and name != "account list":
        raise RefusedError("Please run 'az login' to setup account.")
    fault = state["faults"].get(name)
    if fault:
        said = fault.pop(0)
        if said:
            raise RefusedError(said)
    return command.run(state, options)


def _until_option(arguments: list[str]) -> Iterable[str]:
    for word in arguments:
        if word.startswith("-"):
            return
        yield word


def _options(command: Command, arguments: list[str]) -> Options:
    known = {**_ALWAYS, **command.options}
    if command.knows_subscription:
        known["--subscription"] = ONE
    given: Options = {}
    for word in arguments:
        if word.startswith("--"):
            if word not in known:
                _wrong(f"unrecognized arguments: {word}")
            given[word] = []
        elif given:
            given[next(reversed(given))].append(word)
    for name, values in given.items():
        if (known[name] == ONE and len(values) != 1) or (known[name] == MANY and not values):
            _wrong(f"argument {name}: expected another number of values than {len(values)}")
        if known[name] == FLAG and values not in ([], ["true"], ["false"]):
            _wrong(f"unrecognized arguments: {' '.join(values)}")
    if given.get("--output") != ["json"] or "--only-show-errors" not in given:
        _wrong("every call must ask for JSON, without warnings")
    return given


def _wrong(message: str) -> NoReturn:
    sys.stderr.write(f"ERROR: {message}\n")
    raise SystemExit(2)


def _file(options: Options, name: str) -> str:
    """Return the content of the file that an option names with an @."""
    value = options[name][0]
    if not value.startswith("@"):
        _wrong(f"{name} must be @FILE")
    return Path(value[1:]).read_text(encoding="utf-8")


# ---- sign-in, resources ----


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


# ---- role assignments ----


def _assignment_list(state: State, options: Options) -> Answer:
    if "--all" not in options or options.get("--fill-principal-name") != ["false"]:
        _wrong("list all, without a look into the directory")
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


def _subscription_list(state: State, options: Options) -> Answer:
    return [_without_url(one) for one in state["event_subscriptions"].values()]


def _subscription_show(state: State, options: Options) -> Answer:
    one = state["event_subscriptions"][options["--name"][0]]
    is_full = options.get("--include-full-endpoint-url") in ([], ["true"])
    return one if is_full else _without_url(one)


def _without_url(one: dict[str, Any]) -> dict[str, Any]:
    return {**one, "destination": {**one["destination"], "endpointUrl": None}}


def _function_list(state: State, options: Options) -> Answer:
    app = options["--name"][0]
    return [
        {"name": f"{app}/{name}", "isDisabled": name in state["disabled"]}
        for name in state["functions"]
    ]


# ---- directory ----


def _app_list(state: State, options: Options) -> Answer:
    wanted = re.fullmatch("displayName eq '([^']*)'", options["--filter"][0])
    if wanted is None:
        _wrong("another filter than expected")
    # The directory ignores case.
    return [
        app for app in state["apps"].values() if app["displayName"].lower() == wanted[1].lower()
    ]


def _app_create(state: State, options: Options) -> Answer:
    number = len(state["apps"]) + 1
    app = {
        "appId": f"00000000-0000-0000-0000-0000000a{number:04d}",
        "displayName": options["--display-name"][0],
        "keyCredentials": [],
    }
    state["apps"][app["appId"]] = app
    return app


def _app(state: State, options: Options) -> dict[str, Any]:
    id_ = options["--id"][0]
    if id_ not in state["apps"]:
        raise RefusedError(
            f"Resource '{id_}' does not exist or one of its queried reference-property …"
        )
    app: dict[str, Any] = state["apps"][id_]
    return app


def _app_delete(state: State, options: Options) -> Answer:
    app = _app(state, options)
    del state["apps"][app["appId"]]
    state["principals"] = {
        id_: one for id_, one in state["principals"].items() if one.get("appId") != app["appId"]
    }


def _sp_create(state: State, options: Options) -> Answer:
    app = _app(state, options)
    made = {
        "@odata.type": "#microsoft.graph.servicePrincipal",
        "id": app["appId"].replace("-0000000a", "-0000000b"),
        "appId": app["appId"],
        "displayName": app["displayName"],
        "servicePrincipalType": "Application",
    }
    state["principals"][made["id"]] = made
    return made


def _credential_list(state: State, options: Options) -> Answer:
    return _app(state, options)["keyCredentials"]


def _credential_reset(state: State, options: Options) -> Answer:
    app = _app(state, options)
    if "--append" not in options:
        _wrong("without --append, other certificates are lost")
    der = ssl.PEM_cert_to_DER_cert(_file(options, "--cert").strip())
    app["keyCredentials"].append(
        {
            "customKeyIdentifier": hashlib.sha1(der).hexdigest().upper(),
            "endDateTime": "2028-11-29T00:00:00Z",
        }
    )
    return {"appId": app["appId"], "password": None, "tenant": state["accounts"][0]["tenantId"]}


def _rest(state: State, options: Options) -> Answer:
    if options["--method"] != ["post"] or "directoryObjects/getByIds" not in options["--url"][0]:
        _wrong("another request than expected")
    asked = json.loads(_file(options, "--body"))
    found = (state["principals"].get(id_) for id_ in asked["ids"])
    return {"value": [one for one in found if one is not None]}


# ---- vault ----


def _secret(state: State, options: Options) -> tuple[str, dict[str, Any]]:
    name = options["--name"][0]
    if name not in state["secrets"]:
        raise RefusedError(f"(SecretNotFound) A secret with (name/id) {name} was not found")
    return name, state["secrets"][name]


def _secret_versions(state: State, options: Options) -> Answer:
    return [{"attributes": version} for version in _secret(state, options)[1]["versions"]]


def _secret_attributes(state: State, options: Options) -> Answer:
    _, secret = _secret(state, options)
    secret["versions"][-1]["expires"] = options["--expires"][0].replace("Z", "+00:00")
    return {"attributes": secret["versions"][-1]}


def _secret_delete(state: State, options: Options) -> Answer:
    name, secret = _secret(state, options)
    state["deleted_secrets"][name] = secret
    del state["secrets"][name]


def _secret_list_deleted(state: State, options: Options) -> Answer:
    return [{"name": name} for name in state["deleted_secrets"]]


def _secret_recover(state: State, options: Options) -> Answer:
    name = options["--name"][0]
    state["secrets"][name] = state["deleted_secrets"].pop(name)
    return {"name": name}


# ---- blobs ----


def _container(state: State, options: Options) -> Any:
    if options["--auth-mode"] != ["login"]:
        _wrong("blobs are only reached with the operator's own sign-in")
    if not state["blob_connection"]:
        raise RefusedError(
            "\nYou do not have the required permissions needed to perform this operation."
        )
    # Only here: it takes longer than all the rest.
    sys.path.insert(0, str(ROOT / "tests" / "loopback"))
    site.main()
    from azure.storage.blob import ContainerClient  # noqa: PLC0415

    container = options["--container-name"][0]
    return ContainerClient.from_connection_string(state["blob_connection"], container)


def _blob_upload(state: State, options: Options) -> Answer:
    with _container(state, options) as container:
        blob = container.get_blob_client(options["--name"][0])
        made = blob.upload_blob(Path(options["--file"][0]).read_bytes(), overwrite=False)
    return {"etag": made["etag"]}


def _blob_download(state: State, options: Options) -> Answer:
    with _container(state, options) as container:
        blob = container.get_blob_client(options["--name"][0])
        if not blob.exists():
            raise RefusedError("The specified blob does not exist.\nErrorCode:BlobNotFound")
        content = blob.download_blob().readall()
    Path(options["--file"][0]).write_bytes(content)
    return {"name": options["--name"][0]}


def _blob_list(state: State, options: Options) -> Answer:
    with _container(state, options) as container:
        return [
            {"name": blob.name, "properties": {"lastModified": blob.last_modified.isoformat()}}
            for blob in container.list_blobs(name_starts_with=options["--prefix"][0])
        ]


_GROUP_AND_NAME = {"--resource-group": ONE, "--name": ONE}
_TOPIC = {"--resource-group": ONE, "--system-topic-name": ONE}
_SECRET = {"--vault-name": ONE, "--name": ONE}
_BLOB = {"--account-name": ONE, "--auth-mode": ONE, "--container-name": ONE}
_BLOB_FILE = {**_BLOB, "--name": ONE, "--file": ONE, "--no-progress": FLAG}

COMMANDS: dict[str, Command] = {
    "account list": Command(_account_list, {}, knows_subscription=False),
    "ad app create": Command(
        _app_create, {"--display-name": ONE, "--sign-in-audience": ONE}, knows_subscription=False
    ),
    "ad app credential list": Command(
        _credential_list, {"--id": ONE, "--cert": FLAG}, knows_subscription=False
    ),
    "ad app credential reset": Command(
        _credential_reset,
        {"--id": ONE, "--append": FLAG, "--years": ONE, "--cert": ONE},
        knows_subscription=False,
    ),
    "ad app delete": Command(_app_delete, {"--id": ONE}, knows_subscription=False),
    "ad app list": Command(_app_list, {"--filter": ONE}, knows_subscription=False),
    "ad sp create": Command(_sp_create, {"--id": ONE}, knows_subscription=False),
    "deployment group create": Command(
        _deployment_create,
        {**_GROUP_AND_NAME, "--template-file": ONE, "--no-prompt": FLAG, "--parameters": MANY},
    ),
    "eventgrid system-topic event-subscription list": Command(_subscription_list, _TOPIC),
    "eventgrid system-topic event-subscription show": Command(
        _subscription_show, {**_TOPIC, "--name": ONE, "--include-full-endpoint-url": FLAG}
    ),
    "functionapp function list": Command(_function_list, _GROUP_AND_NAME),
    "keyvault secret delete": Command(_secret_delete, _SECRET),
    "keyvault secret list-deleted": Command(_secret_list_deleted, {"--vault-name": ONE}),
    "keyvault secret list-versions": Command(_secret_versions, _SECRET),
    "keyvault secret recover": Command(_secret_recover, _SECRET),
    "keyvault secret set-attributes": Command(_secret_attributes, {**_SECRET, "--expires": ONE}),
    "resource list": Command(_resource_list, {"--resource-type": ONE, "--resource-group": ONE}),
    "resource show": Command(_resource_show, {"--ids": MANY}),
    "rest": Command(_rest, {"--method": ONE, "--url": ONE, "--body": ONE}),
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
    "storage blob download": Command(_blob_download, _BLOB_FILE),
    "storage blob list": Command(_blob_list, {**_BLOB, "--prefix": ONE, "--num-results": ONE}),
    "storage blob upload": Command(_blob_upload, {**_BLOB_FILE, "--overwrite": FLAG}),
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
