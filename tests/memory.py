"""The peak memory of a process."""

import threading

import psutil


class Memory:
    """The peak resident memory of a process and its children, sampled during the `with` block."""

    def __init__(self, pid: int) -> None:
        self.peak = 0
        """In bytes."""

        self._process = psutil.Process(pid)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory", daemon=True)

    def __enter__(self) -> "Memory":
        self.sample()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self.sample()

    @property
    def megabytes(self) -> float:
        """The peak in MB."""
        return self.peak / (1 << 20)

    def sample(self) -> None:
        """Take one more sample; a process that has ended uses no memory."""
        try:
            family = [self._process, *self._process.children(recursive=True)]
            self.peak = max(self.peak, sum(each.memory_info().rss for each in family))
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            return

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            self.sample()
