"""The command `schedule`: lets the operating system upload the products, once that is proved to work."""

import argparse
import json
from dataclasses import dataclass
from datetime import time

from agent.command_line.command import Call, Command
from agent.command_line.schedule_plan import chosen_account, this_program
from agent.command_line.schedule_shown import schedule_lines, schedule_record, unknown_record
from agent.command_line.scheduled_run import prove, run_upload
from agent.errors import AgentError, ExitCode, SettingsError
from agent.scheduling.plan import USUAL_AT, Plan, UserAccount, daily, hourly, parse_at
from agent.scheduling.platforms import schedule_for
from agent.scheduling.schedule import Schedule, described
from agent.settings.parsing import Settings
from agent.system_log import register_source


@dataclass(frozen=True, slots=True)
class ScheduleArguments:
    """What the user asked for."""

    action: str
    at: time | None
    hourly: bool
    account: str | None
    password_stdin: bool
    user: bool
    json: bool
    proof: str


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        choices=["install", "show", "remove", "run", "prove"],
        metavar="{install,show,remove,run}",
        help="`run` is what the schedule starts: an upload that tries again if the trouble may pass",
    )
    when = parser.add_mutually_exclusive_group()
    when.add_argument(
        "--at",
        type=_at,
        metavar="TIME",
        help=f"when a daily upload begins, or up to an hour later (default: {USUAL_AT:%H:%M}); each "
        "store has its own minute",
    )
    when.add_argument("--hourly", action="store_true", help="upload every hour, not once a day")
    parser.add_argument(
        "--account",
        metavar="NAME",
        help="who runs the upload (default: NETWORK SERVICE; on Linux, who runs this command)",
    )
    parser.add_argument(
        "--password-stdin",
        action="store_true",
        help="read the account's Windows password from standard input instead of asking for it",
    )
    parser.add_argument(
        "--user", action="store_true", help="on Linux: for you alone, while you are signed in"
    )
    parser.add_argument("--json", action="store_true", help="with `show`: print JSON")
    parser.add_argument("--proof", default="", help=argparse.SUPPRESS)


def _at(text: str) -> time:
    try:
        return parse_at(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _run(call: Call, arguments: ScheduleArguments) -> ExitCode:
    match arguments.action:
        case "run":
            return run_upload(call)
        case "prove":
            return prove(call, arguments.proof)
    settings = call.settings(with_storage=True)
    schedule = schedule_for(
        settings.store, call.state_folder(settings).absolute(), is_user=arguments.user
    )
    match arguments.action:
        case "install":
            return _install(call, settings, schedule, arguments)
        case "show":
            return _show(schedule, settings, as_json=arguments.json)
        case _:
            return _remove(schedule, settings)


def _install(
    call: Call, settings: Settings, schedule: Schedule, arguments: ScheduleArguments
) -> ExitCode:
    if settings.file is None:
        raise SettingsError(
            "The settings are in the environment of this window alone, where a scheduled run doesn't "
            "see them.",
            "Put them into a file: run `shopmaster configure`.",
        )
    store = settings.store
    plan = Plan(
        store=store,
        program=this_program(),
        config=settings.file.absolute(),
        state=schedule.state,
        account=chosen_account(arguments.account, password_stdin=arguments.password_stdin),
        times=hourly(store) if arguments.hourly else daily(arguments.at or USUAL_AT, store),
    )
    if isinstance(plan.account, UserAccount) and plan.account.password:
        call.redaction.learn([*settings.secrets, plan.account.password])
    print(
        f"Proving that {plan.account.name} can upload the products of store {store} …", flush=True
    )
    register_source()
    schedule.install(plan)
    print(f"Installed: {described(plan.times)}, as {plan.account.name}, with {plan.config}.")
    if arguments.user:
        print("It runs while you are signed in; always, after `loginctl enable-linger`.")
    return ExitCode.SUCCEEDED


def _show(schedule: Schedule, settings: Settings, *, as_json: bool) -> ExitCode:
    try:
        status = schedule.show()
    except AgentError as error:
        if not as_json:
            raise
        record = unknown_record(error, schedule.installed(), settings.store)
        print(json.dumps(record, indent=2, ensure_ascii=False))
        return error.exit_code
    if as_json:
        record = schedule_record(status, settings.store)
        print(json.dumps(record, indent=2, ensure_ascii=False))
    else:
        print("\n".join(schedule_lines(status, settings.store)))
    return ExitCode.FAILED if status.trouble else ExitCode.SUCCEEDED


def _remove(schedule: Schedule, settings: Settings) -> ExitCode:
    if schedule.remove():
        print(f"The schedule of store {settings.store} has been removed.")
    else:
        print(f"There was no schedule of store {settings.store}.")
    return ExitCode.SUCCEEDED


SCHEDULE = Command(
    name="schedule",
    add_arguments=_add_arguments,
    arguments=ScheduleArguments,
    run=_run,
)
