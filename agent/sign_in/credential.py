"""Makes the credential for a way of signing in; what it raises is for the owner to read."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, assert_never

from agent.sign_in.messages import explained, unusable
from agent.sign_in.ways import Arc, Certificate, Developer, ManagedIdentity, SignIn

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken, AccessTokenInfo

STORAGE_SCOPE = "https://storage.azure.com/.default"

_TRIES: dict[str, Any] = {"retry_total": 2, "retry_connect": 1, "retry_backoff_factor": 0.5}
_ON_THIS_MACHINE: dict[str, Any] = {
    **_TRIES,
    "connection_timeout": 2,  # what gives out identities is on this machine, or there is none
    "read_timeout": 20,
    "proxies": {"http": ""},  # a proxy knows nothing of this machine's identity
}
_AT_AZURE: dict[str, Any] = {
    **_TRIES,
    "connection_timeout": 8,
    "read_timeout": 15,
    # The address is Azure's own or the machine's AZURE_AUTHORITY_HOST: nobody else need confirm it.
    "disable_instance_discovery": True,
}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Credential:
    """An azure-identity credential whose every failure is a SignInError."""

    way: SignIn
    credential: Any

    def get_token(self, *scopes: str, **options: Any) -> "AccessToken":
        """Return a token for `scopes`; raises SignInError."""
        token: AccessToken = self._explained(partial(self.credential.get_token, *scopes, **options))
        return token

    def get_token_info(self, *scopes: str, options: Any = None) -> "AccessTokenInfo":
        """Return the same, as newer libraries want it; raises SignInError."""
        token: AccessTokenInfo = self._explained(
            partial(self.credential.get_token_info, *scopes, options=options)
        )
        return token

    def close(self) -> None:
        """Close its connections."""
        self.credential.close()

    def _explained(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except Exception as error:  # these libraries raise OSError, ValueError and their own
            raise explained(error, self.way) from error


def credential_for(sign_in: SignIn) -> Credential:
    """Return what signs in; nothing is sent yet. Raises SignInError for an unusable certificate."""
    # Imported late: it takes longer than all the rest, and a SAS needs none of it.
    from azure.identity import AzureCliCredential, ManagedIdentityCredential  # noqa: PLC0415

    match sign_in:
        case Arc():
            found: Any = ManagedIdentityCredential(**_ON_THIS_MACHINE)
        case ManagedIdentity(client_id):
            found = ManagedIdentityCredential(client_id=client_id, **_ON_THIS_MACHINE)
        case Certificate():
            found = _by_certificate(sign_in)
        case Developer():
            found = AzureCliCredential(process_timeout=15)
        case _:
            assert_never(sign_in)
    return Credential(sign_in, found)


def prove_sign_in(sign_in: SignIn) -> None:
    """Sign in and forget the result; raises SignInError."""
    credential = credential_for(sign_in)
    try:
        credential.get_token(STORAGE_SCOPE)
    finally:
        credential.close()


def _by_certificate(way: Certificate) -> Any:
    from azure.identity import CertificateCredential  # noqa: PLC0415  # as above

    try:
        return CertificateCredential(way.tenant_id, way.client_id, str(way.path), **_AT_AZURE)
    except (OSError, ValueError, TypeError) as error:
        raise unusable(error, way) from error
