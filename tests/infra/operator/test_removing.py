"""`python -m infra.store remove`: nothing that lets a store's PC in is left behind."""

import io
from pathlib import Path

import pytest

from infra.store.rights import Kind
from tests.infra.operator.cloud import GROUP, INSTALLATION, PERSON, Cloud

READER = "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7"


@pytest.fixture
def store(cloud: Cloud, certificates: tuple[Path, Path]) -> Cloud:
    """Return a cloud with store 0001 (a certificate) and store 00012 (Arc)."""

    def add() -> None:
        cloud.store("add", "0001", "--certificate", str(certificates[0]))
        cloud.machine("till-2", 2)
        cloud.store("add", "00012", "--arc", "till-2")

    cloud.prepared("removing", add)
    with cloud.change() as state:
        for name in ("digible-token-0001", "digible-token-00012"):
            state["secrets"][name] = {"versions": [{"expires": None}]}
    return cloud


def test_a_removed_store_has_no_right_no_app_and_no_token(store: Cloud) -> None:
    ended = store.store("remove", "0001", "--yes")
    assert ended.code == 0
    assert "Store 0001 has no right here any more." in ended.out
    assert "catalogs/0001/" in ended.out
    assert {scope for _, scope in store.rights()} == {"catalogs", "runs", "digible-token-00012"}
    assert store.state["apps"] == {}
    assert list(store.state["secrets"]) == ["digible-token-00012"]


def test_the_deleted_token_is_expired_so_that_nobody_uses_it_again(store: Cloud) -> None:
    store.store("remove", "0001", "--yes")
    (version,) = store.state["deleted_secrets"]["digible-token-0001"]["versions"]
    assert version["expires"].startswith("2000-")


def test_the_identity_of_a_machine_stays(store: Cloud) -> None:
    ended = store.store("remove", "00012", "--yes")
    assert (ended.code, "Arc machine till-2, stays" in ended.out) == (0, True)
    assert len(store.state["apps"]) == 1
    assert any(
        one["displayName"] == "till-2"
        for one in store.state["principals"].values()
        if "displayName" in one
    )


def test_an_app_that_was_given_stays_even_if_its_name_is_like_ours(store: Cloud) -> None:
    app = {
        "@odata.type": "#microsoft.graph.servicePrincipal",
        "id": PERSON.replace("d001", "d009"),
        "appId": "given",
        "displayName": "shopmaster-stshops-00",
        "servicePrincipalType": "Application",
    }
    with store.change() as state:
        state["principals"][app["id"]] = app
        state["apps"]["given"] = {"appId": "given", "displayName": app["displayName"]}
    store.store("add", "0003", "--principal-id", app["id"])
    assert store.store("remove", "0003", "--yes").code == 0
    assert "given" in store.state["apps"]


def test_removing_again_is_no_error(store: Cloud) -> None:
    store.store("remove", "0001", "--yes")
    assert store.store("remove", "0001", "--yes").code == 0


def test_the_rights_go_even_if_the_app_registration_may_not_be_deleted(store: Cloud) -> None:
    with store.change() as state:
        state["faults"]["ad app delete"] = ["Insufficient privileges to complete the operation."]
    ended = store.store("remove", "0001", "--yes")
    (app,) = store.state["apps"]
    assert (ended.code, f"az ad app delete --id {app}" in ended.err) == (1, True)
    assert {scope for _, scope in store.rights()} == {"catalogs", "runs", "digible-token-00012"}
    assert list(store.state["secrets"]) == ["digible-token-00012"]


@pytest.mark.parametrize("command", ["role assignment delete", "keyvault secret delete"])
def test_an_interrupted_removal_goes_on_where_it_stood(store: Cloud, command: str) -> None:
    with store.change() as state:
        state["faults"][command] = ["(AuthorizationFailed) no"]
    assert store.store("remove", "0001", "--yes").code == 1
    assert store.store("remove", "0001", "--yes").code == 0
    assert {principal for principal, _ in store.rights()} == {
        "00000000-0000-0000-0000-00000000e002"
    }
    assert store.state["apps"] == {}


def test_a_right_that_is_left_behind_fails_the_removal(store: Cloud) -> None:
    with store.change() as state:
        state["undeletable"] = [next(iter(state["assignments"]))]
    left = store.state["undeletable"][0]
    ended = store.store("remove", "0001", "--yes")
    assert (ended.code, f"--ids {left}" in ended.err) == (1, True)
    assert "any more" not in ended.out
    assert store.time.slept >= 60


def test_a_right_that_names_the_store_among_others_fails_the_removal(store: Cloud) -> None:
    path = "@Resource[Microsoft.Storage/storageAccounts/blobServices/containers/blobs:path]"
    both = f"({path} StringStartsWith '0001/') OR ({path} StringStartsWith '00012/')"
    scope = INSTALLATION.catalogs_id
    id_ = store.assign(PERSON, INSTALLATION.catalog_writer_role, scope, both)
    ended = store.store("remove", "0001", "--yes")
    assert (ended.code, id_ in ended.err, id_ in store.state["assignments"]) == (1, True, True)


def test_an_inexact_right_of_the_store_alone_is_removed_too(store: Cloud) -> None:
    path = "@Resource[Microsoft.Storage/storageAccounts/blobServices/containers/blobs:path]"
    id_ = store.assign(
        PERSON,
        INSTALLATION.catalog_writer_role,
        INSTALLATION.catalogs_id,
        f"({path} StringStartsWith '0001/')",
    )
    assert store.store("remove", "0001", "--yes").code == 0
    assert id_ not in store.state["assignments"]


def test_a_right_of_the_machine_that_add_did_not_give_fails_the_removal(store: Cloud) -> None:
    machine = next(
        id_ for id_, one in store.state["principals"].items() if one.get("displayName") == "till-2"
    )
    id_ = store.assign(machine, READER, GROUP)
    ended = store.store("remove", "00012", "--yes")
    assert (ended.code, f"--ids {id_}" in ended.err) == (1, True)


def test_a_persons_other_rights_stay_without_a_word(store: Cloud) -> None:
    store.store("add", "smoke-test", "--principal-id", PERSON, "--principal-type", "User")
    id_ = store.assign(PERSON, READER, GROUP)
    assert store.store("remove", "smoke-test", "--yes").code == 0
    assert id_ in store.state["assignments"]


def test_an_app_of_the_name_that_is_left_fails_the_removal(store: Cloud) -> None:
    with store.change() as state:
        state["apps"]["other"] = {"appId": "other", "displayName": "shopmaster-stshops-0005"}
    ended = store.store("remove", "0005", "--yes")
    assert (ended.code, "shopmaster-stshops-0005" in ended.err) == (1, True)
    assert "other" in store.state["apps"]


def test_without_a_terminal_nothing_is_removed_unasked(
    store: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("0001"))
    ended = store.store("remove", "0001")
    assert (ended.code, "--yes" in ended.err) == (2, True)
    assert len(store.rights()) == 2 * len(Kind)


class Terminal:
    """A standard input at which a person sits."""

    @staticmethod
    def isatty() -> bool:
        return True


@pytest.mark.parametrize(("typed", "code", "left"), [("0001", 0, 3), ("y", 1, 6), ("", 1, 6)])
def test_at_a_terminal_the_stores_name_must_be_typed(
    store: Cloud, monkeypatch: pytest.MonkeyPatch, typed: str, code: int, left: int
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("builtins.input", lambda prompt: typed)
    ended = store.store("remove", "0001")
    assert (ended.code, len(store.rights())) == (code, left)
    assert "app registration shopmaster-stshops-0001, which `add` made" in ended.out
