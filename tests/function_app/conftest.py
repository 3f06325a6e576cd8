"""What the tests of the function share."""

import pytest
from hypothesis import HealthCheck, settings

from tests.function_app import app_settings  # noqa: F401  # before anything else imports the app
from tests.function_app.world import World

# How quick this machine is says nothing about the code.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture
def world() -> World:
    """A shop's world in which all is well."""
    return World()
