"""What the tests of the function share."""

import pytest

from tests.function_app.world import World


@pytest.fixture
def world() -> World:
    """Return a shop's world in which nothing goes wrong."""
    return World()
