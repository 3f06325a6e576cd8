"""Telemetry by OpenTelemetry, if the operator wants any: the spans of one upload, up to its outcome.

The function's half of the same operation goes on in the cloud; the trace context travels in the blob's
metadata. Nothing here can fail an upload or keep it waiting: telemetry that can't be sent is lost.
"""

import threading
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from agent.errors import SignInError
from agent.sign_in import SignIn, credential_for
from contract.blobs import StoreName
from contract.telemetry import ENVIRONMENT, new_traceparent

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

ROLE = "shopmaster-agent"
"""The name of the agent in Application Insights."""

_LONGEST_SENDING = 3.0  # seconds that the user may wait for it at the end


class Operation(Protocol):
    """An upload, from the first row read to its outcome."""

    @property
    def traceparent(self) -> str:
        """Its W3C trace context."""

    def step(self, name: str) -> AbstractContextManager[None]:
        """Make a `with` block one of its steps."""

    def note(self, name: str, value: str | int) -> None:
        """Say more about it."""


@dataclass(frozen=True, slots=True)
class Untold:
    """An operation that nobody is told about."""

    traceparent: str

    def step(self, name: str) -> AbstractContextManager[None]:  # noqa: ARG002  # as in Operation
        """Make a `with` block one of its steps."""
        return nullcontext()

    def note(self, name: str, value: str | int) -> None:
        """Say more about it."""


class Told:
    """An operation whose steps are sent to Application Insights."""

    def __init__(self, tracer: "Tracer", span: "Span") -> None:
        self._tracer = tracer
        self._span = span

    @property
    def traceparent(self) -> str:
        """Its W3C trace context."""
        context = self._span.get_span_context()
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-01"

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Make a `with` block one of its steps."""
        with _span(self._tracer, name):
            yield

    def note(self, name: str, value: str | int) -> None:
        """Say more about it."""
        self._span.set_attribute(name, value)


@contextmanager
def operation(
    connection_string: str | None,
    store: StoreName,
    environment: MutableMapping[str, str],
    warn: Callable[[str], None],
    sign_in: SignIn | None,
) -> Iterator[Operation]:
    """Make a `with` block an operation; `connection_string` says who is told about it, if anybody is.

    The `environment` gets what Azure's library has to know. `warn` is told why nothing can be sent.
    Without `sign_in`, the connection string is enough.
    """
    if connection_string is not None:
        for name, value in ENVIRONMENT.items():
            environment.setdefault(name, value)
    provider = _provider(connection_string, warn, sign_in) if connection_string else None
    if provider is None:
        yield Untold(new_traceparent())
        return
    tracer = provider.get_tracer(__name__)
    try:
        with _span(tracer, "upload catalogue") as span:
            span.set_attribute("store", store)
            yield Told(tracer, span)
    finally:
        sending = threading.Thread(target=provider.shutdown, name="telemetry", daemon=True)
        sending.start()
        sending.join(_LONGEST_SENDING)


@contextmanager
def _span(tracer: "Tracer", name: str) -> Iterator["Span"]:
    from opentelemetry.trace import StatusCode  # noqa: PLC0415  # see _provider

    # The text of an error may quote a connection string, so only its type is sent.
    with tracer.start_as_current_span(
        name, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield span
        except BaseException as error:
            span.set_status(StatusCode.ERROR)
            span.set_attribute("error_type", type(error).__name__)
            raise


def _provider(
    connection_string: str, warn: Callable[[str], None], sign_in: SignIn | None
) -> "TracerProvider | None":
    # Imported late: most store PCs send no telemetry, and don't have these packages.
    try:
        from azure.monitor.opentelemetry.exporter import AzureMonitorTraceExporter  # noqa: PLC0415
        from opentelemetry import trace  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError:
        warn("No telemetry is sent: it needs `pip install shopmaster-upload[telemetry]`.")
        return None
    try:
        exporter = AzureMonitorTraceExporter(
            connection_string=connection_string,
            disable_offline_storage=True,
            credential=credential_for(sign_in) if sign_in else None,
        )
    except SignInError as error:
        warn(f"No telemetry is sent. {error}")
        return None
    except ValueError:
        warn("No telemetry is sent: its connection string is malformed. Copy all of it again.")
        return None
    resource = Resource({"service.name": ROLE})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)  # where the exporter looks for the resource
    return provider
