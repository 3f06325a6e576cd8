"""Facts of Microsoft's schema for tasks, as far as our task uses it, and a validator that knows them.

Source: "Task Scheduler Schema", learn.microsoft.com/windows/win32/taskschd/task-scheduler-schema (the page
has the whole XSD; read in MicrosoftDocs/win32 at 472b2e07), and [MS-TSCH] 2.5, "XML Task Definition Format".
A group marked `all` may come in any order there; this validator wants the documented order in all of them.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"

Check = Callable[[str], bool]


def matches(pattern: str) -> Check:
    return lambda text: re.fullmatch(pattern, text) is not None


def one_of(*values: str) -> Check:
    return lambda text: text in values


BOOLEAN = one_of("true", "false", "1", "0")
STRING: Check = lambda _: True  # noqa: E731  a table of checks
NON_EMPTY: Check = lambda text: len(text) > 0  # noqa: E731
PATH: Check = lambda text: 1 <= len(text) <= 260  # noqa: E731
DURATION = matches(r"P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?")
DATE_TIME = matches(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?")
DAYS: Check = lambda text: text.isdigit() and 1 <= int(text) <= 365  # noqa: E731
COUNT: Check = lambda text: text.isdigit() and 1 <= int(text) <= 255  # noqa: E731
PRIORITY: Check = lambda text: text.isdigit() and int(text) <= 10  # noqa: E731


@dataclass(frozen=True)
class Child:
    """A child element: its name, what it is, and whether it must be there."""

    name: str
    kind: "str | Check"
    """The name of a complex type, or the check of a simple one."""

    required: bool = False


TRIGGER_BASE = (
    Child("Enabled", BOOLEAN),
    Child("StartBoundary", DATE_TIME),
    Child("EndBoundary", DATE_TIME),
    Child("Repetition", "repetitionType"),
    Child("ExecutionTimeLimit", DURATION),
)
TYPES: dict[str, tuple[Child, ...]] = {
    "taskType": (
        Child("RegistrationInfo", "registrationInfoType"),
        Child("Triggers", "triggersType"),
        Child("Settings", "settingsType"),
        Child("Data", "dataType"),
        Child("Principals", "principalsType"),
        Child("Actions", "actionsType", required=True),
    ),
    "registrationInfoType": (
        Child("URI", STRING),
        Child("SecurityDescriptor", STRING),
        Child("Source", STRING),
        Child("Date", DATE_TIME),
        Child("Author", STRING),
        Child("Version", STRING),
        Child("Description", STRING),
        Child("Documentation", STRING),
    ),
    "triggersType": (Child("CalendarTrigger", "calendarTriggerType"),),
    "repetitionType": (
        Child("Interval", DURATION, required=True),
        Child("Duration", DURATION),
        Child("StopAtDurationEnd", BOOLEAN),
    ),
    "calendarTriggerType": (
        *TRIGGER_BASE,
        Child("RandomDelay", DURATION),
        Child("ScheduleByDay", "dailyScheduleType", required=True),
    ),
    "dailyScheduleType": (Child("DaysInterval", DAYS),),
    "settingsType": (
        Child("AllowStartOnDemand", BOOLEAN),
        Child("RestartOnFailure", "restartType"),
        Child("MultipleInstancesPolicy", one_of("Parallel", "Queue", "IgnoreNew", "StopExisting")),
        Child("DisallowStartIfOnBatteries", BOOLEAN),
        Child("StopIfGoingOnBatteries", BOOLEAN),
        Child("AllowHardTerminate", BOOLEAN),
        Child("StartWhenAvailable", BOOLEAN),
        Child("NetworkProfileName", STRING),
        Child("RunOnlyIfNetworkAvailable", BOOLEAN),
        Child("WakeToRun", BOOLEAN),
        Child("Enabled", BOOLEAN),
        Child("Hidden", BOOLEAN),
        Child("DeleteExpiredTaskAfter", DURATION),
        Child("IdleSettings", "idleSettingsType"),
        Child("NetworkSettings", "networkSettingsType"),
        Child("ExecutionTimeLimit", DURATION),
        Child("Priority", PRIORITY),
        Child("RunOnlyIfIdle", BOOLEAN),
        Child("UseUnifiedSchedulingEngine", BOOLEAN),
        Child("DisallowStartOnRemoteAppSession", BOOLEAN),
    ),
    "restartType": (
        Child("Interval", DURATION, required=True),
        Child("Count", COUNT, required=True),
    ),
    "principalsType": (Child("Principal", "principalType", required=True),),
    "principalType": (
        Child("UserId", NON_EMPTY),
        Child(
            "LogonType",
            one_of("S4U", "Password", "InteractiveToken", "InteractiveTokenOrPassword"),
        ),
        Child("GroupId", NON_EMPTY),
        Child("DisplayName", STRING),
        Child("RunLevel", one_of("LeastPrivilege", "HighestAvailable")),
        Child("ProcessTokenSidType", one_of("None", "Unrestricted")),
        Child("RequiredPrivileges", "requiredPrivilegesType"),
    ),
    "actionsType": (Child("Exec", "execType", required=True),),
    "execType": (
        Child("Command", PATH, required=True),
        Child("Arguments", STRING),
        Child("WorkingDirectory", PATH),
    ),
}
ATTRIBUTES = {
    "taskType": {"version": one_of("1.3")},
    "principalType": {"id": NON_EMPTY},
    "actionsType": {"Context": NON_EMPTY},
}


def faults(task: Element) -> list[str]:
    """Return what is wrong with a task; nothing, if it is valid."""
    if task.tag != f"{{{NAMESPACE}}}Task":
        return [f"the root is {task.tag}"]
    found = list(_faults(task, "taskType", "Task"))
    names = {"t": NAMESPACE}
    principals = {each.get("id") for each in task.iterfind("t:Principals/t:Principal", names)}
    contexts = {each.get("Context") for each in task.iterfind("t:Actions", names)} - {None}
    return [*found, *(f"no principal is called {name}" for name in contexts - principals)]


def _faults(element: Element, kind: str, where: str) -> Iterator[str]:
    children = {child.name: child for child in TYPES.get(kind, ())}
    order, place = list(children), -1
    for name, value in element.attrib.items():
        check = ATTRIBUTES.get(kind, {}).get(name)
        if check is None or not check(value):
            yield f"{where}: attribute {name}={value!r}"
    for found in element:
        name = found.tag.removeprefix(f"{{{NAMESPACE}}}")
        if name not in children:
            yield f"{where}: {name} is unexpected"
            continue
        if order.index(name) <= place:
            yield f"{where}: {name} is out of order, or there twice"
        place = order.index(name)
        child = children[name].kind
        if isinstance(child, str):
            yield from _faults(found, child, f"{where}/{name}")
        elif len(found) or not child(found.text or ""):
            yield f"{where}/{name}: {found.text!r}"
    there = {found.tag.removeprefix(f"{{{NAMESPACE}}}") for found in element}
    yield from (
        f"{where}: {child.name} is missing"
        for child in children.values()
        if child.required and child.name not in there
    )
