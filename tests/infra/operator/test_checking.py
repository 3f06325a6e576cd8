"""`python -m infra.store check`: a row for each thing that a store needs in Azure."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient

from contract.blobs import RUNS, StoreName
from contract.run import RunState
from contract.run_record import encode_run
from infra.store.showing import Mark
from tests.infra.operator.cloud import GROUP, INSTALLATION, NOW, PERSON, Cloud, Ended
from tests.runs import sending_run

READER = "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7"


def token_version(days: int | None = 90, *, enabled: bool = True) -> dict[str, object]:
    expires = None if days is None else (NOW + timedelta(days=days)).isoformat()
    return {"created": NOW.isoformat(), "enabled": enabled, "expires": expires}


@pytest.fixture
def store(cloud: Cloud, certificates: tuple[Path, Path]) -> Cloud:
    """Return a cloud in which all is well with store 0001."""
    add = ("add", "0001", "--certificate", str(certificates[0]))
    cloud.prepared("checking", lambda: cloud.store(*add))
    with cloud.change() as state:
        state["secrets"]["digible-token-0001"] = {"versions": [token_version()]}
    return cloud


def rows(ended: Ended) -> dict[str, tuple[str, str]]:
    """Return each row's mark and its text."""
    document = json.loads(ended.out)
    return {
        row["what"]: (row["mark"], f"{row['found']} {row['to_do']}") for row in document["rows"]
    }


def marks(ended: Ended) -> dict[str, str]:
    return {what: mark for what, (mark, _) in rows(ended).items()}


def test_all_is_well_with_a_store_as_it_was_added(store: Cloud) -> None:
    ended = store.store("check", "0001")
    assert (ended.code, Mark.WRONG in ended.out) == (0, False)
    marks = [line[0] for line in ended.out.splitlines() if not line.startswith(" ")]
    assert marks == [Mark.WELL] * 7 + [Mark.UNKNOWN]


def test_the_rows_are_there_for_programs(store: Cloud) -> None:
    document = json.loads(store.store("check", "0001", "--json").out)
    assert (document["store"], document["well"]) == ("0001", True)
    assert set(document["rows"][0]) == {"mark", "what", "found", "to_do"}


@pytest.mark.parametrize(
    ("scope", "row"),
    [
        ("/catalogs", "right: writes its catalogues"),
        ("/runs", "right: reads its run records"),
        ("/digible-token-0001", "right: sets its token"),
    ],
)
def test_a_missing_right_is_seen(store: Cloud, scope: str, row: str) -> None:
    with store.change() as state:
        state["assignments"] = {
            id_: one
            for id_, one in state["assignments"].items()
            if not one["scope"].endswith(scope)
        }
    ended = store.store("check", "0001", "--json")
    assert ended.code == 1
    assert [what for what, mark in marks(ended).items() if mark == "wrong"] == [row]


def test_a_right_whose_condition_was_loosened_is_seen_twice(store: Cloud) -> None:
    with store.change() as state:
        one = next(one for one in state["assignments"].values() if one["scope"].endswith("/runs"))
        one["condition"] = one["condition"].replace("'0001/'", "'0001'")
    found = rows(store.store("check", "0001", "--json"))
    assert found["right: reads its run records"][0] == "wrong"
    assert found["no other right here"][0] == "wrong"


@pytest.mark.parametrize(
    "scope", [GROUP, GROUP.partition("/resourceGroups")[0], INSTALLATION.catalogs_id]
)
def test_any_right_beyond_the_three_is_named(store: Cloud, scope: str) -> None:
    principal = store.rights()[0][0]
    id_ = store.assign(principal, READER, scope)
    mark, text = rows(store.store("check", "0001", "--json"))["no other right here"]
    assert (mark, f"--ids {id_}" in text) == ("wrong", True)


def test_a_right_through_a_group_is_named(store: Cloud) -> None:
    principal = store.rights()[0][0]
    with store.change() as state:
        state["groups"]["everybody"] = [principal]
    store.assign("everybody", READER, GROUP)
    assert marks(store.store("check", "0001", "--json"))["no other right here"] == "wrong"


def test_a_person_may_have_other_rights(store: Cloud) -> None:
    store.store("add", "smoke-test", "--principal-id", PERSON, "--principal-type", "User")
    store.assign(PERSON, READER, GROUP)
    ended = store.store("check", "smoke-test", "--json")
    assert marks(ended)["no other right here"] == "unknown"


def test_a_principal_that_was_deleted_is_seen(store: Cloud) -> None:
    with store.change() as state:
        state["principals"] = {}
    ended = store.store("check", "0001", "--json")
    assert (ended.code, marks(ended)["signs in as"]) == (1, "wrong")


@pytest.mark.parametrize(("days", "mark"), [(31, "well"), (29, "wrong"), (-1, "wrong")])
def test_a_certificate_is_renewed_a_month_ahead(store: Cloud, days: int, mark: str) -> None:
    with store.change() as state:
        (app,) = state["apps"].values()
        app["keyCredentials"][0]["endDateTime"] = (NOW + timedelta(days=days)).isoformat()
    assert marks(store.store("check", "0001", "--json"))["certificate"] == mark


