"""The error that keeps the host from starting."""


class HostError(Exception):
    """The app, its bindings or its settings are invalid; the message says what to do."""
