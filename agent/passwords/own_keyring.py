"""The keyring of the account that runs the agent, through the library keyring."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from agent.passwords.ports import PasswordError

SERVICE = "shopMaster"
"""Under which the keyring lists our passwords."""

_OTHERWISE = (
    "name the account that runs the upload with `shopmaster configure --account NAME`, which keeps the "
    "password in a protected file, or put it in the environment variable SHOPMASTER_DATABASE__PASSWORD."
)


class OwnKeyring:
    """The keyring that the library finds on this system; each call may raise PasswordError."""

    name = {"win32": "Windows Credential Manager", "darwin": "Keychain"}.get(
        sys.platform, "keyring"
    )

    def get(self, login: str) -> str | None:
        """Return the password, or None if there is none."""
        with _explained(login):
            import keyring  # noqa: PLC0415  it looks at every installed package for backends

            return keyring.get_password(SERVICE, login)

    def set(self, login: str, password: str) -> None:
        """Keep a password, instead of the one before."""
        with _explained(login):
            import keyring  # noqa: PLC0415  as above

            keyring.set_password(SERVICE, login, password)

    def delete(self, login: str) -> None:
        """Forget the password, if there is one."""
        with _explained(login):
            import keyring  # noqa: PLC0415  as above

            if keyring.get_password(SERVICE, login) is not None:
                keyring.delete_password(SERVICE, login)


@contextmanager
def _explained(login: str) -> Iterator[None]:
    from keyring.errors import KeyringLocked, NoKeyringError  # noqa: PLC0415  as above

    try:
        yield
    except KeyringLocked as error:
        raise PasswordError(
            f"The keyring with the password of {login} is locked.",
            f"Unlock it and try again. For a run without anybody signed in, {_OTHERWISE}",
        ) from error
    except NoKeyringError as error:
        raise PasswordError(
            f"This account has no keyring for the password of {login}.", _begun(_OTHERWISE)
        ) from error
    except Exception as error:  # its backends raise errors of their own systems
        raise PasswordError(
            f"The keyring of this account can't be used for the password of {login} "
            f"({type(error).__name__}). A task that runs without a stored Windows password has none.",
            _begun(_OTHERWISE),
        ) from error


def _begun(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
