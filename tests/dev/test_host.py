"""`python -m dev host` does for an app what Azure does."""

import base64
import json
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from dev.files import read_environment
from dev.host.blob_messages import BlobMessage
from dev.processes import ProcessError, Server
from tests.dev.sample import APP, Sample, eventually, new_sample
from tests.stack import start_dev


@pytest.fixture
def sample(azurite_connection: str, tmp_path: Path) -> Sample:
    return new_sample(azurite_connection, tmp_path)


def test_each_version_of_a_blob_is_passed_on_once(sample: Sample) -> None:
    with sample.host() as host:
        first = sample.put("a/b.json")
        eventually(lambda: len(sample.notes("on_blob_done")) == 1, host)
        second = sample.put("a/b.json", "also fine")
        eventually(lambda: len(sample.notes("on_blob_done")) == 2, host)
        sample.put("last")
        eventually(lambda: bool(sample.notes("on_blob_done", name="last")), host)
    notes = sample.notes("on_blob_done", name="a/b.json")
    assert [note["etag"] for note in notes] == [first, second]


def test_a_blob_uploaded_before_the_start_is_passed_on_but_none_again_after_a_restart(
    sample: Sample,
) -> None:
    sample.put("early")
    with sample.host() as host:
        eventually(lambda: bool(sample.notes("on_blob_done", name="early")), host)
    sample.put("meanwhile")
    with sample.host() as host:
        eventually(lambda: bool(sample.notes("on_blob_done", name="meanwhile")), host)
    assert len(sample.notes("on_blob", name="early")) == 1


def test_a_blob_whose_host_was_killed_comes_again_when_its_message_reappears(
    sample: Sample,
) -> None:
    with sample.host(0.005) as host:  # after 3 s
        sample.put("slow", "wait")
        eventually(lambda: bool(sample.notes("on_blob", name="slow")), host)
        host.kill()
    with sample.host(0.005) as host:
        sample.queue().send_message("fine")
        eventually(lambda: bool(sample.notes("on_message_done")), host)
        assert len(sample.notes("on_blob", name="slow")) == 1
        sample.open_gate()
        eventually(lambda: bool(sample.notes("on_blob_done", name="slow")), host)
    assert len(sample.notes("on_blob", name="slow")) == 2


def test_two_hosts_share_the_blobs(sample: Sample) -> None:
    with sample.host() as one, sample.host() as other:
        for number in range(12):
            sample.put(str(number))
        eventually(lambda: len(sample.notes("on_blob_done")) >= 12, one)
        sample.queue().send_message("fine")
        eventually(lambda: bool(sample.notes("on_message_done")), other)
    assert len(sample.notes("on_blob")) == 12


def test_when_the_host_that_scans_is_killed_another_one_scans(sample: Sample) -> None:
    with sample.host() as one, sample.host() as other:
        sample.put("first")
        eventually(lambda: bool(sample.notes("on_blob_done", name="first")), one)
        # Both follow the call, and what is killed before them is called again, as it should be.
        queue = sample.queue(f"azure-webjobs-blobtrigger-{sample.name}", as_base64=False)
        eventually(lambda: queue.get_queue_properties().approximate_message_count == 0, one)
        receipts = f"blobreceipts/{sample.name}/"
        eventually(lambda: any(sample.hosts_notes.list_blobs(receipts)), one)
        one.kill()
        sample.put("second")
        # Storage grants no lease for less than 15 s.
        eventually(lambda: bool(sample.notes("on_blob_done", name="second")), other, 60)
    assert len(sample.notes("on_blob", name="first")) == 1


def test_a_message_that_names_an_older_version_is_dropped(sample: Sample) -> None:
    with sample.host() as host:
        sample.put("a.json")
        eventually(lambda: bool(sample.notes("on_blob_done", name="a.json")), host)
        old = BlobMessage("Host.Functions.on_blob", "BlockBlob", sample.name, "a.json", '"0xOLD"')
        queue = sample.queue(f"azure-webjobs-blobtrigger-{sample.name}", as_base64=False)
        queue.send_message(old.text)
        eventually(lambda: queue.get_queue_properties().approximate_message_count == 0, host)
    assert len(sample.notes("on_blob", name="a.json")) == 1


