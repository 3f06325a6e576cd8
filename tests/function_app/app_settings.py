"""Imports the app with harmless settings: it reads the environment once, when it is imported."""

import pytest

HARMLESS = {"CatalogStorage": "UseDevelopmentStorage=true", "DIGIBLE_TOKEN": "of-no-use"}

with pytest.MonkeyPatch.context() as environment:  # which is left as it was found
    for name, value in HARMLESS.items():
        environment.setenv(name, value)
    import function_app  # noqa: F401  # for its effect
