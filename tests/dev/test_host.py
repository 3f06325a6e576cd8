"""`python -m dev host` does for an app what Azure does."""

import base64
import json
import shutil
import sys
from datetime import datetime
from pathlib import Path

import pytest

from dev.processes import ProcessError
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


def test_a_blob_uploaded_before_the_start_is_passed_on(sample: Sample) -> None:
    sample.container.create_container()
    sample.put("early")
    with sample.host() as host:
        eventually(lambda: bool(sample.notes("on_blob_done", name="early")), host)


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


def test_only_the_allowed_number_of_blobs_is_handled_at_once(sample: Sample) -> None:
    with sample.host(AzureFunctionsJobHost__extensions__blobs__maxDegreeOfParallelism="3") as host:
        for number in range(5):
            sample.put(str(number), "wait")
        eventually(lambda: len(sample.notes("on_blob")) == 3, host)
        # Handled at the same time, which gives a fourth blob time to start.
        sample.queue().send_message("fine")
        eventually(lambda: bool(sample.notes("on_message_done")), host)
        assert len(sample.notes("on_blob")) == 3
        sample.open_gate()
        eventually(lambda: len(sample.notes("on_blob_done")) == 5, host)


def test_a_blob_is_tried_five_times_and_then_named_in_a_poison_message(sample: Sample) -> None:
    with sample.host() as host:
        etag = sample.put("bad.json", "fail")
        eventually(lambda: "given up after 5 tries" in host.output, host)
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


def test_several_messages_are_handled_at_once(sample: Sample) -> None:
    with sample.host() as host:
        for _ in range(4):
            sample.queue().send_message("wait")
        eventually(lambda: len(sample.notes("on_message")) == 4, host)
        sample.open_gate()
        eventually(lambda: len(sample.notes("on_message_done")) == 4, host)


def test_a_message_that_fails_goes_to_the_poison_queue_unchanged(sample: Sample) -> None:
    with sample.host() as host:
        sample.queue().send_message("fail")
        eventually(lambda: "given up after 3 tries" in host.output, host)
        poison = list(sample.queue(f"{sample.name}-poison").receive_messages())
    assert [note["tries"] for note in sample.notes("on_message")] == [1, 2, 3]
    assert [base64.b64decode(message.content) for message in poison] == [b"fail"]
    assert sample.queue().get_queue_properties().approximate_message_count == 0


def test_a_message_that_is_not_base64_goes_to_the_poison_queue(sample: Sample) -> None:
    with sample.host() as host:
        sample.queue(as_base64=False).send_message("not Base64!")
        eventually(lambda: "given up after 3 tries" in host.output, host)
    assert sample.notes("on_message") == []


def test_a_timer_fires_at_the_start_and_on_schedule(sample: Sample) -> None:
    with sample.host() as host:
        eventually(lambda: len(sample.notes("on_timer", past_due=False)) >= 3, host)


def test_the_host_survives_a_storage_outage(sample: Sample, tmp_path: Path) -> None:
    data = tmp_path / "storage"
    storage = start_dev("storage", "--data", data)
    lines = (data / "environment").read_text(encoding="utf-8").splitlines()
    connection_string = lines[0].removeprefix("CatalogStorage=")
    away = Sample(connection_string, tmp_path, sample.name)
    with away.host() as host:
        try:
            away.put("before")
            eventually(lambda: bool(away.notes("on_blob_done", name="before")), host)
            storage.stop()
            eventually(lambda: f"container {away.name} can't be reached" in host.output, host)
            eventually(lambda: f"queue {away.name} can't be reached" in host.output, host)
            storage = start_dev("storage", "--data", data)
            away.put("after")
            away.queue().send_message("fine")
            eventually(lambda: bool(away.notes("on_blob_done", name="after")), host)
            eventually(lambda: bool(away.notes("on_message_done")), host)
            eventually(lambda: f"container {away.name} can be reached again" in host.output, host)
            assert host.output.count(f"container {away.name} can't be reached") == 1
            assert host.stop() == 0
        finally:
            storage.stop()


def test_a_stopped_host_lets_work_in_progress_finish(sample: Sample) -> None:
    with sample.host() as host:
        sample.put("slow", "wait")
        eventually(lambda: bool(sample.notes("on_blob")), host)
        host.terminate() if sys.platform != "win32" else host.stop(0)
        sample.open_gate()
        assert host.wait(20) == 0 or sys.platform == "win32"
    assert sample.notes("on_blob_done") or sys.platform == "win32"


def test_the_host_stops_even_if_a_function_does_not(sample: Sample) -> None:
    with sample.host() as host:
        sample.queue().send_message("wait")
        eventually(lambda: bool(sample.notes("on_message")), host)
        assert host.stop(25) == 0


def test_the_log_has_exactly_one_line_for_each_invocation(sample: Sample) -> None:
    with sample.host() as host:
        sample.put("a.json")
        eventually(lambda: "a.json: succeeded" in host.output, host)
    lines = [line for line in host.lines if "on_timer" not in line and line != "ready"]
    assert len(lines) == 1, host.output
    assert f"on_blob: {sample.name}/a.json: succeeded in" in lines[0]
    datetime.strptime(lines[0].split()[0], "%H:%M:%S")  # noqa: DTZ007  only checks the format


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
