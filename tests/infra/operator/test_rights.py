"""A store's rights are recognised to the letter, and what merely looks like them isn't."""

import json
import re
from dataclasses import replace

import pytest

from contract.blobs import StoreName
from infra.installation import BICEP
from infra.store.rights import Assignment, Held, Odd, beyond, guid_of, judged, rights_of
from tests.infra.operator.cloud import GROUP, INSTALLATION, SUBSCRIPTION

SNAPSHOT = BICEP.parent / "tests" / "infra" / "bicep" / "parameters" / "one_store.snapshot.json"
STORE = StoreName("0001")
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"


def assignments_of(store: str, principal: str = "p") -> list[Assignment]:
    """Return a store's rights as somebody has them."""
    return [
        Assignment(f"{store}-{n}", principal, guid_of(one.role), "", one.scope, one.condition)
        for n, one in enumerate(rights_of(StoreName(store), INSTALLATION))
    ]


def test_the_rights_are_exactly_those_that_the_bicep_file_assigns() -> None:
    predicted = json.loads(SNAPSHOT.read_text(encoding="utf-8"))["predictedResources"]
    deployed = {
        (
            one["properties"]["roleDefinitionId"],
            one["id"].partition("/providers/Microsoft.Authorization/")[0],
            one["properties"].get("condition"),
        )
        for one in predicted
    }
    ours = {(one.role, one.scope, one.condition) for one in rights_of(STORE, INSTALLATION)}
    assert ours == deployed


def test_each_right_belongs_to_its_store() -> None:
    names = ("0001", "alpha", "alphabet", "alpha-", "smoke-test", "a" * 63)
    held, odd = judged([one for name in names for one in assignments_of(name)], INSTALLATION)
    assert odd == []
    assert [one.store for one in held] == [StoreName(name) for name in names for _ in range(3)]


def test_ids_of_azure_are_compared_without_regard_to_case_and_conditions_to_white_space() -> None:
    assignments = [
        replace(
            one,
            scope=one.scope.upper().replace("DIGIBLE-TOKEN-0001", "digible-token-0001"),
            condition=one.condition and one.condition.replace(" OR ", "\n OR\n "),
        )
        for one in assignments_of("0001")
    ]
    held, odd = judged(assignments, INSTALLATION)
    assert (len(held), odd) == (3, [])


PATH = f"@Resource[{BLOBS}:path]"


@pytest.mark.parametrize(
    "condition",
    [
        None,
        "",
        f"({PATH} StringStartsWith '0001/')",
        f"(({PATH} StringStartsWith '0001/') OR ({PATH} StringStartsWith '0002/'))",
        f"{PATH} StringLike '0001*'",
    ],
)
def test_a_right_under_another_condition_is_odd(condition: str | None) -> None:
    catalogs, *others = assignments_of("0001")
    held, odd = judged([replace(catalogs, condition=condition), *others], INSTALLATION)
    assert ([type(one) for one in odd], len(held)) == ([Odd], 2)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("'0001/'", "'0001'"),
        ("'0001/'", "'00 01/'"),
        ("'0001/'", "'Shop/'"),
        ("'0001/'", "'_unknown/'"),
        ("StringStartsWith", "StringStartsWithIgnoreCase"),
        ("AND NOT", "OR NOT"),
        (f"@Request[{BLOBS}:prefix]", PATH),
    ],
)
def test_a_condition_that_differs_in_one_word_is_odd(old: str, new: str) -> None:
    runs = assignments_of("0001")[1]
    assert runs.condition is not None
    assert old in runs.condition
    held, odd = judged([replace(runs, condition=runs.condition.replace(old, new))], INSTALLATION)
    assert (held, len(odd)) == ([], 1)


def test_the_condition_of_one_store_at_the_token_of_another_is_odd() -> None:
    token = assignments_of("0001")[2]
    moved = replace(token, scope=token.scope.replace("digible-token-0001", "digible-token-"))
    wider = replace(token, scope=token.scope.rpartition("/secrets/")[0])
    assert judged([moved, wider], INSTALLATION)[0] == []


def test_a_right_on_the_whole_account_is_odd() -> None:
    catalogs = assignments_of("0001")[0]
    wider = replace(catalogs, scope=catalogs.scope.partition("/blobServices")[0])
    held, odd = judged([wider], INSTALLATION)
    assert (held, odd) == ([], [Odd(("0001",), wider)])


def test_roles_of_others_and_other_installations_are_left_alone() -> None:
    other = [
        replace(one, scope=one.scope.replace("rg-shops", "rg-shops-2"))
        for one in assignments_of("0001")
    ]
    owner = Assignment("o", "p", "8e3af657", "Owner", GROUP, None)
    assert judged([*other, owner], INSTALLATION) == ([], [])


@pytest.mark.parametrize(
    ("scope", "counts"),
    [
        (GROUP, True),
        (f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stshops", True),
        (f"/subscriptions/{SUBSCRIPTION}", True),
        ("/providers/Microsoft.Management/managementGroups/all", True),
        ("/", True),
        (f"{GROUP}-2", False),
        (f"/subscriptions/{SUBSCRIPTION[:-1]}", False),
    ],
)
def test_whatever_reaches_into_the_installation_is_beyond_a_stores_rights(
    scope: str, counts: bool
) -> None:
    more = Assignment("more", "p", "role", "Reader", scope, None)
    assert beyond([*assignments_of("0001"), more], STORE, INSTALLATION) == [more] * counts


def test_the_rights_of_another_store_are_beyond_a_stores_rights() -> None:
    others = assignments_of("0002")
    assert beyond(others, STORE, INSTALLATION) == others


def test_every_parameter_of_the_bicep_file_is_one_that_add_gives() -> None:
    code = (BICEP / "store" / "adding.py").read_text(encoding="utf-8")
    given = set(re.findall(r'^        "(\w+)": ', code, re.MULTILINE))
    declared = re.findall(r"^param (\w+)", (BICEP / "store.bicep").read_text("utf-8"), re.MULTILINE)
    assert given == set(declared)


def test_a_right_is_held_with_its_assignment() -> None:
    token = assignments_of("0001")[2]
    held, _ = judged([token], INSTALLATION)
    assert held == [Held(STORE, rights_of(STORE, INSTALLATION)[2].kind, token)]
