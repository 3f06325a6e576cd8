"""Tells what each command did: in a log file in the state folder, and in the system's own log.

Neither is worth a failure: what can't be written is left out.
"""

import getpass
import logging
import logging.handlers
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from agent.system_log import write_to_system

FILE_NAME = "shopmaster.log"
_LARGEST = 1_000_000  # bytes
_KEPT = 3  # older files
_MOST_WAITING = 1_000  # records, until the folder is known

logger = logging.getLogger(__name__)


class RunLog:
    """The log of one command. It keeps what is said until there is a state folder to write it to."""

    def __init__(
        self,
        formatter: logging.Formatter,
        hide: Callable[[str], str],
        to_system: Callable[[str, bool], None] | None = None,
    ) -> None:
        """Take what makes a line of a record, what hides secrets, and what writes to the system's log."""
        self.folder: Path | None = None
        self.began_at = datetime.now(UTC).replace(microsecond=0)  # as notes have their moments
        self._formatter = formatter
        self._hide = hide
        self._to_system = to_system or write_to_system
        self._waiting = _Waiting()
        self._file: logging.Handler | None = None
        logging.getLogger().addHandler(self._waiting)

    def start(self, folder: Path) -> None:
        """Write to the log file in this folder from now on, or from when it exists: it isn't made."""
        self.folder = folder
        if self._file is None and folder.is_dir():
            self._file = _log_file(folder)
            if self._file is not None:
                logging.getLogger().removeHandler(self._waiting)
                self._file.setFormatter(self._formatter)
                self._waiting.hand_over(self._file)
                logging.getLogger().addHandler(self._file)

    def end(self, sentence: str, *, is_failure: bool, in_system: bool) -> None:
        """Write how the command ended, if asked for also to the system's own log, and close the file."""
        if self.folder is not None:
            self.start(self.folder)
        if self._file is not None:
            self._file.handle(
                logging.LogRecord(logger.name, logging.INFO, __file__, 0, sentence, None, None)
            )
        for handler in filter(None, (self._file, self._waiting)):
            logging.getLogger().removeHandler(handler)
            with suppress(OSError):
                handler.close()
        if in_system:
            self._to_system(self._hide(sentence), is_failure)


class _Waiting(logging.Handler):
    """Keeps records until there is a place for them."""

    def __init__(self) -> None:
        super().__init__()
        self._records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        if len(self._records) < _MOST_WAITING:
            self._records.append(record)

    def hand_over(self, handler: logging.Handler) -> None:
        """Give them to the handler."""
        for record in self._records:
            handler.handle(record)
        self._records.clear()


class _LogFile(logging.handlers.RotatingFileHandler):
    """A log file of limited size that never complains."""

    def __init__(self, path: Path) -> None:
        path.touch(0o600)
        super().__init__(path, maxBytes=_LARGEST, backupCount=_KEPT, encoding="utf-8")

    def doRollover(self) -> None:  # noqa: N802  logging's name
        """Begin a new file; while Windows keeps another process's open, this one grows on."""
        if self.stream is not None:
            self.stream.close()
        try:
            # It fails just as the real one would, but before any older file has lost its place.
            Path(self.baseFilename).rename(self.baseFilename)
            super().doRollover()
        except OSError:
            self.stream = self._open()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  logging's name
        """Leave the record out: the disk is full."""


def _log_file(folder: Path) -> _LogFile | None:
    """Return the folder's log file or, if that is another account's, one of this account's own."""
    with suppress(OSError):
        return _LogFile(folder / FILE_NAME)
    with suppress(OSError, KeyError, ImportError):
        own = f"-{getpass.getuser()}"
        return _LogFile((folder / FILE_NAME).with_stem(Path(FILE_NAME).stem + own))
    return None
