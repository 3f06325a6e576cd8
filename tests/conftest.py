"""What every test shares."""

pytest_plugins = ["pytester", "tests.loopback", "tests.skips", "tests.stack"]
