"""The settings without their secrets: only what can't be one is shown."""

from collections.abc import Iterator, Mapping

from agent.errors import AgentError
from agent.settings.file import Entry, RawSettings
from agent.settings.parsing import KEYS
from agent.sqlserver.login import attributes
from agent.support.bundle import Hide, Member, document

_NAME = "settings.json"
_WHAT = "the settings, without passwords, keys and signatures"
_HIDDEN = "(hidden)"
_OF_LOGIN = (
    *("driver", "dsn", "server", "address", "port", "database", "uid", "trusted_connection"),
    *("authentication", "encrypt", "trustservercertificate", "applicationintent"),
)
"""Attributes of a database's connection string that are no secrets."""

_SECRET = {"pwd", "password", "accountkey", "sharedaccesssignature", "sig"}


def settings_shown(raw: RawSettings, hide: Hide) -> Member:
    """Return the file about the settings, each with the place that it comes from."""
    found = {
        "file": str(raw.file.absolute()) if raw.file else None,
        "looked_at": [str(place.absolute()) for place in raw.looked_at],
        "settings": {key: _shown(key, entry) for key, entry in raw.entries.items()},
    }
    return document(_NAME, _WHAT, found, hide)


def unreadable_settings(error: AgentError, hide: Hide) -> Member:
    """Return the file about settings that can't be read."""
    return document(_NAME, _WHAT, {"error": str(error)}, hide)


def possible_secrets(entries: Mapping[str, Entry]) -> list[str]:
    """Return what may be secret in settings, right or wrong, so that it is hidden everywhere."""
    texts = [
        entry.value
        for key, entry in entries.items()
        if isinstance(entry.value, str) and _harmless(key, entry.value) != entry.value
    ]
    return [*texts, *(part for text in texts for part in _secret_parts(text))]


def _secret_parts(text: str) -> Iterator[str]:
    """Yield what is secret in a connection string or in the query of an address."""
    for said in (attributes(text), attributes(text.partition("?")[2].replace("&", ";"))):
        yield from (value for name, value in said.items() if name in _SECRET)


def _shown(key: str, entry: Entry) -> Mapping[str, object]:
    place = entry.place if entry.in_environment else "file"
    return {"value": _harmless(key, entry.value), "from": place}


def _harmless(key: str, value: object) -> object:
    """Return a setting's value if it can't be a secret, else what of it can't be one."""
    if key not in KEYS or key == "database.password":  # a misspelt name may be a password's
        return _HIDDEN
    if key == "database.connection_string":
        said = attributes(str(value))
        return {name: said[name] for name in _OF_LOGIN if name in said}
    if key.endswith(".connection_string"):
        return _HIDDEN
    return value.partition("?")[0] if isinstance(value, str) and "://" in value else value