def test_a_function_gets_azures_metadata_for_a_blob(sample: Sample) -> None:
    with sample.host() as host:
        sample.plain_container.upload_blob("x/skipped.json", b"another ending")
        blob = sample.plain_container.upload_blob("x/y/z.txt", b"content", metadata={"rows": "3"})
        eventually(lambda: bool(sample.notes("on_plain_blob")), host)
    (note,) = sample.notes("on_plain_blob")
    assert note == {
        "function": "on_plain_blob",
        "name": f"{sample.name}-plain/x/y/z.txt",
        "uri": blob.url,
        "length": 7,
        "etag": blob.get_blob_properties().etag,
        "metadata": {"rows": "3"},
        "content": "content",
    }


def test_a_blob_is_tried_five_times_and_then_named_in_a_poison_message(sample: Sample) -> None:
    with sample.host() as host:
        etag = sample.put("bad.json", "fail")
        eventually(lambda: "it is in webjobs-blobtrigger-poison" in host.output, host)
        poison = [
            json.loads(base64.b64decode(message.content))
            for message in sample.queue("webjobs-blobtrigger-poison").receive_messages()
        ]
    assert len(sample.notes("on_blob", name="bad.json")) == 5
    assert [message for message in poison if message["ContainerName"] == sample.name] == [
        {
            "Type": "BlobTrigger",
            "FunctionId": "Host.Functions.on_blob",
            "BlobType": "BlockBlob",
            "ContainerName": sample.name,
            "BlobName": "bad.json",
            "ETag": etag,
        }
    ]


def test_a_message_is_passed_on_and_deleted(sample: Sample) -> None:
    with sample.host() as host:
        sent = sample.queue().send_message("fine é")
        eventually(lambda: "succeeded" in host.output and bool(sample.notes("on_message")), host)
        eventually(lambda: f"message {sent.id}: succeeded" in host.output, host)
    (note,) = sample.notes("on_message")
    assert (note["id"], note["order"], note["tries"]) == (sent.id, "fine é", 1)
    assert sample.queue().get_queue_properties().approximate_message_count == 0


def test_a_message_that_fails_goes_to_the_poison_queue_unchanged(sample: Sample) -> None:
    with sample.host() as host:
        sample.queue().send_message("fail")
        eventually(lambda: f"it is in {sample.name}-poison now" in host.output, host)
        poison = list(sample.queue(f"{sample.name}-poison").receive_messages())
    assert [note["tries"] for note in sample.notes("on_message")] == [1, 2, 3]
    assert [base64.b64decode(message.content) for message in poison] == [b"fail"]
    assert sample.queue().get_queue_properties().approximate_message_count == 0


def test_a_message_that_is_not_base64_goes_to_the_poison_queue_as_it_is(sample: Sample) -> None:
    with sample.host() as host:
        sample.queue(as_base64=False).send_message("not Base64!")
        eventually(lambda: f"it is in {sample.name}-poison now" in host.output, host)
        poison = list(sample.queue(f"{sample.name}-poison", as_base64=False).receive_messages())
    assert sample.notes("on_message") == []
    assert [message.content for message in poison] == ["not Base64!"]


def test_a_message_is_renewed_while_it_is_worked_on(sample: Sample) -> None:
    with sample.host(0.002) as one, sample.host(0.002) as other:  # it is away for 2 s at a time
        sample.queue().send_message("wait")
        eventually(lambda: bool(sample.notes("on_message")), one)
        sample.queue().send_message("fine", visibility_timeout=5)
        eventually(lambda: bool(sample.notes("on_message_done", order="fine")), other)
        assert len(sample.notes("on_message", order="wait")) == 1
        sample.open_gate()
        eventually(lambda: bool(sample.notes("on_message_done", order="wait")), one)


