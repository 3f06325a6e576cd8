"""The XML that Windows' Task Scheduler takes: what runs, when, as whom, and under which conditions.

The elements stand in the order of Microsoft's schema (learn.microsoft.com, Task Scheduler Schema).
"""

import subprocess
from datetime import date, datetime, time
from typing import assert_never
from xml.etree.ElementTree import Element, SubElement, tostring

from agent.errors import ScheduleError
from agent.scheduling.plan import Account, Daily, Hourly, Job, Plan, UserAccount
from agent.windows_accounts import ServiceAccount

NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"
LONGEST_PATH = 260
_VERSION = "1.3"  # Windows 7 and later
_PRINCIPAL = "account"
_TIME_LIMIT = "PT4H"
_PROOF_TIME_LIMIT = "PT10M"
_EXPANDED = ("%", "$(")
"""Task Scheduler puts values in their place, and has no way to write them as they are."""


def task_xml(plan: Plan, job: Job, proof: str = "", today: date | None = None) -> str:
    """Return the task for a job of the plan; raises ScheduleError if a path can't be written in one."""
    task = Element("Task", version=_VERSION, xmlns=NAMESPACE)
    about = SubElement(task, "RegistrationInfo")
    _text(about, "Author", "shopMaster")
    _text(about, "Description", _description(plan, job))
    triggers = SubElement(task, "Triggers")
    if job is Job.RUN:
        _trigger(triggers, plan, today or date.today())  # noqa: DTZ011  as the PC's clock has it
    _settings(SubElement(task, "Settings"), job)
    _principal(SubElement(task, "Principals"), plan.account)
    _action(SubElement(task, "Actions", Context=_PRINCIPAL), plan, plan.arguments(job, proof))
    return tostring(task, encoding="unicode")


def _description(plan: Plan, job: Job) -> str:
    if job is Job.PROOF:
        return f"Proves that the products of store {plan.store} can be uploaded; removed at once."
    return f"Sends the products of store {plan.store} to its online store at Digible."


def _trigger(triggers: Element, plan: Plan, today: date) -> None:
    trigger = SubElement(triggers, "CalendarTrigger")
    times = plan.times
    match times:
        case Daily(at):
            _text(trigger, "StartBoundary", datetime.combine(today, at).isoformat())
        case Hourly(minute, second):
            first = datetime.combine(today, time(0, minute, second))
            _text(trigger, "StartBoundary", first.isoformat())
            repetition = SubElement(trigger, "Repetition")
            _text(repetition, "Interval", "PT1H")
            _text(repetition, "Duration", "P1D")
        case _:
            assert_never(times)
    _text(SubElement(trigger, "ScheduleByDay"), "DaysInterval", "1")


def _settings(settings: Element, job: Job) -> None:
    if job is Job.RUN:
        # For a start that fails. A run that fails is not started again by Windows, so it tries again itself.
        restart = SubElement(settings, "RestartOnFailure")
        _text(restart, "Interval", "PT10M")
        _text(restart, "Count", "3")
    _text(settings, "MultipleInstancesPolicy", "IgnoreNew")
    _text(settings, "DisallowStartIfOnBatteries", "false")
    _text(settings, "StopIfGoingOnBatteries", "false")
    _text(settings, "StartWhenAvailable", "true" if job is Job.RUN else "false")
    _text(settings, "WakeToRun", "false")
    _text(settings, "Enabled", "true")
    _text(settings, "ExecutionTimeLimit", _TIME_LIMIT if job is Job.RUN else _PROOF_TIME_LIMIT)


def _principal(principals: Element, account: Account) -> None:
    principal = SubElement(principals, "Principal", id=_PRINCIPAL)
    match account:
        case ServiceAccount(sid=sid):
            _text(principal, "UserId", sid)  # the schema has no logon type for these
        case UserAccount(name):
            _text(principal, "UserId", name)
            # Never S4U, which has no keyring and no network.
            _text(principal, "LogonType", "Password")
        case _:
            assert_never(account)
    _text(principal, "RunLevel", "LeastPrivilege")


def _action(actions: Element, plan: Plan, arguments: tuple[str, ...]) -> None:
    command, folder = plan.program[0], str(plan.config.parent)
    for text in (command, folder, *arguments):
        if any(expanded in text for expanded in _EXPANDED):
            raise ScheduleError(
                f"Windows' Task Scheduler can't start anything whose path contains % or $(: {text}.",
                "Move it to another folder.",
            )
    for path in (command, folder):
        if len(path) > LONGEST_PATH:
            raise ScheduleError(
                f"The path {path} is longer than the {LONGEST_PATH} characters that Windows' Task "
                "Scheduler takes.",
                "Move it to a folder with a shorter path.",
            )
    action = SubElement(actions, "Exec")
    _text(action, "Command", command)
    _text(action, "Arguments", subprocess.list2cmdline(arguments))
    _text(action, "WorkingDirectory", folder)


def _text(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = text
