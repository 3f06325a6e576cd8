"""The settings file as a text with comments: a new one explains itself, an old one keeps what is in it."""

import tomllib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from agent.errors import SettingsError
from agent.settings.parsing import KEYS

if TYPE_CHECKING:
    from tomlkit.items import Item, String, Table

_HEADER = (
    "Settings of shopmaster. `shopmaster configure` wrote them, and changes them when it is run",
    "again: comments stay, also your own. Passwords don't belong here.",
)
_TABLES = {
    "database": "Where the products are.",
    "columns": "The columns of the table; only these three leave the store.",
    "storage": "Where the catalogue is uploaded; your operator has told you.",
    "azure": "How this computer signs in to Azure.",
    "digible": "The online store.",
    "key_vault": "Where `shopmaster login` keeps the token of the online store.",
    "telemetry": "Only if your operator asks for it.",
    "upload": "What `upload` takes care of.",
}
_COMMENTS = {
    "store": "the name that your operator gave to this store",
    "state_folder": "where the agent keeps its notes",
    "database.server": r"this computer: 'localhost\SQLEXPRESS'; another: 'shop-pc,1433'",
    "database.authentication": '"windows": the account that runs the upload; "sql": username',
    "database.username": "its password is kept elsewhere: `shopmaster configure`",
    "database.sqlite": "a file, instead of SQL Server",
    "azure.sign_in": '"arc", "managed_identity", "certificate" or "developer"',
    "upload.change_limit_percent": "stop if more than this has changed since last time",
}


def edited(text: str, wanted: Mapping[str, object]) -> str:
    """Return the text of a settings file that says what is `wanted`, by dotted key, and nothing else.

    `text` is the old one, or empty. Comments, order and spelling stay wherever a setting stays.
    Raises SettingsError for a text that can't be edited so.
    """
    # Imported late: no other command needs it.
    import tomlkit  # noqa: PLC0415
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415

    has_crlf = "\r\n" in text
    old = text.removeprefix("\ufeff").replace("\r\n", "\n")
    try:
        document = tomlkit.parse(old)
        if not old.strip():
            for line in _HEADER:
                document.add(tomlkit.comment(line))
        _remove(document, wanted)
        above = _comments_above_tables(document)
        _set(document, wanted)
        for table, comments in above:
            table.trivia.indent = comments + table.trivia.indent
        new = tomlkit.dumps(document)
        is_right = dict(_flat(tomllib.loads(new))) == wanted
    except (TOMLKitError, tomllib.TOMLDecodeError, TypeError, KeyError) as error:
        raise _not_editable() from error
    if not is_right:
        raise _not_editable()
    return new.replace("\n", "\r\n") if has_crlf else new


def _remove(document: Any, wanted: Mapping[str, object]) -> None:
    """Take away what is no longer wanted, and a table with nothing left in it."""
    for key in dict(_flat(document.unwrap())):
        if key in wanted:
            continue
        table, _, name = key.rpartition(".")
        del (document[table] if table else document)[name]
        if table and not document[table]:
            del document[table]


def _comments_above_tables(document: Any) -> "list[tuple[Table, str]]":
    """Take out the comments above each table: to tomlkit they end the one before, where new keys come."""
    from tomlkit.items import Table  # noqa: PLC0415  as above

    found = []
    body, end, has_keys = document.body, 0, False
    for place, (key, item) in enumerate(document.body, 1):
        if isinstance(item, Table) and not item.is_super_table():
            if has_keys:  # without any, they are the file's heading
                found.append((item, _taken(body, end)))
            body, end, has_keys = item.value.body, len(item.value.body), True
        elif body is document.body:
            end, has_keys = place, has_keys or key is not None
    return found


def _taken(body: Any, end: int) -> str:
    """Take the comments and blank lines that end there out of a body, and return their text."""
    from tomlkit.items import Null  # noqa: PLC0415  as above

    text = ""
    while end and body[end - 1][0] is None:
        end -= 1
        text = body[end][1].as_string() + text
        body[end] = (None, Null())
    return text


def _set(document: Any, wanted: Mapping[str, object]) -> None:
    present = dict(_flat(document.unwrap()))
    for key in (each for each in KEYS if each in wanted):
        if key in present and present[key] == wanted[key]:
            continue
        table, _, name = key.rpartition(".")
        if table and table not in document:
            document.add(table, _new_table(table))
        target = document[table] if table else document
        if key in present:
            target[name] = _spelt(wanted[key])  # its comment stays
        else:
            target[name] = _commented(key, wanted[key])


def _new_table(name: str) -> "Item":
    import tomlkit  # noqa: PLC0415  as above

    made = tomlkit.table()
    made.comment(_TABLES[name])
    return made


def _commented(key: str, value: object) -> "Item":
    import tomlkit  # noqa: PLC0415  as above

    item = tomlkit.item(_spelt(value))
    if key in _COMMENTS:
        item.comment(_COMMENTS[key])
    return item


def _spelt(value: object) -> "object | String":
    r"""Return a value as it is best written: 'localhost\SQLEXPRESS' needs no doubled backslash."""
    import tomlkit  # noqa: PLC0415  as above

    if isinstance(value, str) and "\\" in value and "'" not in value and value.isprintable():
        return tomlkit.string(value, literal=True)
    return value


def _flat(table: Mapping[str, object], above: str = "") -> Iterator[tuple[str, object]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield above + name, value


def _not_editable() -> SettingsError:
    return SettingsError(
        "The settings file is written in a way that `configure` can't change without losing part of it.",
        "It is as it was. Rename it, and run `shopmaster configure` again, which writes a new one.",
    )
