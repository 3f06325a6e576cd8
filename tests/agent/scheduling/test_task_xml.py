"""The task that Windows gets: valid by Microsoft's schema, and with the conditions that a shop needs."""

import subprocess
from collections.abc import Callable
from datetime import date, time
from xml.etree.ElementTree import Element, fromstring, tostring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import ScheduleError
from agent.scheduling.plan import Account, Hourly, Job, Plan, daily, hourly
from agent.scheduling.task_xml import task_xml
from agent.windows_accounts import LOCAL_SERVICE, NETWORK_SERVICE, SYSTEM
from contract.blobs import StoreName
from tests.agent.scheduling.plans import SECRET, STORE, TILL, windows_plan
from tests.agent.scheduling.task_schema import NAMESPACE, faults

TODAY = date(2026, 11, 29)
NAMES = {"t": NAMESPACE}


def task(plan: Plan, job: Job = Job.RUN) -> Element:
    return fromstring(task_xml(plan, job, "0123abcd", TODAY))


def text(element: Element, path: str) -> str | None:
    return element.findtext("/".join(f"t:{name}" for name in path.split("/")), namespaces=NAMES)


@pytest.mark.parametrize("job", list(Job))
@pytest.mark.parametrize("account", [NETWORK_SERVICE, LOCAL_SERVICE, SYSTEM, TILL])
@pytest.mark.parametrize("times", [daily(time(2), STORE), hourly(STORE)])
def test_every_task_is_valid_by_microsofts_schema(
    job: Job, account: Account, times: Hourly
) -> None:
    assert faults(task(windows_plan(account, times), job)) == []


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (
            lambda xml: xml.replace("<UserId>", "<UserID>").replace("</UserId>", "</UserID>"),
            "unexpected",
        ),
        (lambda xml: xml.replace("IgnoreNew", "Ignore"), "MultipleInstancesPolicy: 'Ignore'"),
        (lambda xml: xml.replace('version="1.3"', 'version="9"'), "attribute version"),
        (lambda xml: xml.replace("PT4H", "4 hours"), "ExecutionTimeLimit: '4 hours'"),
        (lambda xml: xml.replace('Context="account"', 'Context="me"'), "no principal is called me"),
        (lambda xml: xml.replace("Password<", "ServiceAccount<"), "LogonType: 'ServiceAccount'"),
        (lambda xml: xml.replace("<Interval>PT10M</Interval>", ""), "Interval is missing"),
        (
            lambda xml: xml.replace("<DaysInterval>1</DaysInterval>", ""),
            None,
        ),
        (lambda xml: xml.replace(NAMESPACE, "urn:other"), "the root is"),
    ],
)
def test_the_validator_finds(spoil: Callable[[str], str], fault: str | None) -> None:
    spoilt = spoil(task_xml(windows_plan(TILL), Job.RUN, today=TODAY))
    found = faults(fromstring(spoilt))
    assert (found == []) if fault is None else any(fault in each for each in found), found


def test_the_validator_finds_elements_out_of_order() -> None:
    swapped = task(windows_plan())
    settings = swapped.find("t:Settings", NAMES)
    assert settings is not None
    first = settings[0]
    settings.remove(first)
    settings.append(first)
    assert any("out of order" in each for each in faults(swapped))


def test_a_run_is_caught_up_works_on_battery_and_wakes_nothing() -> None:
    settings = task(windows_plan()).find("t:Settings", NAMES)
    assert settings is not None
    assert {
        "StartWhenAvailable": "true",
        "DisallowStartIfOnBatteries": "false",
        "StopIfGoingOnBatteries": "false",
        "MultipleInstancesPolicy": "IgnoreNew",
        "WakeToRun": "false",
        "Enabled": "true",
        "ExecutionTimeLimit": "PT4H",
    }.items() <= {each.tag.partition("}")[2]: each.text for each in settings}.items()
    assert text(settings, "RestartOnFailure/Interval") == "PT10M"
    assert text(settings, "RestartOnFailure/Count") == "3"


