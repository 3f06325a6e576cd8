"""What the telemetry of both programs shares."""

import pytest
from azure.monitor.opentelemetry import _constants as distro

from contract.telemetry import OPTIONS, new_traceparent, parse_traceparent, traceparent_of

GOOD = f"00-{'0a' * 16}-{'0b' * 8}-01"


def test_a_trace_context_is_read_as_w3c_has_it() -> None:
    assert parse_traceparent(GOOD) == GOOD
    assert parse_traceparent(new_traceparent())


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "00-1-2-01",
        GOOD.upper(),
        GOOD + "\n",
        GOOD.replace("00-", "ff-", 1),
        f"00-{'0' * 32}-{'0b' * 8}-01",
        f"00-{'0a' * 16}-{'0' * 16}-01",
    ],
)
def test_anything_else_is_none(text: str | None) -> None:
    assert parse_traceparent(text) is None


def test_a_run_without_one_has_the_same_in_every_invocation() -> None:
    assert traceparent_of("0001", "shop.1") == traceparent_of("0001", "shop.1")
    assert traceparent_of("0001", "shop.1") != traceparent_of("0002", "shop.1")
    assert parse_traceparent(traceparent_of("0001", "shop.1"))


def test_azures_library_adds_no_spans_of_its_own() -> None:
    """A new version may bring more instrumentations, which are on by default."""
    off = OPTIONS["instrumentation_options"]
    assert isinstance(off, dict)
    assert set(off) == set(distro._ALL_SUPPORTED_INSTRUMENTED_LIBRARIES)
