"""Whether Azure has found exactly the functions of the code in what was deployed."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from infra.az import AzureCli
from infra.ending import say
from infra.errors import AzError, AzProblem, OperatorError
from infra.installation import BICEP, Installation
from infra.waiting import Clock, wait_for

TRIGGERS = BICEP.parent / "function_app" / "triggers.py"
_PASSING = {AzProblem.BUSY, AzProblem.NOT_FOUND, AzProblem.UNREACHABLE, AzProblem.OTHER}
_PAUSE = 10.0


@dataclass(frozen=True, slots=True)
class Difference:
    """How the functions in Azure differ from those of the code."""

    missing: tuple[str, ...]
    extra: tuple[str, ...]
    disabled: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.missing or self.extra or self.disabled)


def functions_of_code(triggers: Path = TRIGGERS) -> set[str]:
    """Return the names in `@app.function_name("…")`, without importing the app; raises OperatorError."""
    tree = ast.parse(triggers.read_text(encoding="utf-8"))
    names = {
        str(decorator.args[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Attribute)
        and decorator.func.attr == "function_name"
        and isinstance(decorator.args[0], ast.Constant)
    }
    if not names:
        raise OperatorError(f"{triggers.name} names no function: this isn't the product's code.")
    return names


def compared(of_code: set[str], found: Iterable[tuple[str, bool]]) -> Difference:
    """Return how the functions that were found (name, and whether it is disabled) differ."""
    disabled_by_name = dict(found)
    return Difference(
        missing=tuple(sorted(of_code - disabled_by_name.keys())),
        extra=tuple(sorted(disabled_by_name.keys() - of_code)),
        disabled=tuple(sorted(name for name, disabled in disabled_by_name.items() if disabled)),
    )


def check_functions(az: AzureCli, at: Installation, clock: Clock, patience: float) -> None:
    """Return once Azure has exactly the functions of the code; raises OperatorError after `patience`.

    Azure calls a deployment without any function a success, and needs a while to find them.
    """
    of_code = functions_of_code()
    last: list[Difference | AzError] = []

    def look() -> bool | None:
        try:
            last.append(compared(of_code, _functions(az, at)))
        except AzError as error:
            if error.problem not in _PASSING:
                raise
            last.append(error)
        return None if last[-1] else True

    say(f"Asking {at.function_app} for its functions …")
    if wait_for(look, clock, patience=patience, pause=_PAUSE) is None:
        raise OperatorError(_explained(last[-1], of_code, at))
    say(f"✓ {at.function_app} has exactly the functions of the code: {', '.join(sorted(of_code))}")


def _functions(az: AzureCli, at: Installation) -> list[tuple[str, bool]]:
    app = ("--resource-group", at.resource_group, "--name", at.function_app)
    listed = az.resources("functionapp", "function", "list", *app) or []
    return [(str(one["name"]).rpartition("/")[2], one.get("isDisabled") is True) for one in listed]


def _explained(last: Difference | AzError, of_code: set[str], at: Installation) -> str:
    if isinstance(last, AzError):
        return f"{at.function_app} doesn't tell its functions. {last}"
    if len(last.missing) == len(of_code) and not last.extra:
        return (
            f"{at.function_app} has no functions: Azure took the deployment, but the code can't be "
            "imported there. The reason is in Application Insights (Logs: exceptions, and traces with "
            "'index'). Most often a package of requirements.txt is missing or a file was left out by "
            ".funcignore: deploy once more (`azd deploy`), and see that its build says no error."
        )
    faults = []
    if last.missing:
        faults.append(f"lacks {', '.join(last.missing)}")
    if last.extra:
        faults.append(f"has {', '.join(last.extra)}, which the code doesn't know")
    if last.disabled:
        faults.append(f"has {', '.join(last.disabled)} disabled")
    return (
        f"{at.function_app} {' and '.join(faults)}. What runs there is not this code: run `azd deploy` "
        "from this folder. A function is disabled by an app setting AzureWebJobs.NAME.Disabled."
    )
