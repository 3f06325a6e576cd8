"""Telemetry by OpenTelemetry: a run's spans, log lines and events become one operation."""

import json
import logging
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager

import azure.functions as func
from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from contract.run import Run
from contract.telemetry import CONNECTION_STRING, ENVIRONMENT, OPTIONS, traceparent_of
from function_app.events import Event

ROLE = "shopmaster-upload"
"""The name of the function in Application Insights."""

logger = logging.getLogger(__name__)

_APP = logging.getLogger("function_app")
# The host would show an event as a log line, so the events pass by its handler.
_events = logging.getLogger("function_app.events")
_events.propagate = False
_events.addHandler(logging.NullHandler())
_tracer = trace.get_tracer(__name__)
_INVOCATION = context.create_key("invocation")
_SDKS = ("azure.core", "azure.identity", "azure.storage", "azure.keyvault", "azure.monitor")


def configure(environment: MutableMapping[str, str]) -> None:
    """Send telemetry to the Application Insights resource that the settings name, if they name one.

    A wrong connection string is logged, and costs the telemetry, never a delivery.
    """
    # Two lines for every request to storage; host.json has no say in it.
    for name in _SDKS:
        logging.getLogger(name).setLevel(logging.WARNING)
    connection_string = environment.get(CONNECTION_STRING, "").strip()
    if not connection_string:
        return
    for name, value in ENVIRONMENT.items():
        environment.setdefault(name, value)
    # Imported late: without a connection string, the app starts without it.
    from azure.monitor.opentelemetry import configure_azure_monitor  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415

    try:
        configure_azure_monitor(
            connection_string=connection_string,
            logger_name=_APP.name,
            resource=Resource({"service.name": ROLE}),
            **OPTIONS,
        )
    except ValueError:
        logger.error("%s is malformed, so no telemetry is sent", CONNECTION_STRING)  # noqa: TRY400  # the traceback says nothing more
        return
    _APP.setLevel(logging.INFO)
    _events.setLevel(logging.INFO)
    for handler in _APP.handlers:
        _events.addHandler(handler)


@contextmanager
def invocation(of: func.Context) -> Iterator[None]:
    """Let the spans in a `with` block name the invocation that they are part of.

    The worker attaches the invocation's trace context on its event loop, not in the function's thread.
    """
    carrier = {"traceparent": of.trace_context.trace_parent or ""}
    token = context.attach(context.set_value(_INVOCATION, _extracted(carrier)))
    try:
        yield
    finally:
        context.detach(token)


class OpenTelemetry:
    """Implements `ports.Telemetry`; does nothing as long as nothing is configured."""

    @contextmanager
    def attempt(self, run: Run) -> Iterator[None]:
        """Make what happens in a `with` block part of the run's operation."""
        with _tracer.start_as_current_span(
            "deliver catalogue",
            _operation(run),
            SpanKind.CONSUMER,
            {"store": run.store, "run": run.run, "attempt": run.attempt},
            _links(),
        ):
            yield

    def report(self, event: Event, run: Run | None = None) -> None:
        """Send an event, as part of the run's operation if it is about a run."""
        token = context.attach(_operation(run)) if run and not _is_within(run) else None
        try:
            _events.info(
                "%s",
                event.name,
                extra={
                    "microsoft.custom_event.name": event.name,
                    "microsoft.custom_measurements": json.dumps(dict(event.measurements)),
                    **event.dimensions,
                },
            )
        finally:
            if token is not None:
                context.detach(token)


def _operation(run: Run) -> Context:
    return _extracted({"traceparent": run.traceparent or traceparent_of(run.store, run.run)})


def _extracted(carrier: dict[str, str]) -> Context:
    return TraceContextTextMapPropagator().extract(carrier, Context())


def _is_within(run: Run) -> bool:
    """Return whether the current span is part of the run's operation."""
    operation = trace.get_current_span(_operation(run)).get_span_context()
    return trace.get_current_span().get_span_context().trace_id == operation.trace_id


def _links() -> list[Link]:
    invoked = context.get_value(_INVOCATION)
    if not isinstance(invoked, Context):
        return []
    span = trace.get_current_span(invoked).get_span_context()
    return [Link(span)] if span.is_valid else []
