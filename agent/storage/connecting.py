"""What the owner reads when nothing comes back from the storage account: what is in the way, what to do."""

import re

from agent.errors import StorageError, StorageUnavailableError
from agent.storage.proxy import Proxy

_BUNDLE = "the environment variable REQUESTS_CA_BUNDLE"
_INSECURE = ("[ssl", "[x509", "certificate verify failed")
_UNSAFE = (
    (
        ("has expired", "not yet valid"),
        (
            "its certificate is out of date. Check this computer's clock; if that is right, tell your "
            "operator."
        ),
    ),
    (
        ("mismatch", "not valid for", "doesn't match"),
        (
            "the certificate that comes back is another computer's. Check the account's name in the "
            "settings, and whether a proxy or a Wi-Fi's sign-in page intercepts the connection."
        ),
    ),
    (
        ("certificate_verify_failed", "certificate verify failed"),
        (
            "this computer doesn't trust its certificate: a company's proxy, a firewall or a virus scanner "
            "on the way probably replaces it. Ask whoever looks after that for its root certificate as a "
            f"PEM file, and put that file's path in {_BUNDLE}."
        ),
    ),
    (
        ("[x509",),
        (f"the file that {_BUNDLE} names contains no certificate in PEM form. Correct it."),
    ),
    (
        (),
        (
            "what comes back is not encrypted as it should be. Check whether a proxy, a firewall or a virus "
            "scanner intercepts the connection."
        ),
    ),
)
"""Why a connection is not secure, and what to do, by words of the error; the first that fit count."""

_NO_BUNDLE = re.compile(r"certificate bundle, invalid path: (.*)")
_NO_PROXY = ("proxyerror", "unable to connect to proxy", "cannot connect to proxy")
_BAD_PROXY = ("invalidurl(", "invalidproxyurl(", "invalidschema(")
_TUNNEL = re.compile(r"tunnel connection failed: ([0-9]{3})")
_NOT_THE_CAUSE = (
    "Check that proxy and the setting that names it, or ask whoever looks after your network; the "
    "storage account is not the cause."
)


def obstacle(said: str, failure: str, goal: str, proxy: Proxy | None) -> StorageError | None:
    """Return the error for what is in the way, if what the libraries have `said` shows that.

    `goal` is what can't be reached, such as `the storage account shop.blob.core.windows.net`.
    """
    if missing := _NO_BUNDLE.search(said):
        return StorageError(
            f"{failure}: the file {missing[1]}, which {_BUNDLE} names, doesn't exist. Correct it."
        )
    said = said.lower()
    if any(words in said for words in _BAD_PROXY):
        how = "has no address that can be used, such as http://proxy:8080"
        return StorageError(f"{failure}: {_named(proxy)}, {how}. {_NOT_THE_CAUSE}")
    if any(words in said for words in _NO_PROXY):
        how = _silence(said)
        return StorageUnavailableError(f"{failure}: {_named(proxy)}, {how}. {_NOT_THE_CAUSE}")
    if any(words in said for words in _INSECURE):
        why = next(why for words, why in _UNSAFE if not words or any(map(said.__contains__, words)))
        return StorageError(f"{failure}: {goal} can't be reached securely, because {why}")
    return None


def unreachable(said: str, failure: str, goal: str, proxy: Proxy | None) -> StorageUnavailableError:
    """Return the error for any other reason why nothing comes back."""
    said = said.lower()
    if _is_unknown_name(said):
        return StorageUnavailableError(
            f"{failure}: {goal} can't be found on the internet. Check its name in the settings, and "
            "this computer's internet connection."
        )
    through = f" through {_named(proxy)}" if proxy else ""
    check = "that proxy" if proxy else "this computer's internet connection"
    return StorageUnavailableError(
        f"{failure}: {goal} can't be reached{through} (the connection {_broken(said)}). "
        f"Check {check} and the account in the settings."
    )


def _named(proxy: Proxy | None) -> str:
    if proxy is None or not proxy.address:
        return "the proxy, which this computer's settings name"
    return f"the proxy {proxy.address}, which {proxy.named_in} names"


def _silence(said: str) -> str:
    if refusal := _TUNNEL.search(said):
        wants = " without a user name and a password" if refusal[1] == "407" else ""
        return f"doesn't let this computer through{wants} (HTTP {refusal[1]})"
    if _is_unknown_name(said):
        return "can't be found on the network"
    return f"doesn't answer (the connection {_broken(said)})"


def _is_unknown_name(said: str) -> bool:
    return any(words in said for words in ("resolve", "getaddrinfo", "name or service", "nodename"))


def _broken(said: str) -> str:
    return "was refused" if "refused" in said else "timed out" if "timed out" in said else "broke"
