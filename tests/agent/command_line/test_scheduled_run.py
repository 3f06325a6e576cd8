"""What a schedule starts: an upload that tries again if the trouble may pass, and tells the system's log."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.command_line import scheduled_run
from agent.command_line.command import Call, Command
from agent.command_line.main import main
from agent.command_line.redaction import Redaction
from agent.command_line.scheduled_run import run_upload
from agent.command_line.upload import UPLOAD, UploadArguments
from agent.errors import (
    AgentError,
    DatabaseError,
    DatabaseProblem,
    ExitCode,
    SignInError,
    StorageError,
    StorageUnavailableError,
)
from agent.run_log import FILE_NAME
from agent.scheduling.retrying import may_pass
from agent.state import LastRun, note_last_run
from tests.agent.shops import FakeTime, make_shop, products

UNREACHABLE = DatabaseError(DatabaseProblem.UNREACHABLE, "The server can't be reached.")


@dataclass
class Uploads:
    """An upload that fails as often as there are errors."""

    errors: list[AgentError]
    asked: list[UploadArguments] = field(default_factory=list)

    def run(self, call: Call, arguments: UploadArguments) -> ExitCode:
        self.asked.append(arguments)
        if self.errors:
            raise self.errors.pop(0)
        print("All 3 products were accepted.")
        return ExitCode.SUCCEEDED


@pytest.fixture
def uploads(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Uploads]:
    def failing(*errors: AgentError) -> Uploads:
        made = Uploads(list(errors))
        command: Command[Any] = Command("upload", UPLOAD.add_arguments, UploadArguments, made.run)
        monkeypatch.setattr(scheduled_run, "UPLOAD", command)
        return made

    return failing


def run(time: FakeTime) -> ExitCode:
    call = Call(None, verbose=False, environment=os.environ, redaction=Redaction())
    return run_upload(call, time.clock)


def test_an_upload_runs_with_its_defaults(uploads: Callable[..., Uploads]) -> None:
    made, time = uploads(), FakeTime()
    assert run(time) is ExitCode.SUCCEEDED
    assert time.slept == []
    (asked,) = made.asked
    assert not asked.dry_run
    assert asked.timeout == 1800


def test_trouble_that_may_pass_is_tried_again_after_growing_pauses(
    uploads: Callable[..., Uploads], capsys: pytest.CaptureFixture[str]
) -> None:
    made, time = uploads(UNREACHABLE, StorageUnavailableError("No network.")), FakeTime()
    assert run(time) is ExitCode.SUCCEEDED
    assert time.slept == [300, 900]
    assert len(made.asked) == 3
    assert capsys.readouterr().err == (
        "The server can't be reached. The upload is tried again in 5 minutes.\n"
        "No network. The upload is tried again in 15 minutes.\n"
    )


def test_after_three_tries_the_trouble_is_reported(uploads: Callable[..., Uploads]) -> None:
    made, time = uploads(*[UNREACHABLE] * 5), FakeTime()
    with pytest.raises(DatabaseError):
        run(time)
    assert len(made.asked) == 3


def test_what_will_not_pass_is_not_tried_again(uploads: Callable[..., Uploads]) -> None:
    made, time = uploads(StorageError("No right to write.")), FakeTime()
    with pytest.raises(StorageError):
        run(time)
    assert (len(made.asked), time.slept) == (1, [])


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        *(
            (
                DatabaseError(problem, "x"),
                problem.name in {"UNREACHABLE", "LOCKED", "DEADLOCK", "NO_ANSWER", "CUT_OFF"},
            )
            for problem in DatabaseProblem
        ),
        (StorageUnavailableError("x"), True),
        (StorageError("x"), False),
        (SignInError("x", "y", may_pass=True), True),
        (SignInError("x", "y"), False),
        (AgentError("x"), False),
    ],
    ids=str,
)
def test_which_trouble_may_pass(error: AgentError, passes: bool) -> None:
    assert may_pass(error) is passes


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return settings whose storage nobody listens at, with a state folder that exists."""
    (tmp_path / ".shopmaster" / "0001").mkdir(parents=True)
    make_shop(tmp_path / "shop.db", products(3))
    config = tmp_path / "shopmaster.toml"
    config.write_text(
        'store = "0001"\n[database]\nsqlite = "shop.db"\ntable = "Products"\n'
        '[storage]\nconnection_string = "AccountName=x;AccountKey=SHVzaA==;'
        'BlobEndpoint=http://127.0.0.1:9/x"\n',
        encoding="utf-8",
    )
    config.chmod(0o600)
    return config