def test_of_two_hosts_one_has_the_timer(sample: Sample) -> None:
    with sample.host() as one, sample.host():
        eventually(lambda: len(sample.notes("on_timer")) >= 4, one)
        assert {note["process"] for note in sample.notes("on_timer")} == {one.pid}


def test_one_call_of_a_timer_makes_up_for_all_that_were_missed(sample: Sample) -> None:
    daily = {"SAMPLE_SCHEDULE": "0 0 0 * * *"}
    container = sample.hosts_notes
    state = f"timers/{sample.name}/Host.Functions.on_timer/status"
    with sample.host(settings=daily) as host:
        eventually(lambda: container.get_blob_client(state).exists(), host)
    kept = json.loads(container.download_blob(state).readall())
    long_ago = {**kept, "Next": "2026-01-01T00:00:00+00:00"}
    container.upload_blob(state, json.dumps(long_ago), overwrite=True)
    with sample.host(settings=daily) as host:
        eventually(lambda: bool(sample.notes("on_timer", past_due=True)), host)
        eventually(
            lambda: json.loads(container.download_blob(state).readall())["Next"] == kept["Next"],
            host,
        )
    assert [note["past_due"] for note in sample.notes("on_timer")] == [False, True]


def test_a_timer_fires_at_the_start_and_on_schedule(sample: Sample) -> None:
    with sample.host() as host:
        eventually(lambda: len(sample.notes("on_timer", past_due=False)) >= 3, host)


@dataclass
class OwnStorage:
    """Storage that a test can stop and start, and a sample in it."""

    folder: Path
    server: Server

    def sample(self) -> Sample:
        return new_sample(read_environment(self.folder)["CatalogStorage"], self.folder)

    def restart(self) -> None:
        self.server = start_dev("storage", "--data", self.folder)


@pytest.fixture
def storage_of_ours(tmp_path: Path) -> Iterator[OwnStorage]:
    storage = OwnStorage(tmp_path, start_dev("storage", "--data", tmp_path))
    yield storage
    storage.server.stop()


def test_the_host_survives_a_short_outage_of_storage(storage_of_ours: OwnStorage) -> None:
    sample = storage_of_ours.sample()
    with sample.host(1) as host:  # it may be away for 25 s
        storage_of_ours.server.stop()
        storage_of_ours.restart()
        sample.queue().send_message("fine")
        eventually(lambda: bool(sample.notes("on_message_done")), host, 60)
        assert host.stop() == 0


def test_a_long_outage_of_storage_ends_the_host_and_what_it_works_on(
    storage_of_ours: OwnStorage,
) -> None:
    sample = storage_of_ours.sample()
    with sample.host() as host:  # it may be away for half a second
        sample.put("slow", "wait")
        eventually(lambda: bool(sample.notes("on_blob")), host)
        storage_of_ours.server.stop()
        assert host.wait(30) == 1
    assert "Storage can't be reached" in host.output
    assert "So the host ends, as it would." in host.output
    assert "Traceback" not in host.output
    assert sample.notes("on_blob_done") == []


def test_a_stopped_host_lets_work_in_progress_finish(sample: Sample) -> None:
    with sample.host() as host:
        sample.put("slow", "wait")
        eventually(lambda: bool(sample.notes("on_blob")), host)
        host.terminate() if sys.platform != "win32" else host.stop(0)
        sample.open_gate()
        assert host.wait(20) == 0 or sys.platform == "win32"
    assert sample.notes("on_blob_done") or sys.platform == "win32"


def test_the_host_stops_even_if_a_function_does_not(sample: Sample) -> None:
    with sample.host(0.1) as host:
        sample.queue().send_message("wait")
        eventually(lambda: bool(sample.notes("on_message")), host)
        assert host.stop(25) == 0
    assert list(sample.queue().peek_messages()) == [], "away for its time, as after a kill"
    assert sample.queue().get_queue_properties().approximate_message_count == 1


