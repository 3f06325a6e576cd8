"""The real stack for a fault: storage and hosts as processes, Digible and proxies in this one."""

import os
import re
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import psutil
from azure.storage.blob import BlobServiceClient, ContainerClient
from azure.storage.queue import QueueClient

from contract.blobs import CATALOGS, RETRIES, RUNS
from dev.azurite import ROOT
from dev.files import read_environment, without_settings
from dev.ports import free_ports
from tests.faults.calling import CALLERS, Caller
from tests.faults.digible import Digible
from tests.faults.event_grid import EventGrid
from tests.faults.hooks import Hooks, Response, StorageRequest
from tests.faults.hosts import Host
from tests.faults.journal import Journal
from tests.faults.proxy import StorageProxy
from tests.faults.records import Records
from tests.faults.retries import Retries
from tests.loopback import python_path
from tests.stack import start_dev

_STORAGE_OPTIONS = {"retry_total": 0, "connection_timeout": 3, "read_timeout": 10}
_SERVICES = ("Blob", "Queue")


class Stack:
    """Storage, Digible and Event Grid run during the `with` block; hosts come and go."""

    def __init__(self, folder: Path, caller: Caller = CALLERS["local"]) -> None:
        """Keep storage's data in `folder`, and let `caller` call the functions."""
        self.caller, self.folder = caller, folder
        self.journal = Journal()
        self.digible = Digible(self.journal)
        self.hosts: list[Host] = []
        self.events = EventGrid(self._webhooks)
        self._hooks = Hooks()
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
        # What a trial does to catalogues passes a proxy too, for Event Grid to see.
        watched = self._end.enter_context(self.proxy("Blob"))
        self.catalogs = self._container(watched.through(self.connection_string), CATALOGS)
        self.runs = self._container(self.connection_string, RUNS)
        self.records = Records(self.runs)
        self.digible.open()
        self._end.callback(self.digible.close)
        self._end.callback(self.events.close)
        self._end.callback(self.digible.stopping.set)

    def _container(self, connection_string: str, name: str) -> ContainerClient:
        service = BlobServiceClient.from_connection_string(
            connection_string,
            **_STORAGE_OPTIONS,  # type: ignore[arg-type]  # transport options
        )
        return self._end.enter_context(service).get_container_client(name)

    def proxy(
        self, service: str, seen: Callable[[StorageRequest, Response], None] | None = None
    ) -> StorageProxy:
        """Return a proxy for one of storage's services; it starts in a `with` block."""
        found = re.search(rf"{service}Endpoint=http://127\.0\.0\.1:(\d+)/", self.connection_string)
        assert found is not None
        return StorageProxy(int(found[1]), seen or self.events.see)

    def use(self, hooks: Hooks) -> None:
        """Let these hooks decide what passes, from the next request on."""
        self._hooks = self.digible.hooks = hooks
        for host in self.hosts:
            host.use(hooks)

    def start_storage(self) -> None:
        """Start storage, after a stop with the same data and ports."""
        self._storage = start_dev("storage", "--data", self.folder)

    def stop_storage(self) -> None:
        """Stop storage gracefully; its data is kept."""
        self._storage.stop()

    def storage_processes(self) -> list[psutil.Process]:
        """Return storage's processes."""
        return psutil.Process(self._storage.pid).children(recursive=True)

    def start_host(self, at_once: int | None = None, **settings: str) -> Host:
        """Start one more host and wait until it is ready."""
        host = self.spawn_host(at_once, **settings)
        host.wait_until_ready(90)
        return host

    def spawn_host(self, at_once: int | None = None, **settings: str) -> Host:
        """Start one more host, for `at_once` blobs and messages; `settings` are the app's."""
        queue = QueueClient.from_connection_string(
            self.connection_string,
            RETRIES,
            **_STORAGE_OPTIONS,  # type: ignore[arg-type]  # transport options
        )
        retries = Retries(self._end.enter_context(queue))

        def seen(request: StorageRequest, response: Response) -> None:
            self.records.see(request, response)
            retries.see(request, response)

        proxies = [self._end.enter_context(self.proxy(each, seen)) for each in _SERVICES]
        proxied = self.connection_string
        for proxy in proxies:
            proxied = proxy.through(proxied)
        (port,) = free_ports(1)
        arguments, environment = self.caller.command(port, self.folder, at_once)
        host = Host(
            f"host {len(self.hosts) + 1}",
            arguments,
            {
                **without_settings(os.environ),
                "PYTHONPATH": python_path(ROOT),
                "CatalogStorage": proxied,
                "AzureWebJobsStorage": proxied,
                "CATALOG_EVENTS": "EventGrid",
                "DIGIBLE_API_URL": self.digible.url,
                "DIGIBLE_TOKEN": "the-matrix",
                "PYTHON_THREADPOOL_THREAD_COUNT": "64",  # as infra/ sets it
                **environment,
                **settings,
            },
            webhook=self.caller.webhook(port),
            proxies=proxies,
            retries=retries,
        )
        self._end.callback(_end, host)
        host.use(self._hooks)
        self.hosts.append(host)
        return host

    def _webhooks(self) -> list[str]:
        return [host.webhook for host in self.hosts.copy() if host.takes_events]


def _end(host: Host) -> None:
    if host.status is None:
        host.kill()
