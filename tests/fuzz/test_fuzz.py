"""A little fuzzing each time the tests run; `make fuzz` fuzzes for longer."""

import pytest
from hypothesis import HealthCheck, given, settings

from contract.catalog import read_catalog
from contract.run_record import decode_run
from tests.fuzz.__main__ import fuzz, main
from tests.fuzz.nonsense import nonsense
from tests.fuzz.targets import TARGETS, Target

EACH_TARGET = pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)


@EACH_TARGET
def test_nonsense_raises_only_the_readers_own_error(target: Target) -> None:
    @settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(nonsense(target.seeds))
    def survive(data: bytes) -> None:
        target.read(data)

    survive()


@EACH_TARGET
def test_the_documents_that_nonsense_is_made_from_are_valid(target: Target) -> None:
    for seed in target.seeds:
        target.read(seed)
        if target.name == "catalogue":
            assert len(list(read_catalog([seed]))) == 3
        if target.name == "run record":
            decode_run(seed)


def test_a_bug_is_found_and_reported_with_its_input(capsys: pytest.CaptureFixture[str]) -> None:
    def fragile(data: bytes) -> None:
        if b"}}" in data:
            raise LookupError("the bug")

    assert not fuzz(Target("fragile", (b'{"a": {}}',), fragile), seed=1)
    out = capsys.readouterr().out
    assert "fragile" in out
    assert "LookupError: the bug" in out
    assert "--seed 1 " in out
    assert "b'" in out


def test_fuzzing_ends_on_time_and_prints_its_seed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seconds", "0", "--seed", "7", "--target", "run record"]) == 0
    out = capsys.readouterr().out
    assert "seed 7" in out
    assert "run record" in out
