"""The rights of a store end at its own folder and its own token."""

import pytest

from tests.infra.bicep.abac import Access
from tests.infra.bicep.rights import CATALOG_WRITER, RUN_READER, TOKEN_SETTER, may
from tests.infra.bicep.snapshots import Grant, read

BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
VAULT = "Microsoft.KeyVault/vaults/kv-shops"
ACCOUNT = "Microsoft.Storage/storageAccounts/stshops"
CONTAINERS = f"{ACCOUNT}/blobServices/default/containers"
ALPHA = "00000000-0000-0000-0000-00000000a001"
ALPHABET = "00000000-0000-0000-0000-00000000a002"
SET_TOKEN = "Microsoft.KeyVault/vaults/secrets/setSecret/action"
SEE_TOKEN = "Microsoft.KeyVault/vaults/secrets/readMetadata/action"
READ_TOKEN = "Microsoft.KeyVault/vaults/secrets/getSecret/action"
CHANGES = ("write", "add/action")
EVERYTHING = (
    *(*CHANGES, "read", "delete", "move/action", "deleteBlobVersion/action", "tags/read"),
    *("tags/write", "filter/action", "permanentDelete/action", "modifyPermissions/action"),
)


def blob(action: str, path: str) -> Access:
    return Access(f"{BLOBS}/{action}", resource={f"{BLOBS}:path": path})


def listing(prefix: str | None) -> Access:
    request = {} if prefix is None else {f"{BLOBS}:prefix": prefix}
    return Access(f"{BLOBS}/read", "Blob.List", request=request)


def allowed(principal: str, action: str, container: str, path: str) -> bool:
    return may(
        read("two_stores").grants(), principal, blob(action, path), f"{CONTAINERS}/{container}"
    )


@pytest.mark.parametrize("action", CHANGES)
@pytest.mark.parametrize(
    "path", ["alpha/20261129T060000Z-ab12.json.gz", "alpha/run.resume", "alpha/a/b"]
)
def test_a_store_may_write_into_its_own_folder(action: str, path: str) -> None:
    assert allowed(ALPHA, action, "catalogs", path)


@pytest.mark.parametrize("action", CHANGES)
@pytest.mark.parametrize(
    "path",
    [
        *("alphabet/1.json", "alphabet", "alph/1.json", "beta/alpha/1.json", "Alpha/1.json", ""),
        *("/alpha/1.json", "alpha", "1.json", "_unknown/alpha/1.json", "alpha-/1.json"),
    ],
)
def test_a_store_may_not_write_into_another_stores_folder(action: str, path: str) -> None:
    assert not allowed(ALPHA, action, "catalogs", path)


def test_a_longer_name_does_not_reach_into_the_folder_of_a_shorter_one() -> None:
    assert allowed(ALPHABET, "write", "catalogs", "alphabet/1.json")
    assert not allowed(ALPHABET, "write", "catalogs", "alpha/1.json")
    assert not allowed(ALPHABET, "read", "runs", "alpha/1.json")


@pytest.mark.parametrize("action", [action for action in EVERYTHING if action not in CHANGES])
def test_a_store_may_do_nothing_but_write_among_the_catalogues(action: str) -> None:
    assert not allowed(ALPHA, action, "catalogs", "alpha/1.json")


def test_a_store_may_read_its_own_run_records() -> None:
    assert allowed(ALPHA, "read", "runs", "alpha/1.8DC12.json")


@pytest.mark.parametrize(
    "path", ["alphabet/1.json", "_unknown/1.json", "alph/1.json", "alpha", "Alpha/1"]
)
def test_a_store_may_not_read_another_stores_run_records(path: str) -> None:
    assert not allowed(ALPHA, "read", "runs", path)


@pytest.mark.parametrize("action", [action for action in EVERYTHING if action != "read"])
def test_a_store_may_do_nothing_but_read_among_the_run_records(action: str) -> None:
    assert not allowed(ALPHA, action, "runs", "alpha/1.json")


@pytest.mark.parametrize(
    ("prefix", "is_allowed"),
    [
        *(("alpha/", True), ("alpha/2026", True), ("alpha", False), ("alphabet/", False)),
        *(("a", False), ("", False), (None, False), ("ALPHA/", False)),
    ],
)
def test_a_store_may_list_run_records_only_with_its_own_prefix(
    prefix: str | None, is_allowed: bool
) -> None:
    runs = f"{CONTAINERS}/runs"
    assert may(read("two_stores").grants(), ALPHA, listing(prefix), runs) is is_allowed


@pytest.mark.parametrize("prefix", ["alpha/", "", None])
@pytest.mark.parametrize("container", ["catalogs", "locks", "deployment", "dead-letters"])
def test_a_store_may_list_nothing_else(container: str, prefix: str | None) -> None:
    assert not may(read("two_stores").grants(), ALPHA, listing(prefix), f"{CONTAINERS}/{container}")


@pytest.mark.parametrize("action", EVERYTHING)
@pytest.mark.parametrize(
    "container", ["locks", "deployment", "dead-letters", "azure-webjobs-secrets"]
)
def test_a_store_may_do_nothing_in_any_other_container(container: str, action: str) -> None:
    assert not allowed(ALPHA, action, container, "alpha/1.json")


def test_a_store_may_set_its_token_and_see_its_expiry_but_not_read_it() -> None:
    stores, own = read("two_stores").grants(), f"{VAULT}/secrets/digible-token-alpha"
    assert may(stores, ALPHA, Access(SET_TOKEN), own)
    assert may(stores, ALPHA, Access(SEE_TOKEN), own)
    assert not may(stores, ALPHA, Access(READ_TOKEN), own)


@pytest.mark.parametrize("action", [SET_TOKEN, SEE_TOKEN, READ_TOKEN])
@pytest.mark.parametrize(
    "secret", ["/secrets/digible-token-alphabet", "/secrets/digible-token-al", ""]
)
def test_a_store_may_do_nothing_with_another_stores_token(secret: str, action: str) -> None:
    assert not may(read("two_stores").grants(), ALPHA, Access(action), VAULT + secret)


def test_a_store_has_exactly_three_roles() -> None:
    grants = {(grant.principal, grant.role, grant.scope) for grant in read("one_store").grants()}
    assert grants == {
        (ALPHA, CATALOG_WRITER, f"{CONTAINERS}/catalogs"),
        (ALPHA, RUN_READER, f"{CONTAINERS}/runs"),
        (ALPHA, TOKEN_SETTER, f"{VAULT}/secrets/digible-token-0001"),
    }
    assert len(read("one_store").resources) == 3


def test_a_person_who_tests_a_store_has_the_rights_of_a_store() -> None:
    kinds = {
        resource.properties["principalId"]: resource.properties["principalType"]
        for resource in read("two_stores").resources
    }
    assert kinds == {ALPHA: "ServicePrincipal", ALPHABET: "User"}


@pytest.mark.parametrize(
    "condition",
    [
        f"@Resource[{BLOBS}:path] StringLike 'alpha*'",
        f"@Resource[{BLOBS}:path] StringStartsWith 'alpha'",
        f"!(ActionMatches{{'{BLOBS}/write'}}) OR @Resource[{BLOBS}:path] StringLike '*/1.json'",
    ],
)
def test_a_condition_that_is_too_wide_would_be_noticed(condition: str) -> None:
    """The same question as above, asked of a wrong condition."""
    wrong = Grant(ALPHA, CATALOG_WRITER, f"{CONTAINERS}/catalogs", condition)
    assert may([wrong], ALPHA, blob("write", "alphabet/1.json"), wrong.scope)
