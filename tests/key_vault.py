"""The stand-in for Key Vault: secrets over HTTPS, with the challenge Microsoft's client expects."""

import json
import re
import ssl
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import trustme
from azure.core.credentials import AccessToken, AccessTokenInfo
from azure.keyvault.secrets import SecretClient
from azure.keyvault.secrets._shared import http_challenge_cache

from tests.odd_server import OddServer, Pieces, Request, http

_PATH = re.compile(
    r"(GET|PUT) /secrets/(?P<name>[0-9A-Za-z-]+)(?P<versions>/versions)?/?(\?\S*)? HTTP/1\.1"
)
_CHALLENGE = (
    'WWW-Authenticate: Bearer authorization="https://login.example/tenant", '
    'resource="https://vault.azure.net"'
)


@dataclass
class Secret:
    """A stored secret; `attributes` are written as in Key Vault (`exp`, `enabled`)."""

    value: str = field(repr=False)
    attributes: dict[str, Any] = field(default_factory=dict)


class Credential:
    """Replaces azure-identity: returns a token that the stand-in accepts."""

    def get_token(self, *_: str, **__: Any) -> AccessToken:
        return AccessToken("of-nobody", int(time.time()) + 3_600)

    def get_token_info(self, *_: str, **__: Any) -> AccessTokenInfo:
        return AccessTokenInfo("of-nobody", int(time.time()) + 3_600)


class KeyVaultStandIn:
    """A vault on this machine during the `with` block; its certificate is written to `folder`."""

    def __init__(self, folder: Path) -> None:
        self.secrets: dict[str, Secret] = {}
        self.refusal: int | None = None
        """A status that every request is answered with, such as 403 or 500."""

        self.error: dict[str, Any] = {"code": "Forbidden"}
        """The error of that answer."""

        self.may_read = True
        """Whether a secret's value may be read; its properties may, all the same."""

        self.versions: dict[str, list[dict[str, Any]]] = {}
        """The attributes of each secret's versions, in the order in which they were made."""

        authority = trustme.CA()
        self.certificate = folder / "key-vault-authority.pem"
        authority.cert_pem.write_to_path(self.certificate)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(tls)
        self._server = OddServer(self._respond, tls)

    @property
    def url(self) -> str:
        return f"https://localhost:{self._server.port}"

    def put(
        self, name: str, value: str, expires_on: datetime | None = None, *, enabled: bool = True
    ) -> None:
        """Store a secret."""
        attributes: dict[str, Any] = {"enabled": enabled}
        if expires_on is not None:
            attributes["exp"] = int(expires_on.timestamp())
        self._keep(name, Secret(value, attributes))

    def _keep(self, name: str, secret: Secret) -> None:
        self.secrets[name] = secret
        versions = self.versions.setdefault(name, [])
        versions.append({"enabled": True, "created": len(versions) + 1, **secret.attributes})

    def client(self) -> SecretClient:
        """Return Microsoft's client for this vault; it trusts the certificate and doesn't retry."""
        return SecretClient(
            self.url,
            Credential(),
            verify_challenge_resource=False,
            connection_verify=str(self.certificate),
            retry_total=0,
        )

    def __enter__(self) -> Self:
        # Microsoft's client remembers what it was asked at an address, and an earlier stand-in may have had
        # the same port.
        http_challenge_cache.clear()
        self._server.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.__exit__(kind, error, traceback)

    def _respond(self, request: Request) -> Pieces:
        if not (request.header("Authorization") or "").startswith("Bearer "):
            yield http(401, _error("Unauthorized"), _CHALLENGE, "Content-Type: application/json")
            return
        status, content = self._answer(request)
        yield http(status, content, "Content-Type: application/json")

    def _answer(self, request: Request) -> tuple[int, bytes]:
        found = _PATH.fullmatch(request.line)
        if self.refusal is not None or found is None:
            return self.refusal or 404, json.dumps({"error": self.error}).encode()
        name = found["name"]
        if found[1] == "PUT":
            given = json.loads(request.body)
            self._keep(name, Secret(given["value"], given.get("attributes") or {}))
        secret = self.secrets.get(name)
        if secret is None:
            return 404, _error("SecretNotFound")
        if found["versions"]:
            return 200, json.dumps({"value": self._listed(name)}).encode()
        if found[1] == "GET" and not self.may_read:
            return 403, _error("Forbidden")
        if not secret.attributes.get("enabled", True):
            return 403, _error("Forbidden", "SecretDisabled")
        kept = {
            "value": secret.value,
            "id": f"{self.url}/secrets/{name}/0123456789abcdef",
            "attributes": {"enabled": True, "created": 1, "updated": 1, **secret.attributes},
        }
        return 200, json.dumps(kept).encode()

    def _listed(self, name: str) -> list[dict[str, Any]]:
        """Return a secret's versions as the vault lists them: in no order, and without values."""
        return [
            {"id": f"{self.url}/secrets/{name}/{number:032x}", "attributes": attributes}
            for number, attributes in enumerate(self.versions.get(name, []))
        ][::-1]


def _error(code: str, inner: str | None = None) -> bytes:
    error: dict[str, Any] = {"code": code, "message": "as the test wants it"}
    if inner is not None:
        error["innererror"] = {"code": inner}
    return json.dumps({"error": error}).encode()
