"""House rules that no linter checks: what is shipped, what is declared, what is written."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

import pytest
from pathspec import GitIgnoreSpec

ROOT = Path(__file__).resolve().parent.parent
DEPLOYED_FOLDERS = ("function_app", "contract")
DEPLOYED_FILES = {"function_app.py", "host.json", "requirements.txt"}
# Distributions whose name is not that of their module.
OTHER_NAMES = {
    "jwt": "pyjwt",
    "dotenv": "python-dotenv",
    "opentelemetry": "opentelemetry-api",
    "azure-monitor-opentelemetry-exporter": "azure-monitor-opentelemetry",  # which brings it
}
# In pieces, so that this file does not name them either.
FOREIGN_FOLDERS = [f"/{name}/" for name in ("tmp", "root", "work", "home")]
REGISTRIES = [
    f"{name}.{domain}"
    for name, domain in (
        ("pypi", "org"),
        ("files.pythonhosted", "org"),
        ("registry.npmjs", "org"),
        ("registry.yarnpkg", "com"),
        ("deb.debian", "org"),
        ("archive.ubuntu", "com"),
    )
]


def test_only_the_function_and_the_contract_are_deployed() -> None:
    spec = ignored_by(".funcignore")
    deployed = {path.relative_to(ROOT).as_posix() for path in walk(ROOT, spec)}
    expected = DEPLOYED_FILES | {
        path.relative_to(ROOT).as_posix()
        for folder in DEPLOYED_FOLDERS
        for path in (ROOT / folder).rglob("*.py")
    }
    assert deployed == expected


@pytest.mark.parametrize(
    "path",
    [
        *("local.settings.json", "shopmaster.toml", ".env", ".azure/config.json", ".git/config"),
        *(".local/environment", ".venv/pyvenv.cfg", ".tools/node_modules/azurite/package.json"),
        *("function_app/__pycache__/upload.cpython-311.pyc", "infra/main.bicep", "azure.yaml"),
        *(
            "shopmaster_upload.egg-info/PKG-INFO",
            "agent/command_line/main.py",
            ".vscode/settings.json",
        ),
    ],
)
def test_nothing_private_or_generated_is_deployed(path: str) -> None:
    assert ignored_by(".funcignore").match_file(path)


def test_the_functions_requirements_are_what_it_imports() -> None:
    declared = {name for name, _ in requirement_lines("requirements.txt")}
    assert declared == imported_distributions("function_app", "contract")


def test_the_agents_requirements_are_what_it_imports() -> None:
    project = tomllib.loads(read("pyproject.toml"))["project"]
    lines = project["dependencies"] + project["optional-dependencies"]["telemetry"]
    declared = {distribution_of(line) for line in lines}
    assert declared == imported_distributions("agent", "contract")


@pytest.mark.parametrize("file", ["requirements.txt", "pyproject.toml"])
def test_every_dependency_has_an_upper_bound_and_a_reason(file: str) -> None:
    lines = requirement_lines(file)
    assert lines
    for _, line in lines:
        assert re.search(r">=[\w.]+,<[\w.]+\S*\s+# \w", line), line


def test_the_contract_needs_only_the_standard_library() -> None:
    packages = {name.partition(".")[0] for name in imports("contract")}
    assert packages <= sys.stdlib_module_names


def test_every_shipped_folder_is_a_package() -> None:
    """A folder without `__init__.py` would be missing on the store PC."""
    for shipped in ("agent", "contract", "function_app"):
        folders = {path.parent for path in (ROOT / shipped).rglob("*.py")}
        assert {folder for folder in folders if not (folder / "__init__.py").is_file()} == set()


def test_only_the_wiring_reads_the_environment() -> None:
    readers = {
        path.relative_to(ROOT).as_posix()
        for folder in ("contract", "agent", "function_app")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
    }
    assert readers <= {
        "agent/command_line/main.py",
        "function_app/triggers.py",
        "function_app/wiring.py",
    }


def test_no_file_names_a_folder_of_one_machine_or_a_registry() -> None:
    unwanted = re.compile(
        rf"(?<![\w.~])(?:{'|'.join(FOREIGN_FOLDERS)})|{'|'.join(map(re.escape, REGISTRIES))}"
    )
    found = [
        f"{path.relative_to(ROOT).as_posix()}:{number}: {line.strip()}"
        for path in walk(ROOT, ignored_by(".gitignore"))
        for number, line in enumerate(path.read_text("utf-8", errors="ignore").splitlines(), 1)
        if unwanted.search(line)
    ]
    assert found == []


def test_commands_in_the_documents_exist() -> None:
    rules = re.findall(r"^([a-z ]+):", read("Makefile"), re.MULTILINE)
    targets = {f"make {target}" for rule in rules for target in rule.split()}
    missing = {
        command
        for command in documented_commands() - targets
        if command.startswith("make ") or not has_help(command)
    }
    assert missing == set()


def test_the_host_settings_are_json_of_version_2() -> None:
    assert json.loads(read("host.json"))["version"] == "2.0"


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def ignored_by(name: str) -> GitIgnoreSpec:
    """Return what an ignore file leaves out, and git's own folder."""
    return GitIgnoreSpec.from_lines([*read(name).splitlines(), ".git/"])


