"""A cloud for tests of the operator's programs: one installation, behind stand-ins for `az` and `azd`."""

import copy
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.deployment.__main__ import main as deployment_main
from infra.deployment.functions import functions_of_code
from infra.installation import Installation, find_installation
from infra.store.__main__ import main as store_main
from infra.waiting import Clock
from tests.infra.operator.az_stand_in.command import STATE

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
SUBSCRIPTION, TENANT = (
    "00000000-0000-0000-0000-000000000001",
    "00000000-0000-0000-0000-000000000002",
)
_ROLES = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
VALUES = {
    "AZURE_ENV_NAME": "shops",
    "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION,
    "AZURE_RESOURCE_GROUP": "rg-shops",
    "AZURE_FUNCTION_APP_NAME": "func-shops",
    "AZURE_STORAGE_ACCOUNT_NAME": "stshops",
    "AZURE_STORAGE_BLOB_ENDPOINT": "https://stshops.blob.invalid/",
    "AZURE_KEY_VAULT_NAME": "kv-shops",
    "AZURE_KEY_VAULT_URL": "https://kv-shops.vault.invalid/",
    "AZURE_EVENT_GRID_TOPIC_NAME": "evgst-shops",
    "AZURE_CATALOG_WRITER_ROLE_ID": f"{_ROLES}/00000000-0000-0000-0000-00000000c001",
    "AZURE_RUN_READER_ROLE_ID": f"{_ROLES}/00000000-0000-0000-0000-00000000c002",
    "AZURE_TOKEN_SETTER_ROLE_ID": f"{_ROLES}/00000000-0000-0000-0000-00000000c003",
}
INSTALLATION: Installation = find_installation(VALUES, None)
_PREPARED: dict[str, dict[str, Any]] = {}
GROUP = INSTALLATION.group_id
PERSON = "00000000-0000-0000-0000-00000000d001"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended."""

    code: int
    out: str
    err: str


@dataclass
class Now:
    """A clock that only moves when somebody sleeps."""

    slept: float = 0.0

    @property
    def clock(self) -> Clock:
        return Clock(lambda: NOW + timedelta(seconds=self.slept), lambda: self.slept, self.sleep)

    def sleep(self, seconds: float) -> None:
        self.slept += seconds


@dataclass
class Cloud:
    """The state behind the stand-in for `az`, and the programs on it."""

    folder: Path
    capsys: pytest.CaptureFixture[str]
    time: Now = field(default_factory=Now)

    @property
    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(self._file.read_text(encoding="utf-8"))
        return state

    @contextmanager
    def change(self) -> Iterator[dict[str, Any]]:
        """Yield the state, and save what the block makes of it."""
        state = self.state if self._file.exists() else {}
        yield state
        self._file.write_text(json.dumps(state), encoding="utf-8")

    def prepared(self, name: str, prepare: Callable[[], object]) -> None:
        """Bring the cloud to what `prepare` makes of it; that is done once for many tests."""
        if name not in _PREPARED:
            prepare()
            _PREPARED[name] = {**self.state, "calls": []}
        with self.change() as state:
            state.update(copy.deepcopy(_PREPARED[name]))

    def store(self, *arguments: str) -> Ended:
        """Run `python -m infra.store`."""
        return self._ended(store_main, arguments)

    def deployment(self, *arguments: str, clock: Clock | None = None) -> Ended:
        """Run `python -m infra.deployment`."""
        return self._ended(deployment_main, arguments, clock)

    def calls(self, *words: str) -> list[list[str]]:
        """Return the calls of `az` that begin with these words."""
        return [call for call in self.state["calls"] if tuple(call[: len(words)]) == words]

    def rights(self) -> list[tuple[str, str]]:
        """Return principal and scope of every assignment."""
        made = self.state["assignments"].values()
        return sorted((one["principalId"], one["scope"].rpartition("/")[2]) for one in made)

    def machine(self, name: str, number: int, group: str = "rg-shops") -> str:
        """Connect a machine by Azure Arc; return the object id of its identity."""
        id_ = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/{_MACHINES}/{name}"
        principal = f"00000000-0000-0000-0000-00000000e{number:03d}"
        with self.change() as state:
            state["machines"][id_] = principal
            state["principals"][principal] = {
                "@odata.type": "#microsoft.graph.servicePrincipal",
                "id": principal,
                "appId": principal.replace("-00000000e", "-00000000f"),
                "displayName": name,
                "servicePrincipalType": "ManagedIdentity",
                "alternativeNames": ["isExplicit=False", id_],
            }
        return principal

    def assign(self, principal: str, role: str, scope: str, condition: str | None = None) -> str:
        """Give somebody a role by hand; return the assignment's id."""
        with self.change() as state:
            id_ = f"{scope}/providers/Microsoft.Authorization/roleAssignments/by-hand-{len(state['assignments'])}"
            state["assignments"][id_] = {
                "id": id_,
                "principalId": principal,
                "roleDefinitionId": role,
                "roleDefinitionName": f"role {role.rpartition('/')[2][-4:]}",
                "scope": scope,
                "condition": condition,
            }
        return id_

    @property
    def _file(self) -> Path:
        return self.folder / "state.json"

    def _ended(self, main: Any, arguments: tuple[str, ...], clock: Clock | None = None) -> Ended:
        self.capsys.readouterr()
        try:
            code = int(main(arguments, clock or self.time.clock))
        except SystemExit as finished:  # argparse
            code = int(str(finished.code))
        said = self.capsys.readouterr()
        return Ended(code, said.out, said.err)


_MACHINES = "Microsoft.HybridCompute/machines"


def new_cloud(folder: Path, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> Cloud:
    """Return an installation without stores, deployed as it should be, with `az` first on the PATH."""
    programs = folder / "programs"  # without site packages, they start twice as fast
    programs.mkdir()
    _install(programs / "az", HERE / "az_stand_in" / "__main__.py")
    _install(programs / "azd", HERE / "azd_stand_in.py")
    patch.setenv("PATH", str(programs), prepend=os.pathsep)
    patch.setenv(STATE, str(folder / "state.json"))
    for name, value in VALUES.items():
        patch.setenv(name, value)
    patch.delenv("SMOKE_TEST", raising=False)
    cloud = Cloud(folder, capsys)
    with cloud.change() as state:
        state.update(_new_state())
    return cloud


def _new_state() -> dict[str, Any]:
    empty_tables = (
        "assignments",
        "apps",
        "machines",
        "secrets",
        "deleted_secrets",
        "groups",
        "faults",
    )
    return {
        **{name: {} for name in empty_tables},
        "calls": [],
        "undeletable": [],
        "disabled": [],
        "event_subscriptions": {},
        "blob_connection": "",
        "azd": {"shops": VALUES},
        "accounts": [{"id": SUBSCRIPTION, "tenantId": TENANT, "isDefault": True}],
        "functions": sorted(functions_of_code()),
        "principals": {
            PERSON: {
                "@odata.type": "#microsoft.graph.user",
                "id": PERSON,
                "userPrincipalName": "operator@shops.invalid",
            }
        },
    }


def _install(program: Path, script: Path) -> None:
    """Make a Python script a program of that name."""
    if sys.platform == "win32":
        text = f'@"{sys.executable}" "{script}" %*\r\n'
        program.with_suffix(".cmd").write_text(text, encoding="utf-8")
    else:
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S -E "{script}" "$@"\n', "utf-8")
        program.chmod(0o755)
