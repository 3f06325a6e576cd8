"""What keeps the host from starting."""


class HostError(Exception):
    """The app, its bindings or its settings are not as they must be; the message says what to do."""
