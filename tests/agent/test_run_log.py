"""The log of each command: what is in it, how large it gets, and that it never fails a command."""

import logging
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.command_line.redaction import Redaction
from agent.run_log import FILE_NAME, RunLog
from agent.system_log import write_to_journal, write_to_system

SECRET = "Hush+Hush/0815="
logger = logging.getLogger("agent.somewhere")


@pytest.fixture(autouse=True)
def _verbose() -> Iterator[None]:
    logging.getLogger("agent").setLevel(logging.DEBUG)
    yield
    logging.getLogger("agent").setLevel(logging.NOTSET)


@pytest.fixture
def log() -> RunLog:
    redaction = Redaction()
    redaction.learn([SECRET])
    return RunLog(redaction, redaction.hide)


def end(log: RunLog, sentence: str = "It ended.", *, in_system: bool = False) -> None:
    log.end(sentence, is_failure=False, in_system=in_system)


def read(folder: Path) -> str:
    return (folder / FILE_NAME).read_text("utf-8")


def test_what_was_said_before_the_folder_was_known_is_in_the_file(
    log: RunLog, tmp_path: Path
) -> None:
    logger.info("first ü")
    log.start(tmp_path)
    logger.info("second")
    end(log)
    lines = [line.partition(": ")[2] for line in read(tmp_path).splitlines()]
    assert lines == ["first ü", "second", "It ended."]


def test_a_folder_that_is_made_later_gets_everything_at_the_end(
    log: RunLog, tmp_path: Path
) -> None:
    log.start(tmp_path / "state")
    logger.info("first")
    (tmp_path / "state").mkdir()
    end(log)
    assert "first" in read(tmp_path / "state")


def test_a_log_makes_no_folder(log: RunLog, tmp_path: Path) -> None:
    log.start(tmp_path / "state")
    end(log)
    assert list(tmp_path.iterdir()) == []


def test_no_secret_is_written(
    log: RunLog, tmp_path: Path, system_log: list[tuple[str, bool]]
) -> None:
    logger.info("early %s", SECRET)
    log.start(tmp_path)
    logger.info("AccountKey=%s;", "abc123==")
    error = ValueError(SECRET)
    logger.error("late", exc_info=(ValueError, error, None))
    end(log, f"Ended with {SECRET}.", in_system=True)
    written = read(tmp_path) + repr(system_log)
    assert "late" in written
    assert "abc123" not in written
    assert SECRET not in written


def test_the_file_has_a_limit_and_older_ones_are_kept(log: RunLog, tmp_path: Path) -> None:
    log.start(tmp_path)
    for number in range(50):
        logger.info("%d %s", number, "x" * 100_000)
    end(log)
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == [FILE_NAME, *(f"{FILE_NAME}.{number}" for number in (1, 2, 3))]
    assert all(path.stat().st_size <= 1_000_000 for path in tmp_path.iterdir())


def test_nothing_is_lost_while_another_command_has_the_file_open(tmp_path: Path) -> None:
    log = RunLog(logging.Formatter(), str)
    older = [f"{FILE_NAME}.{number}" for number in (1, 2)]
    for name in older:
        (tmp_path / name).write_text(name)
    (tmp_path / FILE_NAME).write_text("y" * 999_990 + "\n")
    log.start(tmp_path)
    with (tmp_path / FILE_NAME).open("a"):  # Windows lets nobody rename it meanwhile
        for number in range(5):
            logger.info("line %d", number)
    end(log)
    texts = [path.read_text("utf-8") for path in tmp_path.iterdir()]
    assert sum(text in older for text in texts) == 2
    assert sum(text.count("line ") for text in texts) == 5


def test_nothing_is_lost_while_an_older_file_is_in_the_way(log: RunLog, tmp_path: Path) -> None:
    (tmp_path / f"{FILE_NAME}.1").mkdir()  # as little replaceable as one that Windows keeps
    (tmp_path / f"{FILE_NAME}.2" / "x").mkdir(parents=True)
    (tmp_path / f"{FILE_NAME}.3" / "x").mkdir(parents=True)
    log.start(tmp_path)
    for number in range(20):
        logger.info("line %d %s", number, "x" * 100_000)
    end(log)
    assert read(tmp_path).count("line ") == 20


def test_the_next_command_adds_to_the_file(tmp_path: Path) -> None:
    for number in (1, 2):
        log = RunLog(logging.Formatter(), str)
        log.start(tmp_path)
        end(log, f"Command {number}.")
    assert read(tmp_path) == "Command 1.\nCommand 2.\n"


def test_only_this_account_may_read_it(log: RunLog, tmp_path: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("needs machine: one whose files have a mode")
    log.start(tmp_path)
    end(log)
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600


def test_another_accounts_file_is_left_alone(log: RunLog, tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()  # as little writable as another account's, even to root
    log.start(tmp_path)
    logger.info("hello")
    end(log)
    (own,) = [path for path in tmp_path.iterdir() if path.is_file()]
    assert own.name.startswith("shopmaster-")
    assert "hello" in own.read_text("utf-8")


def test_a_full_disk_fails_nothing(
    log: RunLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs machine: one with /dev/full")
    (tmp_path / FILE_NAME).symlink_to("/dev/full")
    log.start(tmp_path)
    logger.info("lost")
    end(log)
    assert capsys.readouterr().err == ""


def test_nothing_is_left_behind_in_python(log: RunLog, tmp_path: Path) -> None:
    before = len(logging.getLogger().handlers)
    other = RunLog(logging.Formatter(), str)
    other.start(tmp_path)
    end(other)
    end(log)
    assert len(logging.getLogger().handlers) == before - 1


def test_the_system_gets_one_line(
    log: RunLog, tmp_path: Path, system_log: list[tuple[str, bool]]
) -> None:
    log.end("shopmaster upload: failed.", is_failure=True, in_system=True)
    assert system_log == [("shopmaster upload: failed.", True)]


@pytest.mark.skipif(sys.platform == "win32", reason="needs machine: one with Unix sockets")
@pytest.mark.parametrize(("is_failure", "priority"), [(False, "<30>"), (True, "<27>")])
def test_the_journal_gets_it_with_its_priority(
    tmp_path: Path, is_failure: bool, priority: str
) -> None:
    path = tmp_path / "log"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
        journal.bind(str(path))
        write_to_journal("It ended ü.", is_failure=is_failure, socket=path)
        journal.settimeout(5)
        received = journal.recv(1000).decode()
    assert received.rstrip("\0") == f"{priority}shopmaster: It ended ü."


def test_a_computer_without_such_a_log_is_no_problem(tmp_path: Path) -> None:
    write_to_journal("It ended.", is_failure=False, socket=tmp_path / "nothing")


def test_a_log_that_fails_is_no_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_line: str, *, is_failure: bool) -> None:
        raise OSError("no")

    monkeypatch.setattr("agent.system_log._write", fail)
    write_to_system("It ended.", is_failure=True)
