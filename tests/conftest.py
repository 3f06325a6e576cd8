"""What all tests share."""

from hypothesis import HealthCheck, settings

from tests.function_app import app_settings  # noqa: F401  # before anything else imports the app

pytest_plugins = ["pytester", "tests.loopback", "tests.skips", "tests.stack"]

# How fast this machine is says nothing about the code.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
