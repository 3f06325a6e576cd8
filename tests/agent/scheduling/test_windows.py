"""Schedules on Windows, with a stand-in for Task Scheduler that is strict about what it is handed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from agent.errors import ScheduleError
from agent.scheduling.notes import Notes, Proof
from agent.scheduling.plan import Account, Plan, UserAccount
from agent.scheduling.results import HAS_NOT_RUN, shown_code, words
from agent.scheduling.schedule import PROOF_SECONDS, Schedule
from agent.scheduling.status import JobStatus
from agent.scheduling.task_service import moment, user_of
from agent.scheduling.task_xml import NAMESPACE
from agent.scheduling.windows import RefusedError, WindowsTasks
from agent.windows_accounts import NETWORK_SERVICE, ServiceAccount
from agent.windows_programs import Done
from tests.agent.scheduling.plans import SECRET, STORE, TILL, windows_plan
from tests.agent.scheduling.task_schema import faults
from tests.agent.shops import FakeTime

RUN, PROOF = "shopMaster 0001", "shopMaster 0001 proof"
MALFORMED, DENIED, NO_FILE, WRONG_PASSWORD = 0x8004131A, 0x80070005, 0x80070002, 0x8007052E
NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


def argument(xml: str, name: str) -> str:
    """Return what follows an option in a task's arguments."""
    arguments = fromstring(xml).findtext(f".//{{{NAMESPACE}}}Arguments") or ""
    return arguments.partition(f"{name} ")[2].partition(" ")[0]


@dataclass
class TaskScheduler:
    """Windows' Task Scheduler: it refuses what Microsoft's schema doesn't allow, and a wrong password."""

    run: Callable[[str], int | None]
    """Does what a task does when it is started, given its proof's name; returns its exit code."""

    tasks: dict[str, str] = field(default_factory=dict)
    results: dict[str, int | None] = field(default_factory=dict)
    refuses_all: int | None = None

    def register(self, name: str, xml: str, account: Account) -> None:
        self._refuse()
        assert name != PROOF or name not in self.tasks, (
            "its last result would be that of an older one"
        )
        task = fromstring(xml)
        if faults(task):
            raise RefusedError(MALFORMED)
        logon = task.findtext(f".//{{{NAMESPACE}}}LogonType")
        if isinstance(account, ServiceAccount):
            assert (user_of(xml), logon) == (account.sid, None)
        else:
            assert (user_of(xml), logon) == (account.name, "Password")
            if account.password != SECRET:
                raise RefusedError(WRONG_PASSWORD)
        self.tasks[name] = xml
        self.results[name] = None

    def start(self, name: str) -> None:
        self._refuse()
        self.results[name] = self.run(argument(self.tasks[name], "--proof"))

    def status(self, name: str) -> JobStatus | None:
        self._refuse()
        if name not in self.tasks:
            return None
        code = self.results[name]
        return JobStatus(True, False, user_of(self.tasks[name]), None, code, NOW)

    def delete(self, name: str) -> bool:
        self._refuse()
        return self.tasks.pop(name, None) is not None

    def _refuse(self) -> None:
        if self.refuses_all is not None:
            raise RefusedError(self.refuses_all)


@dataclass
class Computer:
    """A Windows PC: its Task Scheduler, its state folder, and the programs that were run on it."""

    state: Path
    problems: tuple[str, ...] = ()
    exit_code: int | None = 0
    leaves_proof: bool = True
    icacls: Done = field(default_factory=lambda: Done(0, ""))
    ran: list[Sequence[str]] = field(default_factory=list)
    time: FakeTime = field(default_factory=FakeTime)
    scheduler: TaskScheduler = field(init=False)

    def __post_init__(self) -> None:
        self.scheduler = TaskScheduler(self._prove)

    def _prove(self, name: str) -> int | None:
        if self.leaves_proof:
            Notes(self.state).note_proof(Proof(name, NOW, "SHOP-PC$", 0, self.problems))
        return self.exit_code

    def _run(self, name: str, arguments: Sequence[str]) -> Done:
        self.ran.append([name, *arguments])
        return self.icacls

    @property
    def schedule(self) -> Schedule:
        tasks = WindowsTasks(self.scheduler, STORE, self._run)
        return Schedule(tasks, self.state, self.time.clock, lambda: "0123abcd")

    def plan(self, account: Account = NETWORK_SERVICE) -> Plan:
        return windows_plan(account, state=self.state)


