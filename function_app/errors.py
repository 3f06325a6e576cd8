"""What can go wrong in the function, apart from what a run's record describes.

UploadError
├── SettingsError          the app settings are wrong, so no function does anything
├── CatalogGoneError       a catalogue was deleted or overwritten
├── RecordConflictError    another worker wrote the run's record
├── LeaseLostError         another worker may have the store
├── SlowExaminationError   reading a catalogue took longer than there is time
└── TokenStoreError        the store's token can't be read
    └── TokenMissingError  no token is stored
"""

from collections.abc import Sequence


class UploadError(Exception):
    """Anything the function itself raises."""


class SettingsError(UploadError):
    """The app settings are wrong; the message names every problem."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("The app settings are wrong: " + " ".join(problems))
        self.problems = tuple(problems)


class CatalogGoneError(UploadError):
    """The version of a catalogue that a run delivers no longer exists."""

    def __init__(self, *, overwritten: bool) -> None:
        super().__init__(
            "The catalogue was overwritten by a newer one."
            if overwritten
            else "The catalogue was deleted before all of it was sent."
        )
        self.overwritten = overwritten


class RecordConflictError(UploadError):
    """Another worker wrote the run's record: this one must stop."""

    def __init__(self) -> None:
        super().__init__("Another worker has taken this run over.")


class LeaseLostError(UploadError):
    """The store's lease could not be kept: another worker may have it, so this one must stop."""

    def __init__(self) -> None:
        super().__init__("The lease on the store was lost; the run goes on later.")


class SlowExaminationError(UploadError):
    """Reading through a catalogue took longer than there is time for it."""


class TokenStoreError(UploadError):
    """The token store can't be read now."""


class TokenMissingError(TokenStoreError):
    """No usable token is stored for the store."""
