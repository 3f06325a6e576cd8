"""What the house asks of a GitHub workflow beyond zizmor's rules; each rule returns its problems."""

import importlib.util
import re
import shlex
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from dev.setup.__main__ import SUPPORTED

ROOT = Path(__file__).resolve().parent.parent
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
OURS = re.compile(r"\$/(\S+)")
LONGEST_MINUTES = 60
MAY_WRITE = {
    ("executable.yml", "release"): {"attestations", "contents", "id-token"},
    ("deploy.yml", "deploy"): {"id-token"},
}
"""The only jobs that may do more than read, and what they may."""


@dataclass(frozen=True)
class Workflow:
    """A workflow file: its name and its text."""

    name: str
    text: str

    @cached_property
    def top(self) -> Mapping[str, Any]:
        """The file as YAML, every scalar as text."""
        top: Mapping[str, Any] = yaml.load(self.text, Loader=yaml.BaseLoader)
        return top

    @property
    def jobs(self) -> Mapping[str, Mapping[str, Any]]:
        """The jobs by id."""
        jobs: Mapping[str, Mapping[str, Any]] = self.top["jobs"]
        return jobs

    @property
    def uses(self) -> list[str]:
        """What follows each `uses:`, with its comment, which YAML would drop."""
        return re.findall(r"^[ -]*uses: *(.*)$", self.text, re.MULTILINE)

    @property
    def scripts(self) -> list[str]:
        """Each `run:`, its continued lines joined."""
        return [
            step["run"].replace("\\\n", " ")
            for job in self.jobs.values()
            for step in job.get("steps", [])
            if "run" in step
        ]

    def values(self, key: str) -> list[str]:
        """Return the values of a key, wherever in the file it stands."""
        return re.findall(rf"^ *{re.escape(key)}: *(.*)$", self.text, re.MULTILINE)


def actions_are_pinned(workflow: Workflow) -> Iterator[str]:
    """An action is named by its whole commit hash and, in a comment, its version."""
    for used in workflow.uses:
        ours = OURS.fullmatch(used)
        if ours and not (ROOT / ours[1]).is_file():
            yield f"{used} is not there"
        elif not ours and not PINNED.fullmatch(used):
            yield f"{used} is not pinned by hash and version"


def rights_are_least(workflow: Workflow) -> Iterator[str]:
    """Nothing is permitted to all jobs; a job says what it may, and only a few may write."""
    if workflow.top.get("permissions") != {}:
        yield "permissions at the top are not {}"
    for name, job in workflow.jobs.items():
        rights = job.get("permissions")
        if not isinstance(rights, dict):
            yield f"{name} does not list its permissions"
            continue
        writes = {scope for scope, right in rights.items() if right != "read"}
        if too_many := writes - MAY_WRITE.get((workflow.name, name), set()):
            yield f"{name} must not write {', '.join(sorted(too_many))}"
        if writes and "environment" not in job:
            yield f"{name} may write and has no environment that protects it"


def scripts_hold_no_expressions(workflow: Workflow) -> Iterator[str]:
    """An expression in a script is code that someone else may write; `env` holds it as text."""
    for script in workflow.scripts:
        if "${{" in script:
            yield f"an expression in a script: {script}"


def no_secret_is_stored(workflow: Workflow) -> Iterator[str]:
    """Azure and GitHub trust the workflow's own identity, so there is nothing to leak."""
    if re.search(r"\bsecrets\b", workflow.text):
        yield "a stored secret is used"


def jobs_end(workflow: Workflow) -> Iterator[str]:
    """A job that hangs is stopped, and one system is not silently replaced by the next."""
    for name, job in workflow.jobs.items():
        if "uses" in job:
            continue
        if int(job.get("timeout-minutes", "360")) > LONGEST_MINUTES:
            yield f"{name} may run for more than {LONGEST_MINUTES} minutes"
        if "-latest" in f"{job['runs-on']} {job.get('strategy')}":
            yield f"{name} runs on whatever system is the latest"


def what_is_called_exists(workflow: Workflow) -> Iterator[str]:
    """Make targets, Python modules, files and extras of ours that the scripts name are there."""
    for words in _commands(workflow):
        if words[0] == "make":
            named = [word for word in words[1:] if "=" not in word and not word.startswith("-")]
            yield from (f"there is no make {name}" for name in named if name not in make_targets())
        if words[0].startswith("python") and words[1:2] == ["-m"] and not _is_module(words[2]):
            yield f"there is no module {words[2]}"
        for word in words:
            extras = re.fullmatch(r"\.\[([\w,]+)\]", word)
            missing = set(extras[1].split(",")) - extras_of_the_project() if extras else ()
            yield from (f"pyproject.toml has no extra {name}" for name in missing)
            if (
                re.fullmatch(r"[\w/]+\.(py|toml|txt|bicep|spec)", word)
                and not (ROOT / word).is_file()
            ):
                yield f"there is no file {word}"


def workflows_asked_for_exist(workflow: Workflow) -> Iterator[str]:
    """A workflow whose outcome another one waits for is there."""
    for name in re.findall(r"--workflow (\S+)", workflow.text):
        if not (ROOT / ".github" / "workflows" / name).is_file():
            yield f"there is no workflow {name}"


def pythons_are_supported(workflow: Workflow) -> Iterator[str]:
    """A workflow that installs Python installs one that the product supports."""
    for version in workflow.values("python-version"):
        if version != "${{ matrix.python }}" and version.strip('"') not in SUPPORTED:
            yield f"Python {version} is not supported"


def azd_gets_every_variable(workflow: Workflow) -> Iterator[str]:
    """A deployment without them would set what the operator has chosen back to its default."""
    text = workflow.text
    given = text.find("toJSON(vars)") < text.find("azd env set") < text.find("azd provision")
    if "azd provision" in text and ("toJSON(vars)" not in text or not given):
        yield "azd is not given the environment's variables"


RULES: tuple[Callable[[Workflow], Iterator[str]], ...] = (
    actions_are_pinned,
    rights_are_least,
    scripts_hold_no_expressions,
    no_secret_is_stored,
    jobs_end,
    what_is_called_exists,
    workflows_asked_for_exist,
    pythons_are_supported,
    azd_gets_every_variable,
)


def make_targets() -> set[str]:
    """Return the targets of the Makefile."""
    rules = re.findall(r"^([a-z ]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    return {target for rule in rules for target in rule.split()}


def extras_of_the_project() -> set[str]:
    """Return the names of pyproject.toml's lists of optional dependencies."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return set(project["optional-dependencies"])


def _commands(workflow: Workflow) -> Iterator[list[str]]:
    for script in workflow.scripts:
        for line in script.splitlines():
            words = shlex.split(line.replace("(", " ").replace(")", " "), comments=True)
            if words:
                yield words


def _is_module(name: str) -> bool:
    declared = (ROOT / "pyproject.toml").read_text(encoding="utf-8").casefold()
    return importlib.util.find_spec(name) is not None or f'"{name.casefold()}>=' in declared
