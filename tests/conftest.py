"""What every test shares."""

pytest_plugins = ["pytester", "tests.skips", "tests.stack"]