@pytest.fixture
def computer(tmp_path: Path) -> Computer:
    return Computer(tmp_path / "state")


def test_a_schedule_is_installed_once_a_run_has_proved_it(computer: Computer) -> None:
    proof = computer.schedule.install(computer.plan())
    assert proof.account == "SHOP-PC$"
    assert list(computer.scheduler.tasks) == [RUN]
    installed = Notes(computer.state).installed()
    assert installed is not None
    assert (installed.account, installed.times) == (NETWORK_SERVICE.name, "every day at 02:13:07")


def test_the_account_may_write_to_the_state_folder_before_it_proves_anything(
    computer: Computer,
) -> None:
    computer.schedule.install(computer.plan())
    (command,) = computer.ran
    assert command == ["icacls", str(computer.state), "/grant", "*S-1-5-20:(OI)(CI)M", "/T", "/Q"]
    computer.schedule.install(computer.plan(TILL))
    assert r"SHOP-PC\till:(OI)(CI)M" in computer.ran[1]


def test_an_account_that_cannot_get_that_right_is_named(computer: Computer) -> None:
    computer.icacls = Done(1332, "No mapping between account names and SIDs was done.")
    with pytest.raises(ScheduleError, match=r"till can't be given the right .*\(No mapping"):
        computer.schedule.install(computer.plan(TILL))
    assert computer.scheduler.tasks == {}


def test_a_named_account_is_registered_with_its_password_and_no_note_has_it(
    computer: Computer,
) -> None:
    computer.schedule.install(computer.plan(TILL))
    written = b"".join(path.read_bytes() for path in computer.state.iterdir())
    assert b"till" in written
    for text in (*computer.scheduler.tasks.values(), repr(computer.ran), written.decode()):
        assert SECRET not in text


def test_nothing_is_installed_if_the_checks_fail(computer: Computer) -> None:
    computer.problems = ("The server can't be reached. Start it.", "The token has expired. Log in.")
    with pytest.raises(ScheduleError) as raised:
        computer.schedule.install(computer.plan())
    assert str(raised.value) == (
        "Nothing was installed, because NT AUTHORITY\\NETWORK SERVICE can't upload yet:\n"
        "  - The server can't be reached. Start it.\n"
        "  - The token has expired. Log in.\n"
        "Put that right, then run the command again."
    )
    assert computer.scheduler.tasks == {}
    assert Notes(computer.state).installed() is None


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (NO_FILE, "its program was not found (code 0x80070002)"),
        (DENIED, "its account may not start its program (code 0x80070005)"),
        (0x80070569, "its account lacks the right to log on as a batch job (code 0x80070569)"),
        (1, "failed (code 1)"),
        (2, "wrong usage or settings (code 2)"),
    ],
)
def test_a_run_without_proof_is_explained_by_how_it_ended(
    computer: Computer, code: int, reason: str
) -> None:
    computer.leaves_proof, computer.exit_code = False, code
    with pytest.raises(ScheduleError) as raised:
        computer.schedule.install(computer.plan())
    assert f"left no proof: {reason}." in str(raised.value)
    assert computer.scheduler.tasks == {}


def test_an_older_proof_proves_nothing(computer: Computer) -> None:
    Notes(computer.state).note_proof(Proof("older", NOW, "me", 0, ()))
    computer.leaves_proof = False
    with pytest.raises(ScheduleError, match="left no proof"):
        computer.schedule.install(computer.plan())