def walk(folder: Path, spec: GitIgnoreSpec) -> Iterator[Path]:
    """Yield the files under a folder that are not ignored."""
    for path in sorted(folder.iterdir()):
        name = path.relative_to(ROOT).as_posix()
        if path.is_dir() and not path.is_symlink():
            if not spec.match_file(f"{name}/"):
                yield from walk(path, spec)
        elif not spec.match_file(name):
            yield path


def imports(folder: str) -> set[str]:
    """Return the modules that a package's files import, with the names taken from them."""
    found = set()
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if not name.startswith(f"{folder}.")}


def imported_distributions(*folders: str) -> set[str]:
    """Return the distributions that packages import directly; for an unknown one, its module."""
    installed = {str(each.metadata["Name"]).lower() for each in distributions()}
    ours = {*sys.stdlib_module_names, *folders}
    found = set()
    for module in (name for folder in folders for name in imports(folder)):
        if module.partition(".")[0] not in ours:
            parts = module.split(".")
            candidates = ("-".join(parts[:length]) for length in range(len(parts), 0, -1))
            known = (OTHER_NAMES.get(name, name) for name in candidates)
            found.add(next((name for name in known if name in installed), module))
    return found


def distribution_of(requirement: str) -> str:
    return re.split(r"[<>=!~ \[]", requirement, maxsplit=1)[0].lower()


def requirement_lines(file: str) -> list[tuple[str, str]]:
    """Return each dependency declared in a file: its distribution and the whole line."""
    lines = re.findall(r'^ *"?([A-Za-z][\w.-]*>=.*)$', read(file), re.MULTILINE)
    return [(distribution_of(line), line.replace('",', "")) for line in lines]


def has_help(command: str) -> bool:
    """Return whether one of our programs knows the subcommand."""
    arguments = command.replace("shopmaster", "python -m agent").split()[1:]
    help_of = [sys.executable, *arguments, "--help"]
    return subprocess.run(help_of, cwd=ROOT, capture_output=True, check=False).returncode == 0


def documented_commands() -> set[str]:
    """Return our commands in the documents' `sh` blocks, without their arguments."""
    programs = "make|python -m dev|python -m agent|python -m infra.store|shopmaster"
    ours = re.compile(rf"\b({programs}) ([a-z]+)\b")
    documents = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    return {
        f"{program} {subcommand}"
        for document in documents
        for block in re.findall(
            r"^```sh\n(.*?)^```", document.read_text("utf-8"), re.MULTILINE | re.DOTALL
        )
        for line in block.splitlines()
        for program, subcommand in ours.findall(line.partition("#")[0])
    }
