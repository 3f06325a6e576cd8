"""A host as a process, whose requests to storage pass proxies of its own."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

import psutil

from dev.azurite import ROOT
from dev.processes import Server
from tests.faults.hooks import Hooks
from tests.faults.proxy import StorageProxy
from tests.faults.retries import Retries


class Host(Server):
    """One host, with its worker."""

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        *,
        webhook: str,
        proxies: Sequence[StorageProxy],
        retries: Retries,
    ) -> None:
        self.webhook, self.proxies, self.retries = webhook, proxies, retries
        super().__init__(name, arguments, environment=environment, directory=ROOT)

    def use(self, hooks: Hooks) -> None:
        """Let these hooks decide which of its requests to storage pass."""
        for proxy in self.proxies:
            proxy.hooks = hooks

    @property
    def takes_events(self) -> bool:
        """Whether it runs and is ready: Microsoft's program dies of a request while it begins to listen."""
        return self._is_ready and self.status is None

    def processes(self) -> list[psutil.Process]:
        """Return its processes; none if it has ended."""
        with suppress(psutil.NoSuchProcess):
            mine = psutil.Process(self.pid)
            return [mine, *mine.children(recursive=True)]
        return []

    def kill(self) -> int:
        """End host and worker at once."""
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        status = super().kill()
        self.retries.hasten()
        return status

    def freeze(self) -> None:
        """Suspend host and worker: what they have under way waits as if they were dead."""
        for process in self.processes():
            process.suspend()
        self.retries.hasten()

    def resume(self) -> None:
        """Let host and worker go on."""
        for process in self.processes():
            process.resume()
