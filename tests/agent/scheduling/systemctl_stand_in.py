"""A stand-in for the program `systemctl`: strict about what it is asked, and it really starts services.

It knows the verbs, options and properties that we use, and refuses every other. Units are read when it is
told to, so a `daemon-reload` that was forgotten shows. What it remembers is in the folder
$SYSTEMCTL_STAND_IN: `units/` (the unit files), `memory.json`, and `calls` (one line for each call).
"""

import configparser
import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

HOME = Path(os.environ.get("SYSTEMCTL_STAND_IN", "nowhere"))
UNITS = HOME / "units"
MEMORY = HOME / "memory.json"
EMPTY: dict[str, Any] = {"loaded": {}, "enabled": [], "active": [], "ran": {}}
NEXT = "Mon 2026-11-30 02:13:07 UTC"


def main(arguments: list[str]) -> None:
    with (HOME / "calls").open("a", encoding="utf-8") as calls:
        calls.write(" ".join(arguments) + "\n")
    if os.environ.get("TZ") != "UTC" or os.environ.get("LC_ALL") != "C":
        refuse("the times would be in another language or zone")
    if arguments[:1] == ["--user"]:
        arguments = arguments[1:]
    if arguments[:2] != ["--no-ask-password", "--no-pager"]:
        refuse("a person might be asked for something")
    if (HOME / "no-systemd").exists():
        refuse("System has not been booted with systemd as init system (PID 1). Can't operate.")
    if (HOME / "no-bus").exists():
        refuse("Failed to connect to bus: No medium found")
    if (HOME / "denied").exists() and arguments[2] != "show":
        refuse("Failed to do that: Access denied")
    memory = json.loads(MEMORY.read_text("utf-8")) if MEMORY.exists() else EMPTY
    obey(memory, arguments[2:])
    MEMORY.write_text(json.dumps(memory), encoding="utf-8")


def obey(memory: dict[str, Any], arguments: list[str]) -> None:
    match arguments:
        case ["daemon-reload"]:
            memory["loaded"] = {path.name: path.read_text("utf-8") for path in UNITS.iterdir()}
        case ["enable", timer] if known(memory, timer):
            memory["enabled"].append(timer)
        case ["restart", timer] if known(memory, timer):
            memory["active"].append(timer)
        case ["disable", "--now", timer] if known(memory, timer):
            for key in ("enabled", "active"):
                memory[key] = [each for each in memory[key] if each != timer]
        case ["start", service]:
            memory["ran"][service] = run(known(memory, service))
        case ["reset-failed", *_]:
            refuse("Failed to reset failed state of unit: Unit not loaded.")
        case ["show", properties, unit] if properties.startswith("--property="):
            show(memory, properties.removeprefix("--property=").split(","), unit)
        case _:
            refuse(f"Unknown command verb or option: {arguments}")


def refuse(why: str) -> NoReturn:
    print(why, file=sys.stderr)
    raise SystemExit(1)


def known(memory: dict[str, Any], unit: str) -> str:
    """Return the text of a unit as it was at the last reload, which must be how it is now."""
    path = UNITS / unit
    if memory["loaded"].get(unit) != (path.read_text("utf-8") if path.exists() else None):
        refuse(f"Warning: {unit} changed on disk. Run 'systemctl daemon-reload'.")
    if unit not in memory["loaded"]:
        refuse(f"Unit {unit} not found.")
    return str(memory["loaded"][unit])


def section(text: str, name: str) -> "configparser.SectionProxy":
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # the documented way
    parser.read_string(text)
    return parser[name]


def words(command: str) -> list[str]:
    """Split a command as systemd does, for the way of quoting that we use."""
    found = re.findall(r'"((?:[^"\\]|\\.)*)"', command)
    return [re.sub(r"\\(.)", r"\1", word).replace("$$", "$").replace("%%", "%") for word in found]


def run(text: str) -> dict[str, object]:
    service = section(text, "Service")
    started = now()
    folder = service["WorkingDirectory"].replace("%%", "%")
    if not Path(folder).is_dir():
        return {"start": started, "exit": now(), "status": 200, "result": "exit-code"}
    done = subprocess.run(words(service["ExecStart"]), cwd=folder, check=False)
    result = "success" if done.returncode in (0, 4) else "exit-code"
    return {"start": started, "exit": now(), "status": done.returncode, "result": result}


def now() -> str:
    return datetime.now(UTC).strftime("%a %Y-%m-%d %H:%M:%S UTC")


def show(memory: dict[str, Any], names: list[str], unit: str) -> None:
    text = memory["loaded"].get(unit)
    ran = memory["ran"].get(unit, {})
    is_timer = unit.endswith(".timer")
    active = unit in memory["active"]
    values = {
        "LoadState": "loaded" if text else "not-found",
        "ActiveState": "active" if active else "inactive",
        "UnitFileState": "enabled" if unit in memory["enabled"] else "disabled",
        "Result": ran.get("result", "success"),
        "ExecMainStartTimestamp": ran.get("start", ""),
        "ExecMainExitTimestamp": ran.get("exit", ""),
        "ExecMainCode": 1 if ran else 0,
        "ExecMainStatus": ran.get("status", 0),
        "User": section(text, "Service").get("User", "") if text and not is_timer else "",
        "LastTriggerUSec": "",
        "NextElapseUSecRealtime": NEXT if active else "",
    }
    for name in names:
        if name not in values:
            refuse(f"unknown property {name}")
        print(f"{name}={values[name]}")


if __name__ == "__main__":
    main(sys.argv[1:])
