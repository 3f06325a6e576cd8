"""The table of roles in docs/deploy.md is what Bicep assigns, and each role is needed by a call in the code."""

import ast
import re
from dataclasses import dataclass

import pytest

from tests.infra.bicep.compiler import ROOT
from tests.infra.bicep.rights import CATALOG_WRITER, NAMES
from tests.infra.bicep.snapshots import Grant, read

# What a role's scope ends with, and what the table calls it.
PLACES = (
    (r"/containers/dead-letters", "container `dead-letters`"),
    (r"/containers/(catalogs|runs)", r"container `\1`, under `{store}/`"),
    (r"/secrets/digible-token-0001", "secret `digible-token-{store}`"),
    (r"/storageAccounts/\w+", "the storage account"),
    (r"/vaults/[\w-]+", "the vault"),
    (r"/components/[\w-]+", "Application Insights"),
)
PRINCIPALS = (("id-", "the function"), ("evgst-", "Event Grid"), ("0000", "a store's PC"))
# Roles that no call in the code uses, and who does.
USED_BY_OTHERS = {"Storage Blob Data Contributor": "Event Grid"}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table."""

    role: str
    who: str
    where: str
    needed_by: str


def table() -> list[Row]:
    """Return the rows under the heading "Roles"."""
    text = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    section = text[text.index("\n## Roles\n") :].removeprefix("\n## Roles\n").partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [Row(*(cell.strip() for cell in line.strip("| ").split(" | "))) for line in lines[1:]]


def assigned() -> set[tuple[str, str, str]]:
    """Return role, principal and place of everything that Bicep assigns, in the table's words."""
    return {
        (NAMES.get(grant.role, grant.role), who(grant), where(grant))
        for name in ("plain", "one_store")
        for grant in read(name).grants()
    }


def who(grant: Grant) -> str:
    return next(name for start, name in PRINCIPALS if grant.principal.startswith(start))


def where(grant: Grant) -> str:
    found = ((re.search(rf"{end}\Z", grant.scope), name) for end, name in PLACES)
    return next(match.expand(name) for match, name in found if match)


def is_there(call: str) -> bool:
    """Return whether `file:function` is in the code."""
    file, _, name = call.partition(":")
    path = ROOT / file
    if not path.is_file():
        return False
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return any(isinstance(node, ast.FunctionDef) and node.name == name for node in nodes)


def test_the_table_of_roles_is_what_bicep_assigns() -> None:
    rows = table()
    assert {(row.role, row.who, row.where) for row in rows} == assigned()
    assert len(rows) == len(assigned())


def test_each_role_is_needed_by_a_call_in_the_code() -> None:
    for row in table():
        calls = re.findall(r"`([\w/]+\.py:\w+)`", row.needed_by)
        assert [call for call in calls if not is_there(call)] == []
        assert calls or row.needed_by.startswith(USED_BY_OTHERS[row.role])


@pytest.mark.parametrize(
    "call",
    [
        "function_app/token_stores.py:tokens",
        "function_app/tokens.py:token",
        "function_app/triggers.py:STORAGE",
    ],
)
def test_a_call_that_is_not_in_the_code_is_noticed(call: str) -> None:
    assert not is_there(call)


def test_a_role_that_is_not_in_the_table_is_noticed() -> None:
    more = Grant("0000-1", CATALOG_WRITER, "Microsoft.Storage/storageAccounts/st1", None)
    row = (NAMES[more.role], who(more), where(more))
    assert row == ("shopMaster catalogue writer", "a store's PC", "the storage account")
    assert row not in assigned()
