"""What is kept in storage, for how long, and which events of it reach the function."""

import pytest

from contract.blobs import CATALOGS, LOCKS, RETRIES, RUNS
from function_app.triggers import BLOB_POISON
from tests.infra.bicep.snapshots import Resource, read

ACCOUNTS = "Microsoft.Storage/storageAccounts"
BOTH = pytest.mark.parametrize("name", ["plain", "private"])


def days_kept(name: str) -> dict[str, int]:
    """Return after how many days a blob goes, by the prefix of its name."""
    policy = read(name).one(f"{ACCOUNTS}/managementPolicies").properties["policy"]
    return {
        prefix: rule["definition"]["actions"]["baseBlob"]["delete"][
            "daysAfterModificationGreaterThan"
        ]
        for rule in policy["rules"]
        for prefix in rule["definition"]["filters"]["prefixMatch"]
    }


@BOTH
def test_a_run_record_outlives_its_catalogue(name: str) -> None:
    """A blob without a record is sent again, and lifecycle management may be days late."""
    kept = days_kept(name)
    assert kept[f"{RUNS}/"] >= kept[f"{CATALOGS}/"] + 30


@BOTH
def test_what_orders_a_stores_runs_never_goes(name: str) -> None:
    assert set(days_kept(name)) == {f"{CATALOGS}/", f"{RUNS}/", "dead-letters/"}
    assert not any(f"{LOCKS}/".startswith(prefix) for prefix in days_kept(name))


@BOTH
def test_a_deleted_blob_can_be_had_back_for_a_weekend_and_no_state_is_kept_for_good(
    name: str,
) -> None:
    blobs = read(name).one(f"{ACCOUNTS}/blobServices").properties
    assert blobs["deleteRetentionPolicy"] == {"enabled": True, "days": 3}
    assert blobs["containerDeleteRetentionPolicy"]["enabled"]
    assert not blobs["isVersioningEnabled"]


@BOTH
def test_each_container_and_queue_that_the_code_names_is_there(name: str) -> None:
    containers = read(name).all(f"{ACCOUNTS}/blobServices/containers")
    queues = read(name).all(f"{ACCOUNTS}/queueServices/queues")
    assert {CATALOGS, RUNS, LOCKS} <= names(containers)
    assert names(queues) == {RETRIES, f"{RETRIES}-poison", BLOB_POISON}


def test_the_function_gets_the_events_of_new_catalogues_only() -> None:
    events = read("events").one("Microsoft.EventGrid/systemTopics/eventSubscriptions").properties
    assert events["filter"] == {
        "includedEventTypes": ["Microsoft.Storage.BlobCreated"],
        "subjectBeginsWith": f"/blobServices/default/containers/{CATALOGS}/",
        "isSubjectCaseSensitive": True,
        "advancedFilters": [
            {
                "key": "data.api",
                "operatorType": "StringIn",
                "values": ["CopyBlob", "FlushWithClose", "PutBlob", "PutBlockList"],
            }
        ],
    }


def test_the_events_name_the_function_that_the_code_has() -> None:
    events = read("events").one("Microsoft.EventGrid/systemTopics/eventSubscriptions").properties
    url = events["destination"]["properties"]["endpointUrl"]
    assert "/runtime/webhooks/blobs?functionName=Host.Functions.upload_catalog&code={1}'" in url


def test_an_event_that_can_not_be_delivered_is_left_where_it_is_seen() -> None:
    events = read("events").one("Microsoft.EventGrid/systemTopics/eventSubscriptions").properties
    letters = events["deadLetterWithResourceIdentity"]
    assert letters["identity"] == {"type": "SystemAssigned"}
    assert letters["deadLetterDestination"]["properties"]["blobContainerName"] == "dead-letters"
    assert "dead-letters" in names(read("plain").all(f"{ACCOUNTS}/blobServices/containers"))


@BOTH
def test_the_topic_signs_in_as_itself(name: str) -> None:
    topic = read(name).one("Microsoft.EventGrid/systemTopics")
    assert topic.body["identity"] == {"type": "SystemAssigned"}
    assert topic.properties["source"] == read(name).one(ACCOUNTS).id


def names(resources: list[Resource]) -> set[str]:
    return {resource.id.rpartition("/")[2] for resource in resources}
