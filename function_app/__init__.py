"""The cloud's half: a blob trigger that delivers catalogues to Digible."""

from function_app.triggers import app

__all__ = ["app"]
