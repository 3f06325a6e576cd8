"""Which lines of the app's log Azure's host would pass on."""

import logging
import sys

from dev.host.invoker import log
from dev.host.worker import is_in_invocation


class AppLog(logging.Filter):
    """Lets through the host's own lines, and those that the app writes in an invocation.

    Azure's host drops the others without a word: those of threads that belong to no invocation, and
    those written while the app is imported. The latter are shown here, for whoever is at the screen.
    """

    def __init__(self) -> None:
        super().__init__()
        self.is_serving = False
        self.dropped = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record becomes a log line."""
        if record.name == log.name:
            return True
        if not self.is_serving:
            # azure-functions warns about HTTP in every app that has none.
            return "Auth level is not applied" not in str(record.msg)
        if is_in_invocation():
            return True
        self.dropped += 1
        return False

    def report(self) -> None:
        """Say how many lines were dropped."""
        log.debug("%d lines of the app were dropped: no invocation wrote them", self.dropped)


def set_up_logging(*, verbose: bool) -> AppLog:
    """Log to standard error; return what decides which lines."""
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(levelname)-7s %(name)s: %(message)s",
        datefmt="%H:%M:%S",
        stream=sys.stderr,
    )
    log.setLevel(logging.DEBUG if verbose else logging.INFO)
    app_log = AppLog()
    for handler in logging.getLogger().handlers:
        handler.addFilter(app_log)
    return app_log
