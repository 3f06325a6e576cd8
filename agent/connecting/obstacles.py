"""What is in the way when nothing comes back from a service: a proxy, a certificate, or the line."""

import re

from agent.connecting.proxy import Proxy
from agent.connecting.trouble import Goal, Trouble

_BUNDLE = "the environment variable REQUESTS_CA_BUNDLE"
_INSECURE = ("[ssl", "[x509", "certificate verify failed")
_UNSAFE = (
    (
        ("has expired", "not yet valid"),
        "its certificate is out of date.",
        "Check this computer's clock; if that is right, tell your operator.",
    ),
    (
        ("mismatch", "not valid for", "doesn't match"),
        "the certificate that comes back is another computer's.",
        "Check {setting}whether a proxy or a Wi-Fi's sign-in page intercepts the connection.",
    ),
    (
        ("certificate_verify_failed", "certificate verify failed"),
        (
            "this computer doesn't trust its certificate: a company's proxy, a firewall or a virus scanner "
            "on the way probably replaces it."
        ),
        (
            "Ask whoever looks after that for its root certificate as a PEM file, and put that file's path "
            f"in {_BUNDLE}."
        ),
    ),
    (
        ("[x509",),
        f"the file that {_BUNDLE} names contains no certificate in PEM form.",
        "Correct it.",
    ),
    (
        (),
        "what comes back is not encrypted as it should be.",
        "Check whether a proxy, a firewall or a virus scanner intercepts the connection.",
    ),
)
"""Why a connection is not secure, and what to do, by words of the error; the first that fit count."""

_NO_BUNDLE = re.compile(r"certificate bundle, invalid path: (.*)")
_NO_PROXY = ("proxyerror", "unable to connect to proxy", "cannot connect to proxy")
_BAD_PROXY = ("invalidurl(", "invalidproxyurl(", "invalidschema(")
_TUNNEL = re.compile(r"tunnel connection failed: ([0-9]{3})")
_ANY_PROXY = (
    " If your network has a proxy, name it in the environment variable HTTPS_PROXY, such as "
    "http://proxy:8080."
)
_UNKNOWN_NAME = ("resolve", "getaddrinfo", "name or service", "nodename")


def obstacle(said: str, goal: Goal, proxy: Proxy | None) -> Trouble | None:
    """Return what is in the way, if what the libraries have `said` shows that."""
    if missing := _NO_BUNDLE.search(said):
        return Trouble(
            f"the file {missing[1]}, which {_BUNDLE} names, doesn't exist.", "Correct it."
        )
    said = said.lower()
    if any(words in said for words in _BAD_PROXY):
        how = "has no address that can be used, such as http://proxy:8080"
        return Trouble(f"{_named(proxy)}, {how}.", _not_the_cause(goal))
    if any(words in said for words in _NO_PROXY):
        return Trouble(f"{_named(proxy)}, {_silence(said)}.", _not_the_cause(goal), may_pass=True)
    if any(words in said for words in _INSECURE):
        why, to_do = next(
            (why, to_do)
            for words, why, to_do in _UNSAFE
            if not words or any(map(said.__contains__, words))
        )
        setting = f"{goal.setting}, and " if goal.setting else ""
        return Trouble(
            f"{goal.name} can't be reached securely, because {why}", to_do.format(setting=setting)
        )
    return None


def unreachable(said: str, goal: Goal, proxy: Proxy | None) -> Trouble:
    """Return any other reason why nothing comes back."""
    said = said.lower()
    setting = f" and {goal.setting}" if goal.setting else ""
    if any(words in said for words in _UNKNOWN_NAME):
        return Trouble(
            f"{goal.name} can't be found on the internet.",
            f"Check this computer's internet connection{setting}.",
            may_pass=True,
        )
    through = f" through {_named(proxy)}" if proxy else ""
    check = "that proxy" if proxy else "this computer's internet connection"
    return Trouble(
        f"{goal.name} can't be reached{through} (the connection {_broken(said)}).",
        f"Check {check}{setting}.{'' if proxy else _ANY_PROXY}",
        may_pass=True,
    )


def _not_the_cause(goal: Goal) -> str:
    return (
        "Check that proxy and the setting that names it, or ask whoever looks after your network; "
        f"{goal.name} is not the cause."
    )


def _named(proxy: Proxy | None) -> str:
    if proxy is None or not proxy.address:
        return "the proxy, which this computer's settings name"
    return f"the proxy {proxy.address}, which {proxy.named_in} names"


def _silence(said: str) -> str:
    if refusal := _TUNNEL.search(said):
        wants = " without a user name and a password" if refusal[1] == "407" else ""
        return f"doesn't let this computer through{wants} (HTTP {refusal[1]})"
    if any(words in said for words in _UNKNOWN_NAME):
        return "can't be found on the network"
    return f"doesn't answer (the connection {_broken(said)})"


def _broken(said: str) -> str:
    return "was refused" if "refused" in said else "timed out" if "timed out" in said else "broke"
