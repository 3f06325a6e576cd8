"""What the tests of the whole way share."""

from tests.function_app import app_settings  # noqa: F401  # before anything else imports the app
