"""Windows' own Task Scheduler and event log take what we hand them."""

import sys
import uuid
from collections.abc import Iterator
from datetime import date, time
from pathlib import Path

import pytest

from agent.scheduling.plan import Job, Plan, daily
from agent.scheduling.task_xml import task_xml
from agent.windows_accounts import NETWORK_SERVICE
from contract.blobs import StoreName

if sys.platform == "win32":
    from agent.scheduling.task_service import ComTaskService
    from agent.scheduling.windows import RefusedError
    from agent.system_log import register_source, write_to_system

    NOT_IMPLEMENTED = 0x80004001
    STORE = StoreName("0001")

    @pytest.fixture
    def name() -> Iterator[str]:
        made = f"shopMaster test {uuid.uuid4().hex}"
        yield made
        ComTaskService().delete(made)

    def plan(folder: Path) -> Plan:
        config = folder / "Läden & 'Söhne'" / "shopmaster.toml"
        config.parent.mkdir()
        times = daily(time(2), STORE)
        return Plan(STORE, (sys.executable, "-m", "agent"), config, folder, NETWORK_SERVICE, times)

    def xml(folder: Path, job: Job) -> str:
        return task_xml(plan(folder), job, "0123", date(2026, 11, 29))

    def test_a_task_is_registered_found_and_deleted(tmp_path: Path, name: str) -> None:
        service = ComTaskService()
        assert service.status(name) is None
        service.register(name, xml(tmp_path, Job.RUN), NETWORK_SERVICE)
        try:
            status = service.status(name)
        except RefusedError as refused:
            if refused.code & 0xFFFFFFFF != NOT_IMPLEMENTED:
                raise
            pytest.skip("needs machine: a Windows whose Task Scheduler can be asked about tasks")
        finally:
            assert service.delete(name)
        assert not service.delete(name)
        assert status is not None
        assert (status.is_enabled, status.is_running, status.last_code) == (True, False, None)
        assert status.account in (NETWORK_SERVICE.sid, "NETWORK SERVICE", NETWORK_SERVICE.name)
        assert status.next_run is not None

    def test_a_task_that_is_no_xml_is_refused(name: str) -> None:
        with pytest.raises(RefusedError):
            ComTaskService().register(name, "<Task", NETWORK_SERVICE)

    def test_the_event_log_takes_a_line() -> None:
        register_source()
        write_to_system("A line of a test of shopmaster: ü 店.", is_failure=False)
else:
    pytest.skip("needs machine: Windows", allow_module_level=True)
