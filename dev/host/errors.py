"""The errors that keep the host from starting, or end it."""


class HostError(Exception):
    """The app, its bindings or its settings are invalid; the message says what to do."""


class StorageGoneError(HostError):
    """Storage could not be reached, or did not work, for as long as Azure's host would try."""


class StorageBrokenError(StorageGoneError):
    """Storage answered all the time, but only that it can't do anything now."""
