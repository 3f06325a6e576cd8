"""Whoever runs `configure` without a terminal, as an installer does."""

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from agent.command_line.main import main
from tests.tds import PASSWORD, USER, SqlServerStandIn, Table

TABLE = Table(
    "Products",
    {"ProductID": "varchar(25)", "ProductName": "varchar(75)", "SellPrice": "numeric(18,2)"},
    [(f"P{number}", f"Café {number}", Decimal("12.50")) for number in range(7)],
)


@dataclass
class Installer:
    """Runs `configure` in an empty folder, without a terminal."""

    store: str
    folder: Path
    storage: str
    server: SqlServerStandIn
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    @property
    def file(self) -> Path:
        return self.folder / "shopmaster.toml"

    @property
    def written(self) -> dict[str, dict[str, str]]:
        return tomllib.loads(self.file.read_text(encoding="utf-8"))

    def answers(self, **more: str) -> dict[str, str]:
        return {
            "STORE": self.store,
            "DATABASE__SERVER": self.server.server,
            "DATABASE__DATABASE": "Shop",
            "DATABASE__TABLE": "dbo.Products",
            "DATABASE__AUTHENTICATION": "sql",
            "DATABASE__USERNAME": USER,
            "DATABASE__PASSWORD": PASSWORD,
            "STORAGE__CONNECTION_STRING": self.storage,
            **more,
        }

    def environment(self, **answers: str) -> None:
        for name, value in answers.items():
            self.monkeypatch.setenv(f"SHOPMASTER_{name}", value)

    def run(self, *arguments: str) -> tuple[int, str, str]:
        code = main(["configure", *arguments])
        said = self.capsys.readouterr()
        assert "Traceback" not in said.err + said.out
        for secret in (PASSWORD, "AccountKey=E"):
            assert secret not in said.err + said.out
        return code, said.out, said.err
