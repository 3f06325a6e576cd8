"""`status --json`: the run records as they are, for programs."""

import json
from datetime import datetime
from pathlib import Path

from jsonschema import Draft202012Validator

from agent.command_line.run_table import as_json
from contract.blobs import RunId
from contract.product import Rejection, Stage
from contract.run import Run, RunError, RunState
from contract.run_record import decode_run
from tests.agent.command_line.scene import Shop
from tests.agent.command_line.status.runs import Save
from tests.agent.shops import NOW, make_run

ROOT = Path(__file__).resolve().parents[4]
SCHEMA = Draft202012Validator(
    json.loads((ROOT / "docs" / "schemas" / "status.json").read_text(encoding="utf-8"))
)


def test_json_has_the_records_as_they_are(online: Shop, three: tuple[Run, ...]) -> None:
    code, out, _ = online.run("--json", command="status")
    status = json.loads(out)
    assert code == 0
    assert list(status) == ["version", "store", "last_run_here", "runs"]
    assert (status["version"], status["store"]) == (1, online.store)
    assert status["last_run_here"] is None
    runs = [decode_run(json.dumps(record).encode()) for record in status["runs"]]
    assert runs == [three[2], three[1], three[0]]


def test_json_has_how_the_last_upload_from_here_ended(online: Shop, three: object) -> None:
    online.sell()
    online.run()
    _, out, _ = online.run("--json", command="status")
    last = json.loads(out)["last_run_here"]
    assert list(last) == ["run", "state", "exit_code", "message", "ended_at", "succeeded_at"]
    assert (last["run"], last["exit_code"], last["succeeded_at"]) == (None, 1, None)
    assert datetime.fromisoformat(last["ended_at"]).tzinfo is not None


def test_json_is_what_the_schema_says(online: Shop, save: Save) -> None:
    rejection = Rejection(None, None, Stage.DIGIBLE, "No.")
    error = RunError("refused", "no", 3, 400)
    for number, state in enumerate(RunState):
        made = {"read": 9, "accepted": 1, "rejected": 1, "rejections": (rejection,)}
        save(RunId(f"{number}.8DC"), state, error=error, finished_at=NOW, retry_at=NOW, **made)
    for _ in range(2):
        _, out, _ = online.run("--json", command="status")
        SCHEMA.validate(json.loads(out))
        online.sell()
        online.run()
    changed = {**json.loads(out), "runs": [{}]}
    assert not SCHEMA.is_valid(changed)


def test_json_is_plain_ascii_in_every_console() -> None:
    assert as_json(make_run().store, [make_run(message="Crème \u2028")], None).isascii()
