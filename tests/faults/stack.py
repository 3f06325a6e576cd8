"""The real stack for a fault: storage and hosts as processes, Digible and proxies in this one."""

import os
import re
import sys
from contextlib import ExitStack
from pathlib import Path

import psutil
from azure.storage.blob import BlobServiceClient, ContainerClient

from contract.blobs import CATALOGS, RUNS
from dev.azurite import ROOT
from dev.files import read_environment, without_settings
from dev.processes import Server
from tests.faults.digible import Digible
from tests.faults.hooks import Hooks
from tests.faults.journal import Journal
from tests.faults.proxy import StorageProxy
from tests.faults.records import Records
from tests.loopback import python_path
from tests.stack import start_dev

_HOST = "AzureFunctionsJobHost__extensions__"
_STORAGE_OPTIONS = {"retry_total": 0, "connection_timeout": 3, "read_timeout": 10}


class Stack:
    """Storage and Digible run during the `with` block; hosts come and go."""

    def __init__(self, folder: Path) -> None:
        """Keep storage's data in `folder`."""
        self.journal = Journal()
        self.digible = Digible(self.journal)
        self.hosts: list[Server] = []
        self.folder = folder
        self._end = ExitStack()

    def __enter__(self) -> "Stack":
        try:
            self._start()
        except BaseException:
            self._end.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end.close()

    def _start(self) -> None:
        self.start_storage()
        self._end.callback(self.stop_storage)
        self.connection_string = read_environment(self.folder)["CatalogStorage"]
        service = BlobServiceClient.from_connection_string(
            self.connection_string,
            **_STORAGE_OPTIONS,  # type: ignore[arg-type]  # transport options
        )
        self._end.enter_context(service)
        self.catalogs: ContainerClient = service.get_container_client(CATALOGS)
        self.runs: ContainerClient = service.get_container_client(RUNS)
        self.records = Records(self.runs)
        self.proxies = [self._end.enter_context(self.proxy(each)) for each in ("Blob", "Queue")]
        self.proxied = self.connection_string
        for proxy in self.proxies:
            self.proxied = proxy.through(self.proxied)
        self.digible.open()
        self._end.callback(self.digible.close)
        self._end.callback(self._kill_hosts)
        self._end.callback(self.digible.stopping.set)

    def proxy(self, service: str) -> StorageProxy:
        """Return a proxy for one of storage's services; it starts in a `with` block."""
        found = re.search(rf"{service}Endpoint=http://127\.0\.0\.1:(\d+)/", self.connection_string)
        assert found is not None
        return StorageProxy(int(found[1]), self.records.see)

    def use(self, hooks: Hooks) -> None:
        """Let these hooks decide what passes, from the next request on."""
        self.digible.hooks = hooks
        for proxy in self.proxies:
            proxy.hooks = hooks

    def start_storage(self) -> None:
        """Start storage, after a stop with the same data and ports."""
        self._storage = start_dev("storage", "--data", self.folder)

    def stop_storage(self) -> None:
        """Stop storage gracefully; its data is kept."""
        self._storage.stop()

    def storage_processes(self) -> list[psutil.Process]:
        """Return storage's processes."""
        return psutil.Process(self._storage.pid).children(recursive=True)

    def start_host(self, at_once: int = 8, **settings: str) -> Server:
        """Start one more host and wait until it is ready."""
        host = self.spawn_host(at_once, **settings)
        host.wait_until_ready(90)
        return host

    def spawn_host(self, at_once: int = 8, **settings: str) -> Server:
        """Start one more host, for `at_once` blobs and messages; `settings` are the app's."""
        host = Server(
            f"host {len(self.hosts) + 1}",
            [sys.executable, "-m", "dev", "host", "--until-input-closes"],
            environment={
                **without_settings(os.environ),
                "PYTHONPATH": python_path(ROOT),
                "CatalogStorage": self.proxied,
                "AzureWebJobsStorage": self.proxied,
                "DIGIBLE_API_URL": self.digible.url,
                "DIGIBLE_TOKEN": "the-matrix",
                f"{_HOST}blobs__maxDegreeOfParallelism": str(at_once),
                f"{_HOST}queues__batchSize": str(at_once),
                **settings,
            },
            directory=ROOT,
        )
        self.hosts.append(host)
        return host

    def _kill_hosts(self) -> None:
        for host in self.hosts:
            if host.status is None:
                host.kill()
