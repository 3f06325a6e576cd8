"""A shop that logs in, the person at its terminal, and the run that waits for the login."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient

from agent.command_line.main import main
from contract.blobs import CATALOGS, RUNS, RunId, StoreName, run_record_name
from contract.run import RunState
from contract.run_record import encode_run
from dev.digible.api import EMAIL, PASSWORD
from dev.digible.stand_in import DigibleStandIn
from tests.agent.command_line.piping import piped
from tests.agent.shops import make_run

RUN = RunId("20261123T120000Z-1a2b3c4d.8DC12")
STDIN = ("--email", EMAIL, "--password-stdin")


@dataclass
class Shop:
    """A shop whose settings file is in the current folder, and what its agent prints."""

    store: StoreName
    folder: Path
    digible: DigibleStandIn
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    def settings(self, more: str = '[digible]\ntoken_file = "token"\n') -> None:
        text = f'store = "{self.store}"\n[database]\nsqlite = "shop.db"\ntable = "Products"\n{more}'
        if "[digible]" in text:
            text = text.replace("[digible]", f'[digible]\napi_url = "{self.digible.url}"')
        else:
            text += f'[digible]\napi_url = "{self.digible.url}"\n'
        (self.folder / "shopmaster.toml").write_text(text, encoding="utf-8")
        (self.folder / "shopmaster.toml").chmod(0o600)

    def run(self, *arguments: str, stdin: str | bytes = f"{PASSWORD}\n") -> tuple[int, str, str]:
        """Run the agent without a terminal; return its exit code and what it printed."""
        self.monkeypatch.setattr("sys.stdin", piped(stdin))
        code = main(["login", *arguments])
        said = self.capsys.readouterr()
        assert "Traceback" not in said.err + said.out
        assert PASSWORD not in said.err + said.out
        return code, said.out, said.err

    @property
    def token(self) -> str:
        return (self.folder / "token").read_text(encoding="utf-8").strip()


@dataclass
class Person:
    """Answers the questions of a terminal."""

    answers: list[str | BaseException]
    asked: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)

    def say(self, text: str = "") -> None:
        print(text)

    def ask(self, question: str) -> str:
        self.asked.append(question)
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def ask_hidden(self, question: str) -> str:
        self.hidden.append(question)
        return self.ask(question)


def expired_run(shop: Shop, service: BlobServiceClient) -> None:
    run = make_run(RunState.SESSION_EXPIRED, store=shop.store, run=RUN, read=1_000, accepted=400)
    blob = service.get_blob_client(RUNS, run_record_name(shop.store, RUN))
    blob.upload_blob(encode_run(run), overwrite=True)


def requests(shop: Shop, service: BlobServiceClient) -> list[str]:
    found = service.get_container_client(CATALOGS).list_blobs(name_starts_with=f"{shop.store}/")
    return [blob.name for blob in found]