def test_a_newer_certificate_counts(store: Cloud, certificates: tuple[Path, Path]) -> None:
    store.store("add", "0001", "--certificate", str(certificates[1]))
    with store.change() as state:
        (app,) = state["apps"].values()
        app["keyCredentials"][0]["endDateTime"] = (NOW - timedelta(days=1)).isoformat()
        app["keyCredentials"][1]["endDateTime"] = (NOW + timedelta(days=300)).isoformat()
    assert marks(store.store("check", "0001", "--json"))["certificate"] == "well"


def test_an_app_without_a_certificate_is_seen(store: Cloud) -> None:
    with store.change() as state:
        (app,) = state["apps"].values()
        app["keyCredentials"] = []
    assert marks(store.store("check", "0001", "--json"))["certificate"] == "wrong"


@pytest.mark.parametrize(
    ("versions", "mark", "said"),
    [
        (None, "wrong", "there is none"),
        ([], "wrong", "there is none"),
        ([token_version(8)], "well", "expires on 2026-12-07"),
        ([token_version(None)], "well", "without a date"),
        ([token_version(6)], "wrong", "expires on 2026-12-05"),
        ([token_version(-1)], "wrong", "expired on 2026-11-28"),
        ([token_version(90, enabled=False)], "wrong", "disabled"),
    ],
)
def test_a_tokens_presence_and_expiry_are_seen(
    store: Cloud, versions: list[object] | None, mark: str, said: str
) -> None:
    with store.change() as state:
        state["secrets"] = {}
        if versions is not None:
            state["secrets"]["digible-token-0001"] = {"versions": versions}
    found, text = rows(store.store("check", "0001", "--json"))["Digible token"]
    assert (found, said in text) == (mark, True)


def test_the_newest_version_of_a_token_counts(store: Cloud) -> None:
    old = {**token_version(-10), "created": (NOW - timedelta(days=100)).isoformat()}
    with store.change() as state:
        state["secrets"]["digible-token-0001"]["versions"] = [token_version(90), old]
    assert marks(store.store("check", "0001", "--json"))["Digible token"] == "well"


def test_no_command_ever_brings_the_value_of_a_token_here(store: Cloud) -> None:
    store.store("check", "0001")
    store.store("remove", "0001", "--yes")
    vault = {call[2] for call in store.calls("keyvault", "secret")}
    assert "show" not in vault
    assert "download" not in vault


def test_a_token_that_may_not_be_seen_is_not_well(store: Cloud) -> None:
    with store.change() as state:
        state["faults"]["keyvault secret list-versions"] = ["(Forbidden) ForbiddenByRbac"]
    mark, text = rows(store.store("check", "0001", "--json"))["Digible token"]
    assert (mark, "Key Vault Reader" in text) == ("wrong", True)


@pytest.mark.parametrize(
    ("state", "mark"),
    [
        (RunState.SUCCEEDED, "well"),
        (RunState.WAITING, "unknown"),
        (RunState.COMPLETED_WITH_REJECTIONS, "unknown"),
        (RunState.FAILED, "wrong"),
        (RunState.SESSION_EXPIRED, "wrong"),
        (RunState.INVALID_CATALOG, "wrong"),
    ],
)
def test_the_last_run_is_judged_by_its_state(
    store: Cloud, storage: str, state: RunState, mark: str
) -> None:
    run = replace(sending_run(NOW), state=state, message="Words of the run.")
    with store.change() as changed:
        changed["blob_connection"] = storage
    with BlobServiceClient.from_connection_string(storage) as service:
        container = service.get_container_client(RUNS)
        container.upload_blob("0001/latest.json", encode_run(run), overwrite=True)
        try:
            found, text = rows(store.store("check", "0001", "--json"))["last run"]
        finally:
            container.delete_blob("0001/latest.json")
    assert (found, "Words of the run." in text) == (mark, True)


def test_a_run_record_that_may_not_be_read_is_no_failure(store: Cloud) -> None:
    ended = store.store("check", "0001", "--json")
    assert (ended.code, marks(ended)["last run"]) == (0, "unknown")


@pytest.mark.parametrize("command", ["keyvault secret list-versions", "storage blob list"])
def test_an_outage_is_no_finding_about_the_store(store: Cloud, command: str) -> None:
    with store.change() as state:
        state["faults"][command] = ["Max retries exceeded"]
    ended = store.store("check", "0001")
    assert (ended.code, ended.out, "can't be reached" in ended.err) == (1, "", True)


def test_a_damaged_run_record_is_seen(store: Cloud, storage: str) -> None:
    with store.change() as state:
        state["blob_connection"] = storage
    with BlobServiceClient.from_connection_string(storage) as service:
        container = service.get_container_client(RUNS)
        container.upload_blob("0001/damaged.json", b"{", overwrite=True)
        try:
            found = rows(store.store("check", "0001", "--json"))["last run"]
        finally:
            container.delete_blob("0001/damaged.json")
    assert (found[0], "is damaged" in found[1]) == ("wrong", True)


def test_a_store_that_has_not_uploaded_yet_has_no_last_run(store: Cloud, storage: str) -> None:
    with store.change() as state:
        state["blob_connection"] = storage
    found = rows(store.store("check", "0001", "--json"))["last run"]
    assert found == ("unknown", "there was none yet ")


def test_a_store_without_any_right_is_said_to_have_none(store: Cloud) -> None:
    ended = store.store("check", StoreName("0009"))
    assert (ended.code, "0009 has no right here" in ended.err) == (1, True)
