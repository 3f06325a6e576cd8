"""`python -m dev digible`: runs the Digible stand-in alone, in the foreground."""

import errno
import time
from pathlib import Path
from urllib.parse import urlsplit

from dev.digible.stand_in import DigibleStandIn
from dev.files import read_environment
from dev.lifetime import interrupt_when_asked_to_stop, say
from dev.processes import ProcessError


def run(data: Path, port: int | None, *, watch_input: bool) -> int:
    """Respond to requests until asked to stop; return the exit status or raise ProcessError.

    Without `port`, listen where DIR/environment says that Digible is.
    """
    interrupt_when_asked_to_stop(watch_input=watch_input)
    url = urlsplit(read_environment(data).get("DIGIBLE_API_URL", ""))
    base = url.path if url.hostname == "127.0.0.1" else "/v1"
    if port is None:
        port = (url.port if url.hostname == "127.0.0.1" else None) or 0
    try:
        with DigibleStandIn(port, base) as digible:
            say(f"The Digible stand-in is listening at {digible.url}.")
            say("ready")
            while True:
                time.sleep(0.2)
    except KeyboardInterrupt:
        return 0
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise ProcessError(f"Something else already listens on port {port}.") from None
