"""What the agent's tests share: none of them writes to the log of the computer that runs it."""

import pytest


@pytest.fixture
def system_log() -> list[tuple[str, bool]]:
    """Return what was written to the system's own log: each line, and whether it is an error."""
    return []


@pytest.fixture(autouse=True)
def _no_system_log(monkeypatch: pytest.MonkeyPatch, system_log: list[tuple[str, bool]]) -> None:
    def write(text: str, is_failure: bool) -> None:
        system_log.append((text, is_failure))

    monkeypatch.setattr("agent.run_log.write_to_system", write)