def test_the_log_has_exactly_one_line_for_each_invocation(sample: Sample) -> None:
    with sample.host() as host:
        sample.put("a.json")
        eventually(lambda: "a.json: succeeded" in host.output, host)
    lines = [line for line in host.lines if "on_timer" not in line and line != "ready"]
    assert len(lines) == 1, host.output
    assert f"on_blob: {sample.name}/a.json: succeeded in" in lines[0]
    datetime.strptime(lines[0].split()[0], "%H:%M:%S")  # noqa: DTZ007  only checks the format


def test_lines_that_no_invocation_wrote_are_dropped_and_counted(sample: Sample) -> None:
    with sample.host(0.02, "--verbose") as host:
        sample.queue().send_message("log")
        eventually(lambda: bool(sample.notes("on_message_done")), host)
    assert "sample: from the invocation" in host.output
    assert "sample: from a thread with the context" in host.output
    assert "from a thread of no invocation" not in host.output
    assert re.search(r"\d+ lines of the app were dropped", host.output)


def test_the_address_for_event_grids_events_is_said_before_ready(sample: Sample) -> None:
    app = APP.with_name("calling_app")
    storage = dict.fromkeys(("CatalogStorage", "AzureWebJobsStorage"), sample.connection_string)
    settings = {**storage, "BLOB_SOURCE": "events", "CALLBACK": "http://127.0.0.1:1"}
    with start_dev("host", "--app", app, "--host-id", sample.name, environment=settings) as host:
        before = host.output.partition("ready")[0]
    path = "/runtime/webhooks/blobs?functionName=Host.Functions.upload_catalog"
    line = rf"^Event Grid's events: http://127\.0\.0\.1:\d+{re.escape(path)}$"
    assert re.search(line, before, re.MULTILINE), before


def test_a_missing_setting_is_named(sample: Sample) -> None:
    environment = {**sample.environment, "SampleStorage": "", "SAMPLE_QUEUE": "q"}
    with pytest.raises(ProcessError, match="The setting SampleStorage is missing"):
        start_dev("host", "--app", APP, environment=environment)


def test_all_bindings_that_lack_a_setting_are_named(sample: Sample) -> None:
    environment = {
        name: value
        for name, value in sample.environment.items()
        if name not in {"SAMPLE_QUEUE", "SAMPLE_SCHEDULE"}
    }
    with pytest.raises(ProcessError) as raised:
        start_dev("host", "--app", APP, environment=environment)
    assert "on_message: The setting SAMPLE_QUEUE is missing" in str(raised.value)
    assert "on_timer: The setting SAMPLE_SCHEDULE is missing" in str(raised.value)
    assert "Traceback" not in str(raised.value)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ('raise ValueError("DIGIBLE_CONCURRENCY is wrong.")', "DIGIBLE_CONCURRENCY is wrong."),
        ("import azure.functions as func\napp = func.FunctionApp()", "There are no functions"),
        ("import a_module_nobody_has", "a_module_nobody_has"),
        ("nothing = 1", "Could not find top level function app"),
    ],
    ids=["settings", "no functions", "a missing module", "no app"],
)
def test_an_app_that_does_not_start_is_explained_in_one_sentence(
    tmp_path: Path, source: str, words: str
) -> None:
    shutil.copy(APP / "host.json", tmp_path)
    (tmp_path / "function_app.py").write_text(source, encoding="utf-8")
    with pytest.raises(ProcessError, match=words) as raised:
        start_dev("host", "--app", tmp_path)
    assert "Traceback" not in str(raised.value)


def test_a_folder_without_host_json_is_not_an_app(tmp_path: Path) -> None:
    with pytest.raises(ProcessError, match=r"There is no host\.json"):
        start_dev("host", "--app", tmp_path)
