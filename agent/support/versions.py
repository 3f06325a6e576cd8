"""The versions of everything that is involved, and what the environment sets."""

import locale
import platform
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from importlib.metadata import PackageNotFoundError, requires, version

from agent import __version__
from agent.settings.file import PREFIX
from agent.support.bundle import Hide, Member, document

_DISTRIBUTION = "shopmaster-upload"
_OF_THE_NETWORK = {
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"),
}


def about(environment: Mapping[str, str], drivers: Sequence[str], hide: Hide) -> Member:
    """Return the file about versions; of the environment it has the names alone."""
    found = {
        "shopmaster": __version__,
        "python": platform.python_version(),
        "executable": sys.executable,
        "is_frozen": bool(getattr(sys, "frozen", False)),
        "platform": platform.platform(),
        "encodings": [sys.stdout.encoding, locale.getpreferredencoding(do_setlocale=False)],
        "time": datetime.now().astimezone().isoformat(timespec="seconds"),
        "packages": dict(_packages()),
        "odbc_drivers": list(drivers),
        "environment": sorted(filter(_is_ours, environment)),
    }
    what = "versions of shopmaster, Python, the system and its ODBC drivers; names of variables"
    return document("about.json", what, found, hide)


def _is_ours(name: str) -> bool:
    return name.startswith((PREFIX, "AZURE_")) or name.upper() in _OF_THE_NETWORK


def _packages() -> Iterator[tuple[str, str]]:
    try:
        needed = requires(_DISTRIBUTION) or []
    except PackageNotFoundError:  # a developer's copy
        return
    for line in needed:
        name = re.split(r"[^\w.-]", line, maxsplit=1)[0]
        try:
            yield name, version(name)
        except PackageNotFoundError:  # wanted only for development
            continue
