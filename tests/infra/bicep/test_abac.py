"""The evaluator of conditions, which the tests of the stores' rights rely on."""

import pytest

from tests.infra.bicep.abac import Access, ConditionError, is_allowed

BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
READ = Access(f"{BLOBS}/read", resource={f"{BLOBS}:path": "alpha/1.json"})
LIST = Access(f"{BLOBS}/read", "Blob.List", request={f"{BLOBS}:prefix": "alpha/"})
IS_READ = f"ActionMatches{{'{BLOBS}/read'}}"
PATH = f"@Resource[{BLOBS}:path]"
PREFIX = f"@Request[{BLOBS}:prefix]"


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        (IS_READ, True),
        ("ActionMatches{'microsoft.storage/STORAGEACCOUNTS/*'}", True),
        (f"ActionMatches{{'{BLOBS}/write'}}", False),
        (f"!({IS_READ})", False),
        (f"NOT {IS_READ}", False),
        (f"!({IS_READ}) OR {PATH} StringEquals 'alpha/1.json'", True),
        (f"{PATH} StringStartsWith 'alpha/'", True),
        (f"{PATH} StringStartsWith 'ALPHA/'", False),
        (f"{PATH} StringLike 'alpha*'", True),
        (f"{PATH} StringLike 'alpha'", False),
        (f"{PATH} StringLike 'alph?/1.json'", True),
        (f"{IS_READ} AND {PATH} StringEquals 'x' OR {IS_READ}", True),
        (f"{IS_READ} OR {IS_READ} AND {PATH} StringEquals 'x'", True),
        (f"({IS_READ} OR {IS_READ}) AND {PATH} StringEquals 'x'", False),
        (f"{IS_READ} AND SubOperationMatches{{'Blob.List'}}", False),
        (f"{IS_READ} AND NOT SubOperationMatches{{'Blob.List'}}", True),
    ],
)
def test_a_condition_holds_or_not_for_reading_a_blob(condition: str, allowed: bool) -> None:
    assert is_allowed(condition, READ) is allowed


def test_an_attribute_that_a_request_does_not_have_satisfies_nothing() -> None:
    assert not is_allowed(f"{PREFIX} StringStartsWith ''", READ)
    assert not is_allowed(f"{PATH} StringLike '*'", LIST)
    assert is_allowed(f"{PREFIX} StringStartsWith 'alpha/'", LIST)


@pytest.mark.parametrize(
    "condition",
    [
        "",
        "(",
        IS_READ + ")",
        f"{PATH} Resembles 'x'",
        "AND",
        f"{IS_READ} {IS_READ}",
        "true",
        f"({IS_READ}",
    ],
)
def test_what_is_not_understood_is_no_condition(condition: str) -> None:
    with pytest.raises(ConditionError):
        is_allowed(condition, READ)