def test_a_service_account_is_named_by_its_number_and_has_no_logon_type() -> None:
    """The schema has none for it."""
    principal = task(windows_plan())
    assert text(principal, "Principals/Principal/UserId") == "S-1-5-20"
    assert text(principal, "Principals/Principal/LogonType") is None
    assert text(principal, "Principals/Principal/RunLevel") == "LeastPrivilege"


def test_a_named_account_logs_on_with_its_password_and_the_xml_does_not_hold_it() -> None:
    xml = task_xml(windows_plan(TILL), Job.RUN, today=TODAY)
    assert text(fromstring(xml), "Principals/Principal/UserId") == r"SHOP-PC\till"
    assert text(fromstring(xml), "Principals/Principal/LogonType") == "Password"
    assert "S4U" not in xml
    assert SECRET not in "".join(fromstring(xml).itertext())


def test_a_daily_task_begins_at_the_stores_own_second() -> None:
    trigger = "Triggers/CalendarTrigger"
    found = task(windows_plan(times=daily(time(2), STORE)))
    start = text(found, f"{trigger}/StartBoundary")
    assert start is not None
    assert start.startswith("2026-11-29T02:")
    assert text(found, f"{trigger}/Repetition/Interval") is None
    other = task(windows_plan(times=daily(time(2), StoreName("0002"))))
    assert text(other, f"{trigger}/StartBoundary") != start


def test_an_hourly_task_is_repeated_all_day() -> None:
    trigger = "Triggers/CalendarTrigger"
    found = task(windows_plan(times=Hourly(7, 5)))
    assert text(found, f"{trigger}/StartBoundary") == "2026-11-29T00:07:05"
    assert text(found, f"{trigger}/Repetition/Interval") == "PT1H"
    assert text(found, f"{trigger}/Repetition/Duration") == "P1D"


def test_a_proof_has_no_trigger_and_ends_soon() -> None:
    found = task(windows_plan(), Job.PROOF)
    assert list(found.iterfind("t:Triggers/*", NAMES)) == []
    assert text(found, "Settings/ExecutionTimeLimit") == "PT10M"
    assert "schedule prove" in (text(found, "Actions/Exec/Arguments") or "")
    assert "--proof 0123abcd" in (text(found, "Actions/Exec/Arguments") or "")


FOLDER_NAMES = st.text(
    st.characters(exclude_characters='<>:"/\\|?*%$', exclude_categories=["Cs", "Cc", "Cn"]),
    min_size=1,
    max_size=40,
)


@given(FOLDER_NAMES)
def test_every_folder_name_survives(name: str) -> None:
    config = rf"C:\{name}\a & 'b'.toml"
    program = rf"C:\{name}\shopmaster.exe"
    found = task(windows_plan(config=config, program=program))
    assert faults(found) == []
    assert text(found, "Actions/Exec/Command") == program
    assert text(found, "Actions/Exec/Arguments") == subprocess.list2cmdline(
        ["schedule", "run", "--config", config]
    )


@pytest.mark.parametrize(
    "spoilt", [r"C:\100%\x.exe", r"C:\$(Arg0)\x.exe", "C:\\" + "x" * 260], ids=["%", "$(", "long"]
)
def test_what_task_scheduler_can_not_start_is_refused(spoilt: str) -> None:
    with pytest.raises(ScheduleError, match="Move it to"):
        task_xml(windows_plan(program=spoilt), Job.RUN)


def test_the_working_folder_is_that_of_the_settings() -> None:
    plan = windows_plan()
    assert text(task(plan), "Actions/Exec/WorkingDirectory") == str(plan.config.parent)


def test_it_survives_being_written_and_read() -> None:
    found = task(windows_plan())
    assert faults(fromstring(tostring(found))) == []
