"""Runs a command of the stand-in on the state, once its options are what `az` takes."""

import json
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.infra.operator.az_stand_in import (
    blobs,
    deployments,
    directory,
    events,
    resources,
    roles,
    vault,
)
from tests.infra.operator.az_stand_in.command import (
    FLAG,
    MANY,
    ONE,
    STATE,
    Answer,
    Command,
    Options,
    RefusedError,
    State,
    wrong,
)

COMMANDS: Mapping[str, Command] = {
    **resources.COMMANDS,
    **roles.COMMANDS,
    **deployments.COMMANDS,
    **events.COMMANDS,
    **directory.COMMANDS,
    **vault.COMMANDS,
    **blobs.COMMANDS,
}
_ALWAYS = {"--output": ONE, "--only-show-errors": FLAG}


def main(arguments: list[str]) -> int:
    """Run a command on the state; return the exit code."""
    file = Path(os.environ[STATE])
    state = json.loads(file.read_text(encoding="utf-8"))
    state["calls"].append(arguments)
    try:
        answer = _run(state, arguments)
    except RefusedError as refused:
        sys.stderr.write(f"ERROR: {refused}\n")
        return 1
    finally:
        file.write_text(json.dumps(state, indent=1), encoding="utf-8")
    if answer is not None:
        sys.stdout.write(json.dumps(answer, indent=2) + "\n")
    return 0


def _run(state: State, arguments: list[str]) -> Answer:
    words = list(_until_option(arguments))
    name = " ".join(words)
    command = COMMANDS.get(name)
    if command is None:
        wrong(f"'{name}' is misspelled or not recognized by the system.")
    options = _options(command, arguments[len(words) :])
    if not state["accounts"] and name != "account list":
        raise RefusedError("Please run 'az login' to setup account.")
    fault = state["faults"].get(name)
    if fault:
        said = fault.pop(0)
        if said:
            raise RefusedError(said)
    return command.run(state, options)


def _until_option(arguments: list[str]) -> Iterable[str]:
    for word in arguments:
        if word.startswith("-"):
            return
        yield word


def _options(command: Command, arguments: list[str]) -> Options:
    known = {**_ALWAYS, **command.options}
    if command.knows_subscription:
        known["--subscription"] = ONE
    given: Options = {}
    for word in arguments:
        if word.startswith("--"):
            if word not in known:
                wrong(f"unrecognized arguments: {word}")
            given[word] = []
        elif given:
            given[next(reversed(given))].append(word)
    for name, values in given.items():
        if (known[name] == ONE and len(values) != 1) or (known[name] == MANY and not values):
            wrong(f"argument {name}: expected another number of values than {len(values)}")
        if known[name] == FLAG and values not in ([], ["true"], ["false"]):
            wrong(f"unrecognized arguments: {' '.join(values)}")
    if given.get("--output") != ["json"] or "--only-show-errors" not in given:
        wrong("every call must ask for JSON, without warnings")
    return given
