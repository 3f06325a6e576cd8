"""What the tests of signing in share."""

from dataclasses import dataclass

import pytest
from cryptography import x509

from agent.errors import SignInError
from agent.sign_in import Certificate, SignIn, prove_sign_in

NOWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True, slots=True)
class Made:
    """A certificate of the PC's own."""

    public: x509.Certificate
    way: Certificate


def why(way: SignIn) -> SignInError:
    """Return why nobody can sign in that way."""
    with pytest.raises(SignInError) as caught:
        prove_sign_in(way)
    assert caught.value.cause.startswith("This computer can't sign in to Azure: ")
    assert caught.value.remedy
    return caught.value
