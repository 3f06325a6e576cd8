"""How catalogues are delivered, as the settings say."""

from dataclasses import dataclass
from datetime import timedelta

from function_app.retrying import RetryPolicy


@dataclass(frozen=True, slots=True)
class UploadOptions:
    """How catalogues are delivered."""

    isolate: bool = False
    """Whether a refused batch is halved until the products at fault stand alone."""

    concurrency: int = 1
    """How many batches of a run may be under way at once."""

    longest_doubt: timedelta = timedelta(minutes=1)
    """How long after its sender gave up, or died, a POST may still be carried out."""

    time_limit: float = 1_620.0
    """Seconds after which an invocation hands its run over through the queue."""

    policy: RetryPolicy = RetryPolicy()  # noqa: RUF009  # frozen
