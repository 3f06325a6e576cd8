"""The directory: app registrations, their certificates, and principals."""

import hashlib
import json
import re
import ssl
from typing import Any

from tests.infra.operator.az_stand_in.command import (
    FLAG,
    ONE,
    Answer,
    Command,
    Options,
    RefusedError,
    State,
    file_of,
    wrong,
)


def _app_list(state: State, options: Options) -> Answer:
    wanted = re.fullmatch("displayName eq '([^']*)'", options["--filter"][0])
    if wanted is None:
        wrong("another filter than expected")
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
        wrong("without --append, other certificates are lost")
    der = ssl.PEM_cert_to_DER_cert(file_of(options, "--cert").strip())
    app["keyCredentials"].append(
        {
            "customKeyIdentifier": hashlib.sha1(der).hexdigest().upper(),
            "endDateTime": "2028-11-29T00:00:00Z",
        }
    )
    return {"appId": app["appId"], "password": None, "tenant": state["accounts"][0]["tenantId"]}


def _rest(state: State, options: Options) -> Answer:
    if options["--method"] != ["post"] or "directoryObjects/getByIds" not in options["--url"][0]:
        wrong("another request than expected")
    asked = json.loads(file_of(options, "--body"))
    found = (state["principals"].get(id_) for id_ in asked["ids"])
    return {"value": [one for one in found if one is not None]}


COMMANDS = {
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
    "rest": Command(_rest, {"--method": ONE, "--url": ONE, "--body": ONE}),
}
