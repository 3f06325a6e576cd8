"""The proxy between this computer and a service, if this computer's settings name one."""

from dataclasses import dataclass
from urllib.request import getproxies, getproxies_environment, proxy_bypass


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy, and who says that it is to be used."""

    address: str
    """Its host and port, without user name and password."""

    named_in: str
    """The environment variable, or this computer's settings."""


def proxy_for(scheme: str, host: str) -> Proxy | None:
    """Return the proxy that requests, which Azure's library uses, takes to `host` by http or https."""
    proxies = getproxies()
    kind = next((each for each in (scheme, "all") if proxies.get(each)), None)
    if kind is None or proxy_bypass(host):
        return None
    named_in = f"{kind.upper()}_PROXY"
    if kind not in getproxies_environment():
        named_in = "the proxy settings of this computer"
    # Not parsed as a URL: what a password contains could be taken for the host.
    address = proxies[kind].rpartition("@")[2].rpartition("//")[2].partition("/")[0]
    return Proxy(address, named_in)
