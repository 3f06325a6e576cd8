"""Windows' Task Scheduler through its COM interfaces, as taskschd.h has them.

The command `schtasks` takes a password only from its command line, where everybody sees it, or from a
console; and what it says is in the language of Windows. COM takes it unseen, and answers in numbers.
"""

import ctypes
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from xml.etree.ElementTree import ParseError, fromstring

from agent.scheduling.plan import Account
from agent.scheduling.results import HAS_NOT_RUN, IS_QUEUED, IS_RUNNING
from agent.scheduling.status import JobStatus
from agent.scheduling.task_xml import NAMESPACE
from agent.scheduling.windows import RefusedError
from agent.windows_accounts import ServiceAccount

_NOT_FOUND = {0x80070002, 0x80070003}
_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001  the PC's own time
_FIRST = datetime(2000, 1, 1)  # noqa: DTZ001  anything before it means never


def moment(days: float) -> datetime | None:
    """Return the moment of a COM date, which is in the PC's own time; None if it means never."""
    found = _ZERO + timedelta(days=days)
    return None if found < _FIRST else found.astimezone()


def user_of(xml: str) -> str:
    """Return whom a task's XML names as its account."""
    try:
        return fromstring(xml).findtext(f".//{{{NAMESPACE}}}UserId") or ""  # noqa: S314  Windows' own
    except ParseError:
        return ""


if sys.platform == "win32":
    from agent.scheduling.com import NOTHING, ComObject, created, text, text_variant

    _CLASS = uuid.UUID("0f87369f-a4e5-4cfc-bd3e-73e6154572dd").bytes_le  # TaskScheduler
    _SERVICE = uuid.UUID("2faba4c7-4da9-4013-9697-20cc3fd40f85").bytes_le  # ITaskService
    # The places of the methods in ITaskService, ITaskFolder and IRegisteredTask.
    _GET_FOLDER, _CONNECT = 7, 10
    _GET_TASK, _DELETE_TASK, _REGISTER_TASK = 13, 15, 16
    _STATE, _ENABLED, _RUN, _LAST_RUN, _LAST_RESULT, _NEXT_RUN, _XML = 9, 10, 12, 15, 16, 18, 20
    _CREATE_OR_UPDATE = 6
    _PASSWORD, _SERVICE_ACCOUNT = 1, 5
    _RUNS = {2, 4}  # queued, running

    class ComTaskService:
        """Task Scheduler's root folder."""

        def register(self, name: str, xml: str, account: Account) -> None:
            """Create a task, or replace the one of that name."""
            with ExitStack() as kept:
                folder = kept.enter_context(_root())
                path, definition = kept.enter_context(text(name)), kept.enter_context(text(xml))
                if isinstance(account, ServiceAccount):
                    user, password, logon = account.sid, None, _SERVICE_ACCOUNT
                else:
                    user, password, logon = account.name, account.password, _PASSWORD
                who = text_variant(kept.enter_context(text(user)))
                secret = NOTHING
                if password is not None:
                    secret = text_variant(kept.enter_context(text(password)))
                flags, kind = ctypes.c_long(_CREATE_OR_UPDATE), ctypes.c_long(logon)
                with folder.object(
                    _REGISTER_TASK, path, definition, flags, who, secret, kind, NOTHING
                ):
                    pass

        def start(self, name: str) -> None:
            """Start a task now."""
            with _task(name) as task, task.object(_RUN, NOTHING):
                pass

        def status(self, name: str) -> JobStatus | None:
            """Return how a task is, or None if there is none of that name."""
            try:
                with _task(name) as task:
                    return _status(task)
            except RefusedError as refused:
                if refused.code & 0xFFFFFFFF in _NOT_FOUND:
                    return None
                raise

        def delete(self, name: str) -> bool:
            """Delete a task, and return whether it was there."""
            try:
                with _root() as folder, text(name) as path:
                    folder.call(_DELETE_TASK, path, ctypes.c_long(0))
            except RefusedError as refused:
                if refused.code & 0xFFFFFFFF in _NOT_FOUND:
                    return False
                raise
            return True

    @contextmanager
    def _root() -> Iterator[ComObject]:
        with created(_CLASS, _SERVICE) as service, text("\\") as path:
            service.call(_CONNECT, NOTHING, NOTHING, NOTHING, NOTHING)
            with service.object(_GET_FOLDER, path) as folder:
                yield folder

    @contextmanager
    def _task(name: str) -> Iterator[ComObject]:
        with _root() as folder, text(name) as path, folder.object(_GET_TASK, path) as task:
            yield task

    def _status(task: ComObject) -> JobStatus:
        result = task.read(_LAST_RESULT, ctypes.c_long)
        is_running = task.read(_STATE, ctypes.c_long) in _RUNS
        has_ended = not is_running and result not in (HAS_NOT_RUN, IS_RUNNING, IS_QUEUED)
        return JobStatus(
            is_enabled=bool(task.read(_ENABLED, ctypes.c_short)),
            is_running=is_running,
            account=user_of(task.read_text(_XML)),
            last_run=moment(task.read(_LAST_RUN, ctypes.c_double)),
            last_code=result if has_ended else None,
            next_run=moment(task.read(_NEXT_RUN, ctypes.c_double)),
        )
