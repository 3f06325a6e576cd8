"""Stand-ins for what gives out identities: Azure's machines, Azure Arc's agent, and Azure's sign-in."""

import json
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography import x509

from tests.odd_server import Pieces, Request, http

TENANT, CLIENT = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"
_JSON = "Content-Type: application/json"


def forget_identities(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove what this machine's environment says about signing in to Azure."""
    names = "IDENTITY_ENDPOINT IDENTITY_HEADER IMDS_ENDPOINT MSI_ENDPOINT MSI_SECRET"
    for name in (*names.split(), "AZURE_AUTHORITY_HOST", "AZURE_POD_IDENTITY_AUTHORITY_HOST"):
        monkeypatch.delenv(name, raising=False)


def storage_token() -> str:
    """Return a token for storage as Azurite checks it: by its claims, not by its signature."""
    now = int(time.time())
    claims = {
        "aud": "https://storage.azure.com",
        "iss": f"https://sts.windows.net/{TENANT}/",
        "nbf": now - 10,
        "iat": now - 10,
        "exp": now + 3_600,
        "oid": "a-machine",
        "tid": TENANT,
    }
    return jwt.encode(claims, "any key will do: nobody here verifies it", algorithm="HS256")


def _given() -> dict[str, Any]:
    return {
        "access_token": storage_token(),
        "expires_in": "3600",
        "expires_on": str(int(time.time()) + 3_600),
        "resource": "https://storage.azure.com",
        "token_type": "Bearer",
    }


@dataclass
class Machine:
    """The endpoint at which a machine in Azure finds its identity."""

    error: dict[str, object] | None = None
    """What it answers instead of a token."""

    def respond(self, request: Request) -> Pieces:
        is_known = request.header("X-IDENTITY-HEADER") == "of-this-machine"
        answer = self.error or (_given() if is_known else {"statusCode": 403, "message": "no"})
        yield http(400 if self.error else 200, json.dumps(answer).encode(), _JSON)


@dataclass
class ArcAgent:
    """Azure Arc's agent: its first answer names a file that only trusted accounts may read."""

    folder: Path
    answer: tuple[int, str] | None = None
    """What it answers instead of a token."""

    _keys: set[str] = field(default_factory=set)

    def respond(self, request: Request) -> Pieces:
        _, _, key = (request.header("Authorization") or "").partition("Basic ")
        if not key:
            key = uuid.uuid4().hex
            self._keys.add(key)
            file = self.folder / f"{uuid.uuid4().hex}.key"
            file.write_text(key, encoding="utf-8")
            yield http(401, b"", f"WWW-Authenticate: Basic realm={file}")
        elif self.answer is not None:
            status, text = self.answer
            yield http(status, text.encode(), _JSON)
        else:
            is_known = key in self._keys and request.header("Metadata") == "true"
            yield http(200 if is_known else 403, json.dumps(_given()).encode(), _JSON)


@dataclass
class Entra:
    """Azure's sign-in: one tenant with one app registration, which trusts some certificates."""

    trusted: list[x509.Certificate] = field(default_factory=list)
    refusal: str | None = None
    """An error that it answers every request for a token with."""

    url: str = ""

    def respond(self, request: Request) -> Pieces:
        path = urlsplit(request.line.split()[1]).path
        tenant, _, rest = path.strip("/").partition("/")
        if tenant != TENANT:
            yield _refused("invalid_tenant", f"AADSTS90002: Tenant '{tenant}' not found.")
        elif rest.endswith("openid-configuration"):
            yield http(200, json.dumps(self._configuration()).encode(), _JSON)
        else:
            yield self._token(parse_qs(request.body.decode()))

    def _configuration(self) -> dict[str, str]:
        at = f"{self.url}/{TENANT}"
        return {
            "issuer": f"{at}/v2.0",
            "token_endpoint": f"{at}/oauth2/v2.0/token",
            "authorization_endpoint": f"{at}/oauth2/v2.0/authorize",
        }

    def _token(self, form: dict[str, list[str]]) -> bytes:
        if self.refusal is not None:
            return _refused("invalid_client", self.refusal)
        if form["client_id"] != [CLIENT]:
            return _refused("unauthorized_client", "AADSTS700016: Application not found.")
        assertion = form["client_assertion"][0]
        for certificate in self.trusted:
            with_key = cast("Any", certificate.public_key())
            try:
                jwt.decode(
                    assertion,
                    with_key,
                    algorithms=["RS256", "PS256"],
                    audience=f"{self.url}/{TENANT}/oauth2/v2.0/token",
                )
            except jwt.InvalidSignatureError:
                continue
            return http(200, json.dumps({**_given(), "expires_in": 3_600}).encode(), _JSON)
        return _refused("invalid_client", "AADSTS700027: … [Reason - The key was not found.]")


def _refused(error: str, description: str) -> bytes:
    return http(400, json.dumps({"error": error, "error_description": description}).encode(), _JSON)
