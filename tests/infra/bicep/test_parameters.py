"""What an operator may set: the azd environment's names, their defaults, and the table in docs/deploy.md."""

import re

import pytest

from tests.infra.bicep.compiler import INFRA, ROOT

READ = re.compile(
    r"^param (?P<parameter>\w+) = .*readEnvironmentVariable\('(?P<name>\w+)'(?:, '(?P<default>[^']*)')?\)",
    re.MULTILINE,
)
DECLARED = re.compile(r"^param (?P<parameter>\w+) \w+ = (?P<default>.+)$", re.MULTILINE)
GIVEN_BY_AZD = {"AZURE_ENV_NAME", "AZURE_LOCATION"}


def read_from_the_environment(text: str) -> dict[str, tuple[str, str]]:
    """Return each variable's parameter and default; those of azd have none."""
    return {
        match["name"]: (match["parameter"], match["default"])
        for match in READ.finditer(text)
        if match["default"] is not None
    }


def declared(text: str) -> dict[str, str]:
    """Return the parameters of a Bicep file that have a default, and the default as text."""
    return {match["parameter"]: match["default"].strip("'") for match in DECLARED.finditer(text)}


def parameters() -> str:
    return (INFRA / "main.bicepparam").read_text(encoding="utf-8")


def test_the_environment_has_the_defaults_of_the_template() -> None:
    template = declared((INFRA / "main.bicep").read_text(encoding="utf-8"))
    assert dict(read_from_the_environment(parameters()).values()) == template


def test_all_that_has_no_default_comes_from_azd() -> None:
    names = {match["name"] for match in READ.finditer(parameters()) if match["default"] is None}
    assert names == GIVEN_BY_AZD
    lines = [line for line in parameters().splitlines() if line.startswith("param ")]
    assert len(lines) == len(names) + len(read_from_the_environment(parameters()))


@pytest.mark.parametrize(
    "planted",
    [
        "param maximumInstanceCount = int(readEnvironmentVariable('MAXIMUM_INSTANCE_COUNT', '100'))",
        "param operatorEmail = readEnvironmentVariable('OPERATOR_EMAIL', 'x')",
    ],
)
def test_another_default_is_noticed(planted: str) -> None:
    template = declared((INFRA / "main.bicep").read_text(encoding="utf-8"))
    ((parameter, default),) = read_from_the_environment(planted).values()
    assert template[parameter] != default


def test_the_documented_parameters_are_those_that_are_read() -> None:
    text = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    section = text[text.index("\n## Parameters\n") :].removeprefix("\n## Parameters\n")
    rows = re.findall(
        r"^\| `(\w+)` \| (?:`([^`]+)`)? *\|", section.partition("\n## ")[0], re.MULTILINE
    )
    environment = read_from_the_environment(parameters())
    assert dict(rows) == {name: default for name, (_, default) in environment.items()}
