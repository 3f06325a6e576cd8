"""A short form of `make faults`; docs/reliability.md has the results of the whole matrix."""

import pytest

from tests.faults.matrix import FAULTS, QUICK
from tests.faults.measuring import Fault, Result, measure
from tests.faults.report import Circumstances, document
from tests.faults.verdict import Verdict


@pytest.mark.parametrize("fault", QUICK, ids=lambda fault: fault.name)
def test_every_promise_is_kept(fault: Fault) -> None:
    result = measure(fault, "make test", print, quick=True)
    assert result.verdict.complaints == ()
    assert result.tries >= 3
    assert result.verdict.runs >= 3


def test_every_fault_has_a_unique_name() -> None:
    names = [fault.name for fault in FAULTS]
    assert len(names) == len(set(names))


def test_the_document_shows_what_went_wrong() -> None:
    fault = FAULTS[0]
    measured = Circumstances("make faults", "2030-01-02", "2 cores", "7", 20.4, 1_234)
    good = Result(fault, 25, Verdict(runs=25, ended_right=25, resent=25, most_resent=1), 30, 600)
    text = document([good], measured)
    assert f"| {fault.what} | 25 | 0 | 25 (1) | 0 | 25 of 25 |" in text
    assert "seed `7`, in 20 minutes on 2 cores" in text
    assert "No broken promise was found." in text
    bad = Result(fault, 25, Verdict(lost=3, complaints=("3 products are missing",)), 30, 600)
    assert f"- {fault.name}: 3 products are missing" in document([bad], measured)
