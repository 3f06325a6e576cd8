"""What the telemetry of both programs shares: a run's trace context, and how Azure's library is set up."""

import hashlib
import re
import secrets
from collections.abc import Mapping
from typing import Final

CONNECTION_STRING = "APPLICATIONINSIGHTS_CONNECTION_STRING"
"""The setting that names the Application Insights resource; without it, no telemetry is sent."""

_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}\Z")

ENVIRONMENT: Final[Mapping[str, str]] = {
    "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true",
    "APPLICATIONINSIGHTS_SDKSTATS_DISABLED": "true",
    "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED": "true",
    "OTEL_METRICS_EXPORTER": "none",
    "OTEL_EXPERIMENTAL_RESOURCE_DETECTORS": "otel",
}
"""Environment variables that keep Azure's library from calling anything but the resource's own endpoint."""

OPTIONS: Final[Mapping[str, object]] = {
    "enable_live_metrics": False,
    "enable_performance_counters": False,
    # Of each run, everything: with a tenth of the batches nobody can say where the time went.
    "sampling_ratio": 1.0,
    # The spans are our own. A span for each request to storage would be most of the telemetry.
    "instrumentation_options": {
        library: {"enabled": False}
        for library in (
            *("azure_sdk", "django", "fastapi", "flask", "httpx", "httpx2"),
            *("psycopg2", "requests", "urllib", "urllib3"),
        )
    },
}
"""Arguments of `configure_azure_monitor`."""


def new_traceparent() -> str:
    """Return the W3C trace context of an operation that begins here."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def parse_traceparent(text: str | None) -> str | None:
    """Return a W3C trace context, or None if `text` is not one."""
    return text if text is not None and _TRACEPARENT.match(text) else None


def traceparent_of(store: str, run: str) -> str:
    """Return the trace context of a run whose catalogue has none: the same in every invocation."""
    digest = hashlib.sha256(f"{store}/{run}".encode()).hexdigest()
    return f"00-{digest[:32]}-{digest[32:48]}-01"
