"""Every app setting that the code reads is set by Bicep, and the other way round."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.infra.bicep.compiler import INFRA, ROOT
from tests.infra.bicep.snapshots import read

READERS = {"text", "choice", "number", "url", "get", "setdefault", "pop"}
SOURCES = {"reader", "self", "environment", "environ"}
# What the code reads and Bicep leaves out, and why.
NOT_IN_AZURE = {
    "CatalogStorage": "a connection string would be a secret: in Azure the app signs in",
    "DIGIBLE_TOKEN": "one token for all stores, in the settings: for a developer's machine",
    "DIGIBLE_TOKEN_FILE": "the same, in a file",
    "AzureFunctionsJobHost__functionTimeout": "host.json has it; a test or an operator may override it",
}
# What Bicep sets and the code doesn't read, and who does.
FOR_THE_HOST = {
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": "the host and Azure's telemetry library: the identity",
    "AzureFunctionsJobHost__extensions__blobs__maxDegreeOfParallelism": "the host: overrides host.json",
    "AzureWebJobsStorage__blobServiceUri": "the host's own storage",
    "AzureWebJobsStorage__clientId": "the host's own storage",
    "AzureWebJobsStorage__credential": "the host's own storage",
    "AzureWebJobsStorage__queueServiceUri": "the host's own storage",
    "PYTHON_ENABLE_OPENTELEMETRY": "the host's Python worker",
    "PYTHON_THREADPOOL_THREAD_COUNT": "the host's Python worker",
}


def read_by_the_code() -> set[str]:
    """Return the names of the settings that the function asks for."""
    files = [*(ROOT / "function_app").rglob("*.py"), *(ROOT / "contract").rglob("*.py")]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in files]
    constants = {name: value for tree in trees for name, value in string_constants(tree)}
    return {name for tree in trees for name in settings_read(tree, constants)}


def settings_read(tree: ast.AST, constants: dict[str, str]) -> Iterator[str]:
    """Yield the first argument of each call that asks a reader or the environment for a setting."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(attr=method, value=ast.Name(id=source)),
                args=[ast.Constant(value=str(name)), *_],
            ) if method in READERS and source in SOURCES:
                yield name
            case ast.Call(
                func=ast.Attribute(attr=method, value=ast.Name(id=source)),
                args=[ast.Name(id=constant), *_],
            ) if method in READERS and source in SOURCES and constant in constants:
                yield constants[constant]


def string_constants(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(value))):
                yield name, value


def set_by_bicep() -> set[str]:
    return set(read("plain").app_settings())


def test_bicep_sets_what_the_code_reads() -> None:
    assert read_by_the_code() - set_by_bicep() == set(NOT_IN_AZURE)


def test_the_code_or_the_host_reads_what_bicep_sets() -> None:
    assert set_by_bicep() - read_by_the_code() == set(FOR_THE_HOST)


def test_the_snapshot_has_the_names_that_stand_in_the_bicep_file() -> None:
    """A setting added to the file and not to the snapshots is noticed without a compiler, too."""
    text = (INFRA / "modules" / "function.bicep").read_text(encoding="utf-8")
    settings = text[text.index("appSettings: [") : text.index("// No user name")]
    names = re.findall(r"name: '([^']+)'", settings)
    assert names == sorted(names, key=str.casefold)
    assert set(names) == set_by_bicep()


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        ("reader.text('DIGIBLE_COLOUR')", {"DIGIBLE_COLOUR"}),
        ("x = reader.number('A', 1, 0, 2) or environment.get('B')", {"A", "B"}),
        ("environment.get(NAME, '').strip()", {"NAMED"}),
        ("settings.get('C'), reader.other('D')", set()),
    ],
)
def test_a_setting_that_the_code_begins_to_read_is_noticed(planted: str, found: set[str]) -> None:
    assert set(settings_read(ast.parse(planted), {"NAME": "NAMED"})) == found


def test_each_setting_that_the_code_reads_is_documented() -> None:
    documents = ("function.md", "telemetry.md")
    text = "".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in documents)
    assert {name for name in read_by_the_code() if f"`{name}`" not in text} == set()
