"""After a deployment, Azure must have exactly the functions of the code."""

from pathlib import Path

import pytest

from infra.deployment.functions import Difference, compared, functions_of_code
from infra.errors import OperatorError
from tests.infra.operator.cloud import Cloud


def test_the_names_are_read_from_the_code_as_the_app_registers_them() -> None:
    from function_app import app  # noqa: PLC0415  the settings are read when it is imported

    assert functions_of_code() == {one.get_function_name() for one in app.get_functions()}


def test_code_that_names_no_function_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "triggers.py"
    file.write_text("@app.route('x')\ndef f() -> None: ...\n", encoding="utf-8")
    with pytest.raises(OperatorError, match="names no function"):
        functions_of_code(file)


@pytest.mark.parametrize(
    ("found", "difference"),
    [
        ([("a", False), ("b", False)], Difference((), (), ())),
        ([], Difference(("a", "b"), (), ())),
        ([("a", False)], Difference(("b",), (), ())),
        ([("a", False), ("b", False), ("c", False)], Difference((), ("c",), ())),
        ([("a", True), ("b", False)], Difference((), (), ("a",))),
    ],
)
def test_functions_are_compared_by_name(
    found: list[tuple[str, bool]], difference: Difference
) -> None:
    result = compared({"a", "b"}, found)
    assert (result, bool(result)) == (difference, difference != Difference((), (), ()))


def test_a_deployment_with_all_functions_is_well(cloud: Cloud) -> None:
    ended = cloud.deployment()
    assert (ended.code, "✓ func-shops has exactly the functions" in ended.err) == (0, True)


@pytest.mark.parametrize(
    ("functions", "said"),
    [
        ([], "func-shops has no functions"),
        (["retry_catalog"], "lacks abandon_blob, abandon_retry, sweep_catalogs, upload_catalog"),
        ([*sorted(functions_of_code()), "old"], "has old, which the code doesn't know"),
    ],
)
def test_a_deployment_with_other_functions_fails(
    cloud: Cloud, functions: list[str], said: str
) -> None:
    with cloud.change() as state:
        state["functions"] = functions
    ended = cloud.deployment()
    assert (ended.code, said in ended.err) == (1, True)
    assert cloud.time.slept >= 300
    assert cloud.calls("deployment") == []


def test_a_function_that_is_disabled_fails_the_deployment(cloud: Cloud) -> None:
    with cloud.change() as state:
        state["disabled"] = ["sweep_catalogs"]
    ended = cloud.deployment()
    assert (ended.code, "has sweep_catalogs disabled" in ended.err) == (1, True)


def test_azure_gets_time_to_find_the_functions(cloud: Cloud) -> None:
    with cloud.change() as state:
        state["faults"]["functionapp function list"] = [
            "Encountered an error (ServiceUnavailable) from host runtime.",
            "(NotFound) not there yet",
        ]
    ended = cloud.deployment()
    assert (ended.code, cloud.time.slept) == (0, 20)


def test_an_app_that_never_answers_is_named(cloud: Cloud) -> None:
    with cloud.change() as state:
        state["faults"]["functionapp function list"] = ["from host runtime"] * 99
    ended = cloud.deployment("--patience", "30")
    assert (ended.code, "doesn't tell its functions" in ended.err) == (1, True)


def test_what_waiting_does_not_mend_fails_at_once(cloud: Cloud) -> None:
    with cloud.change() as state:
        state["faults"]["functionapp function list"] = ["(AuthorizationFailed) no"]
    assert cloud.deployment().code == 1
    assert cloud.time.slept == 0
