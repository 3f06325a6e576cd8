"""Azure's loader wants this file; the app is the package of the same name (ARCHITECTURE.md says why)."""

from function_app import app  # noqa: F401  found here by its name