def test_a_proof_that_was_left_behind_is_not_taken_for_this_one(computer: Computer) -> None:
    """Windows would go on telling how that one ended until the new one has begun."""
    computer.scheduler.tasks[PROOF] = "<left/>"
    computer.schedule.install(computer.plan())
    assert list(computer.scheduler.tasks) == [RUN]


def test_a_proof_that_never_ends_is_given_up(computer: Computer) -> None:
    computer.leaves_proof, computer.exit_code = False, None
    with pytest.raises(ScheduleError, match="did not end within 5 minutes"):
        computer.schedule.install(computer.plan())
    assert sum(computer.time.slept) == pytest.approx(PROOF_SECONDS)
    assert computer.scheduler.tasks == {}


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (DENIED, "Run as administrator"),
        (0x80041315, "the service Task Scheduler is not running"),
        (0x80004005, "the reason 0x80004005"),
    ],
)
def test_a_refusal_says_what_to_do(computer: Computer, code: int, sentence: str) -> None:
    computer.scheduler.refuses_all = code
    for call in (
        lambda: computer.schedule.install(computer.plan()),
        computer.schedule.show,
        computer.schedule.remove,
    ):
        with pytest.raises(ScheduleError, match=sentence):
            call()


def test_a_wrong_password_is_refused(computer: Computer) -> None:
    wrong = UserAccount(TILL.name, "wrong")
    with pytest.raises(ScheduleError, match="name or its password is wrong") as raised:
        computer.schedule.install(computer.plan(wrong))
    assert TILL.name in str(raised.value)


def test_show_notices_a_task_that_somebody_removed(computer: Computer) -> None:
    computer.schedule.install(computer.plan())
    assert computer.schedule.show().job is not None
    computer.scheduler.tasks.clear()
    status = computer.schedule.show()
    assert status.trouble is not None
    assert "has been removed" in status.trouble[0]


def test_show_notices_a_disabled_task_and_a_program_that_is_gone(computer: Computer) -> None:
    computer.schedule.install(computer.plan())
    status = computer.schedule.show()
    assert status.job is not None
    assert status.trouble is not None
    assert "no longer there" in status.trouble[0]  # C:\Program Files\… isn't on this computer
    disabled = replace(status, job=replace(status.job, is_enabled=False)).trouble
    assert disabled is not None
    assert "disabled" in disabled[0]


def test_a_schedule_is_removed_with_its_note(computer: Computer) -> None:
    computer.schedule.install(computer.plan())
    assert computer.schedule.remove()
    assert computer.scheduler.tasks == {}
    assert not computer.schedule.remove()
    assert Notes(computer.state).installed() is None


@pytest.mark.parametrize(
    ("code", "said", "shown"),
    [
        (0, "succeeded", "0"),
        (3, "the Digible session has expired", "3"),
        (130, "stopped", "130"),
        (0x41306, "it was stopped, by somebody or by the time limit", "0x00041306"),
        (-2147024894, "its program was not found", "0x80070002"),
        (HAS_NOT_RUN, "ended unexpectedly", "0x00041303"),
        (None, "has not ended", None),
    ],
)
def test_a_result_is_told_in_words(code: int | None, said: str, shown: str | None) -> None:
    assert words(code) == said
    assert shown is None or code is None or shown_code(code) == shown


def test_com_dates_are_read_in_the_computers_own_time() -> None:
    found = moment(46355.5)
    assert found is not None
    assert found.replace(tzinfo=None) == datetime(2026, 11, 29, 12, 0)  # noqa: DTZ001
    assert found.tzinfo is not None
    assert moment(0.0) is None
    assert moment(36494.0) is None  # 1999-11-30, which means never too


@pytest.mark.parametrize(
    "text", ["", "{", "[" * 100_000, "[]", '{"at": 1}', '{"name": "x", "at": "never"}']
)
def test_a_damaged_note_counts_as_missing(tmp_path: Path, text: str) -> None:
    for name in ("schedule.json", "schedule-proof.json"):
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert Notes(tmp_path).installed() is None
    assert Notes(tmp_path).proof() is None
