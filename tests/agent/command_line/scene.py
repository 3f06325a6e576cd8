"""What the tests of commands share: a shop, what its agent prints, and what is stored for it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient

from agent.command_line.main import main
from contract.blobs import CATALOGS, StoreName
from contract.run import Run, RunState
from tests.agent.shops import make_shop


@dataclass
class Shop:
    """A shop with a settings file in the current folder, and what its agent prints."""

    store: StoreName
    folder: Path
    capsys: pytest.CaptureFixture[str]

    def settings(self, text: str) -> None:
        """Write the settings file."""
        (self.folder / "shopmaster.toml").write_text(text, encoding="utf-8")

    def sell(self, *rows: tuple[object, object, object], table: str = "Products") -> None:
        """Fill the table, and name it in the settings."""
        (self.folder / "shop.db").unlink(missing_ok=True)
        make_shop(self.folder / "shop.db", rows, table)
        self.settings(
            f'store = "{self.store}"\n[database]\nsqlite = "shop.db"\ntable = {json.dumps(table)}\n'
        )

    def run(self, *arguments: str, command: str = "upload") -> tuple[int, str, str]:
        """Run the agent; return its exit code, standard output and standard error."""
        code = main([command, *arguments])
        said = self.capsys.readouterr()
        assert "Traceback" not in said.err + said.out
        return code, said.out, said.err

    def error(self, *arguments: str, command: str = "upload") -> tuple[int, str]:
        """Run the agent, which must print one error line; return the exit code and that line."""
        code, out, err = self.run(*arguments, command=command)
        assert out == ""
        lines = [line for line in err.splitlines() if line.startswith("Error: ")]
        assert len(lines) == 1, err
        return code, lines[0]

    @property
    def notes(self) -> Path:
        """The folder in which the agent keeps its notes on the store."""
        return self.folder / ".shopmaster" / self.store


def stored(connection_string: str, store: StoreName) -> list[tuple[str, bytes]]:
    with BlobServiceClient.from_connection_string(connection_string) as service:
        container = service.get_container_client(CATALOGS)
        names = [blob.name for blob in container.list_blobs(name_starts_with=f"{store}/")]
        return [(name, container.download_blob(name).readall()) for name in names]


def ends_as(state: RunState, **values: object) -> Callable[[Run], list[Run | bytes]]:
    def answer(run: Run) -> list[Run | bytes]:
        return [run, b"{half", replace(run, state=state, **values)]  # type: ignore[arg-type]

    return answer