def test_a_failed_upload_is_in_the_systems_log_and_in_the_file(
    config: Path, system_log: list[tuple[str, bool]], capsys: pytest.CaptureFixture[str]
) -> None:
    (config.parent / "shop.db").unlink()
    assert main(["upload", "--config", str(config)]) == 1
    said = capsys.readouterr().err.partition("Error: ")[2].strip()
    ((line, is_failure),) = system_log
    assert is_failure
    assert line == f"shopmaster upload: failed (exit code 1). {said}"
    written = (config.parent / ".shopmaster" / "0001" / FILE_NAME).read_text("utf-8")
    assert line in written
    assert "SHVzaA==" not in written + line


def test_settings_that_can_not_be_read_are_in_the_systems_log(
    tmp_path: Path, system_log: list[tuple[str, bool]]
) -> None:
    """Otherwise a service would stop with nothing anywhere."""
    config = tmp_path / "missing.toml"
    assert main(["schedule", "run", "--config", str(config)]) == 2
    ((line, is_failure),) = system_log
    assert is_failure
    assert line.startswith("shopmaster schedule run: wrong usage or settings (exit code 2).")
    assert str(config) in line


def test_what_a_scheduled_run_prints_is_in_the_file(
    config: Path, uploads: Callable[..., Uploads], system_log: list[tuple[str, bool]]
) -> None:
    made = uploads()
    run_of = made.run

    def with_settings(call: Call, arguments: UploadArguments) -> ExitCode:
        call.settings(with_storage=True)
        return run_of(call, arguments)

    made.run = with_settings  # type: ignore[method-assign]
    uploading = Command("upload", UPLOAD.add_arguments, UploadArguments, made.run)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scheduled_run, "UPLOAD", uploading)
        assert main(["schedule", "run", "--config", str(config)]) == 0
    written = (config.parent / ".shopmaster" / "0001" / FILE_NAME).read_text("utf-8")
    assert "All 3 products were accepted." in written
    assert system_log == [("shopmaster schedule run: succeeded (exit code 0).", False)]


def test_an_upload_tells_what_became_of_it_and_not_of_an_earlier_one(
    config: Path, system_log: list[tuple[str, bool]]
) -> None:
    folder = config.parent / ".shopmaster" / "0001"
    note_last_run(folder, LastRun(datetime(2026, 11, 28, tzinfo=UTC), 0, "All was well."))
    assert main(["upload", "--dry-run", "--config", str(config)]) == 0
    note_last_run(folder, LastRun(datetime(2099, 1, 1, tzinfo=UTC), 0, "All 3 were accepted."))
    assert main(["upload", "--dry-run", "--config", str(config)]) == 0
    assert [line for line, _ in system_log] == [
        "shopmaster upload: succeeded (exit code 0).",
        "shopmaster upload: succeeded (exit code 0). All 3 were accepted.",
    ]


def test_commands_that_send_nothing_are_not_in_the_systems_log(
    config: Path, system_log: list[tuple[str, bool]]
) -> None:
    main(["check", "--json", "--config", str(config)])
    assert system_log == []
    written = (config.parent / ".shopmaster" / "0001" / FILE_NAME).read_text("utf-8")
    assert "shopmaster check: failed (exit code 1)." in written
