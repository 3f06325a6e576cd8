"""A worker that stood still must not send what another one may have sent meanwhile."""

import time
from datetime import timedelta

from contract.product import Product
from dev.digible import DigibleStandIn
from dev.tokens import local_token
from function_app.digible import DigibleClient
from function_app.ports import Accepted, Unavailable
from function_app.token import StoredToken

PRODUCTS = [Product("A1", "Tea", "2.50")]


def test_nothing_goes_out_once_the_lease_is_no_longer_sure() -> None:
    token = StoredToken(local_token(timedelta(hours=1)))
    with DigibleStandIn() as digible:
        client = DigibleClient(digible.url, None, 5, 1)
        assert isinstance(client.send(PRODUCTS, token, time.monotonic() - 0.001), Unavailable)
        assert not digible.requests
        assert isinstance(client.send(PRODUCTS, token, time.monotonic() + 60), Accepted)
        assert len(digible.requests) == 1
