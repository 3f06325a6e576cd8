"""The Key Vault's secrets."""

from typing import Any

from tests.infra.operator.az_stand_in.command import (
    ONE,
    Answer,
    Command,
    Options,
    RefusedError,
    State,
)


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


_SECRET = {"--vault-name": ONE, "--name": ONE}
COMMANDS = {
    "keyvault secret delete": Command(_secret_delete, _SECRET),
    "keyvault secret list-deleted": Command(_secret_list_deleted, {"--vault-name": ONE}),
    "keyvault secret list-versions": Command(_secret_versions, _SECRET),
    "keyvault secret recover": Command(_secret_recover, _SECRET),
    "keyvault secret set-attributes": Command(_secret_attributes, {**_SECRET, "--expires": ONE}),
}
