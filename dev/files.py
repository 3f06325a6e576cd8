"""The files the local stack writes: the agent's settings, an environment for the rest, Core Tools' settings."""

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

ENVIRONMENT = "environment"
AGENT_SETTINGS = "shopmaster.toml"
LOCAL_SETTINGS = "local.settings.json"
TOKEN = "digible-token"  # noqa: S105  a file name


def write_atomically(path: Path, text: str) -> None:
    """Write a file that only its owner can read.

    Readers see the old file or the new one, never part of one.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without the settings that affect the app, the agent or the host."""
    ours = ("DIGIBLE_", "SHOPMASTER_", "CATALOGSTORAGE", "AZUREWEBJOBS", "AZUREFUNCTIONSJOBHOST")
    others = {"KEY_VAULT_URL", "APPLICATIONINSIGHTS_CONNECTION_STRING"}
    return {
        name: value
        for name, value in environment.items()
        if not name.upper().startswith(ours) and name.upper() not in others
    }


def read_environment(data: Path) -> dict[str, str]:
    """Return the settings in DIR/environment, or none if there is no such file."""
    try:
        lines = (data / ENVIRONMENT).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    pairs = (line.partition("=") for line in lines if not line.lstrip().startswith("#"))
    return {name.strip(): value for name, equals, value in pairs if equals}


def write_environment(data: Path, settings: Mapping[str, str]) -> None:
    """Write DIR/environment: one `KEY=value` per line, values unchanged."""
    write_atomically(
        data / ENVIRONMENT, "".join(f"{name}={value}\n" for name, value in settings.items())
    )


def write_local_settings(data: Path, settings: Mapping[str, str]) -> None:
    """Write DIR/local.settings.json: the same for `func start` of Azure Functions Core Tools."""
    values = {"FUNCTIONS_WORKER_RUNTIME": "python", **settings}
    content = json.dumps({"IsEncrypted": False, "Values": values}, indent=2)
    write_atomically(data / LOCAL_SETTINGS, f"{content}\n")


def write_agent_settings(
    data: Path, connection_string: str, digible_url: str, token_file: str
) -> None:
    """Write DIR/shopmaster.toml.

    With it the agent reads DIR/shop.db, uploads to this local stack, and logs in at `digible_url`; the
    token goes to the file from which the function reads it.
    """
    write_atomically(
        data / AGENT_SETTINGS,
        "\n".join(
            (
                "# Written by the local stack. The shop's database is the SQLite file below.",
                'store = "0001"',
                "",
                "[database]",
                f"sqlite = {toml_string(str(data / 'shop.db'))}",
                'table = "Products"',
                "",
                "[storage]",
                f"connection_string = {toml_string(connection_string)}",
                "",
                "[digible]",
                f"api_url = {toml_string(digible_url)}",
                f"token_file = {toml_string(token_file)}",
                "",
            )
        ),
    )


def toml_string(text: str) -> str:
    """Return text as a TOML basic string, whatever characters it contains."""
    escapes = {'"': '\\"', "\\": "\\\\"}
    return '"' + "".join(escapes.get(character, _escaped(character)) for character in text) + '"'


def _escaped(character: str) -> str:
    is_control = character < " " or character == "\x7f"
    return f"\\u{ord(character):04x}" if is_control else character
