"""Imports the app with harmless settings, because it reads the environment once, on import."""

import pytest

HARMLESS = {"CatalogStorage": "UseDevelopmentStorage=true", "DIGIBLE_TOKEN": "of-no-use"}

with pytest.MonkeyPatch.context() as environment:  # restored afterwards
    for name, value in HARMLESS.items():
        environment.setenv(name, value)
    import function_app  # noqa: F401  # imported for its effect
