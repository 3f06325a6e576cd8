"""`python -m infra.store list`: who may upload for which store, read from what Azure enforces."""

import json
from pathlib import Path

import pytest

from tests.infra.operator.cloud import INSTALLATION, PERSON, SUBSCRIPTION, Cloud


def test_each_store_is_listed_with_its_principal(
    cloud: Cloud, certificates: tuple[Path, Path]
) -> None:
    cloud.machine("till-1", 1)
    cloud.store("add", "0001", "--arc", "till-1")
    cloud.store("add", "0002", "--certificate", str(certificates[0]))
    cloud.store("add", "smoke-test", "--principal-id", PERSON, "--principal-type", "User")
    ended = cloud.store("list")
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert [line.split()[0] for line in lines] == ["STORE", "0001", "0002", "smoke-test"]
    assert "Arc machine till-1" in lines[1]
    assert "app registration shopmaster-stshops-0002" in lines[2]
    assert "user operator@shops.invalid" in lines[3]
    assert all("3 of 3" in line for line in lines[1:])


def test_an_installation_without_stores_says_so(cloud: Cloud) -> None:
    assert cloud.store("list").out == "No stores.\n"


def test_the_list_is_there_for_programs(cloud: Cloud) -> None:
    principal = cloud.machine("till-1", 1)
    cloud.store("add", "0001", "--arc", "till-1")
    document = json.loads(cloud.store("list", "--json").out)
    assert document == {
        "stores": [
            {
                "store": "0001",
                "principal_id": principal,
                "principal_kind": "Arc machine",
                "principal_name": "till-1",
                "rights": 3,
                "complete": True,
            }
        ],
        "odd_assignments": [],
    }


def test_a_store_that_lost_a_right_is_seen(cloud: Cloud) -> None:
    cloud.machine("till-1", 1)
    cloud.store("add", "0001", "--arc", "till-1")
    with cloud.change() as state:
        state["assignments"].popitem()
    ended = cloud.store("list")
    assert "2 of 3" in ended.out
    assert "infra.store check STORE" in ended.out


@pytest.mark.parametrize("json_too", [(), ("--json",)])
def test_a_role_of_stores_that_is_given_for_all_stores_fails_the_list(
    cloud: Cloud, json_too: tuple[str, ...]
) -> None:
    scope = INSTALLATION.catalogs_id
    id_ = cloud.assign(PERSON, INSTALLATION.catalog_writer_role, scope)
    ended = cloud.store("list", *json_too)
    assert (ended.code, id_ in ended.out) == (1, True)


def test_a_principal_that_was_deleted_is_still_listed(cloud: Cloud) -> None:
    principal = cloud.machine("till-1", 1)
    cloud.store("add", "0001", "--arc", "till-1")
    with cloud.change() as state:
        del state["principals"][principal]
    assert f"deleted principal {principal}" in cloud.store("list").out


def test_a_large_fleet_takes_few_calls(cloud: Cloud) -> None:
    cloud.machine("till-1", 1)
    cloud.store("add", "0001", "--arc", "till-1")
    with cloud.change() as state:
        pattern = list(state["assignments"].items())
        for number in range(1_100):
            principal = f"00000000-0000-0000-0001-{number:012d}"
            for id_, one in pattern:
                copy = {**one, "principalId": principal, "id": f"{id_}-{number}"}
                state["assignments"][f"{id_}-{number}"] = copy
        state["calls"] = []
    ended = cloud.store("list")
    assert ended.out.count("0001") >= 1_101
    assert len(cloud.state["calls"]) == 4  # sign-in, assignments, and principals by the thousand


def test_stores_of_other_installations_are_not_listed(cloud: Cloud) -> None:
    scope = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-other"
    cloud.assign(PERSON, INSTALLATION.catalog_writer_role, scope)
    assert cloud.store("list").out == "No stores.\n"
