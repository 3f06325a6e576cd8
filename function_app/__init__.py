"""The cloud's half: a blob trigger that carries catalogues to Digible."""

from function_app.triggers import app

__all__ = ["app"]
