"""The agent on the store PC is killed while it exports and uploads."""

import random
import sqlite3
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from contract.run import RunState
from dev.azurite import ROOT
from dev.files import toml_string
from dev.processes import Server
from tests.faults.catalogues import Catalogue, price
from tests.faults.hooks import Hooks, StorageRequest
from tests.faults.proxy import StorageProxy
from tests.faults.trial import Trial

_PRODUCTS = 4_000
_NAME_BYTES = 600  # random bytes, so the catalogue has several blocks


class SlowLine(Hooks):
    """A line that delays each request, and that can be cut at the moment of the commit."""

    def __init__(self, trial: Trial) -> None:
        self._wait = trial.stack.digible.stopping.wait
        self.cuts_request = self.cuts_response = False
        """Whether the request that makes the blob appear, or its response, is lost."""

        self.was_cut = threading.Event()

    def requested(self, request: StorageRequest) -> bool:
        self._wait(0.2)
        return not self._is_cut(request, self.cuts_request)

    def responded(self, request: StorageRequest, status: int) -> bool:
        return not self._is_cut(request, self.cuts_response)

    def _is_cut(self, request: StorageRequest, cuts: bool) -> bool:
        is_cut = cuts and request.method == "PUT" and "comp=blocklist" in request.target
        if is_cut:
            self.was_cut.set()
        return is_cut


def agent_killed(trial: Trial) -> None:
    """Kill `python -m agent upload` at any moment: it leaves no blob, or a whole one."""
    trial.stack.start_host()
    with trial.stack.proxy("Blob") as proxy:
        proxy.hooks = line = SlowLine(trial)
        shop = _Shop(trial, proxy)
        begun = time.monotonic()
        shop.upload("calm").wait(60)
        calm = time.monotonic() - begun
        for number in range(1, 26):
            agent = shop.upload(f"random{number:02}")
            trial.pause(trial.rng.uniform(0, calm))
            agent.kill()
            trial.tries += 1
        for number in range(1, 7):
            line.cuts_request, line.cuts_response = number % 2 == 0, number % 2 == 1
            _kill_at_commit(trial, line, shop.upload(f"commit{number:02}"))
    trial.pause(1)  # until requests still on the line have ended
    shop.expect_what_arrived()


def _kill_at_commit(trial: Trial, line: SlowLine, agent: Server) -> None:
    line.was_cut.clear()
    trial.until(line.was_cut.is_set, "the commit of the blocks", 60)
    agent.kill()
    trial.tries += 1


class _Shop:
    """Databases, and the settings with which the agent uploads them over a slow line."""

    def __init__(self, trial: Trial, line: StorageProxy) -> None:
        self._trial, self._folder = trial, trial.stack.folder
        self._connection_string = line.through(trial.stack.connection_string)
        self._products: dict[str, Mapping[str, str]] = {}

    def upload(self, store: str) -> Server:
        """Start the agent for a new store of this name."""
        database, settings = self._folder / f"{store}.db", self._folder / f"{store}.toml"
        self._products[store] = _make_database(database, store)
        settings.write_text(
            f'store = "{store}"\n[database]\nsqlite = {toml_string(str(database))}\n'
            'table = "Products"\n[storage]\n'
            f"connection_string = {toml_string(self._connection_string)}\n",
            encoding="utf-8",
        )
        options = ["upload", "--no-wait", "--config", str(settings)]
        arguments = [sys.executable, "-m", "agent", *options]
        return Server(f"agent of {store}", arguments, directory=ROOT)

    def expect_what_arrived(self) -> None:
        """Expect every blob that arrived to be delivered completely, and nothing of the others."""
        arrived = 0
        for store, products in self._products.items():
            for blob in self._trial.stack.catalogs.list_blobs(name_starts_with=f"{store}/"):
                arrived += 1
                may_end = frozenset({RunState.SUCCEEDED})
                etag = f'"{blob.etag}"'
                self._trial.catalogues.append(
                    Catalogue(store, blob.name, 1, products, may_end, etag=etag)
                )
        if "calm" not in {each.store for each in self._trial.catalogues}:
            self._trial.complaints.append("the agent that was not killed left no blob")
        self._trial.notes.append(
            f"Agent killed: {arrived - 1} of {self._trial.tries} catalogues had arrived by then, "
            "all of them whole."
        )


def _make_database(path: Path, store: str) -> Mapping[str, str]:
    rng = random.Random(store)
    products = {f"{store}-{number}": price(1, number) for number in range(1, _PRODUCTS + 1)}
    rows = [
        (product, rng.randbytes(_NAME_BYTES).hex(), amount) for product, amount in products.items()
    ]
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE Products (ProductID, ProductName, SellPrice TEXT)")
        connection.executemany("INSERT INTO Products VALUES (?, ?, ?)", rows)
    return products
