"""The command `login`: e-mail and password → Digible → token → where the function finds it."""

import argparse
import sys
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

from agent.command_line.command import Call, Command, storage_for, tokens_for
from agent.command_line.login_shown import login_sentence, waiting_sentence
from agent.command_line.outcome import where_to_look
from agent.command_line.piped_password import piped_password
from agent.configuring.terminal import Console, Terminal, confirm, has_terminal
from agent.digible import LoggedIn, log_in
from agent.errors import AgentError, ExitCode, SettingsError, StoppedError, TokenStoreError
from agent.resuming import stopped_by_expiry
from agent.saying import say
from agent.settings.parsing import Settings
from agent.showing import shown_run
from agent.token_store import TokenStore

_LOOKED_AT = 20
"""How many of the store's latest runs may hide the one that the expired login stopped."""

_NO_PLACE = SettingsError(
    "The settings don't say where the token of the online store is to be kept.",
    "Write the [key_vault] url that your operator gave you into them.",
)
_NO_TERMINAL = SettingsError(
    "There is no terminal here on which to ask for the e-mail and the password.",
    "Give --email, and the password on standard input with --password-stdin.",
)


@dataclass(frozen=True, slots=True)
class LoginArguments:
    """What the user asked for."""

    email: str | None
    password_stdin: bool


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--email", metavar="EMAIL", help="the e-mail address known to Digible")
    parser.add_argument(
        "--password-stdin",
        action="store_true",
        help="read the password from standard input instead of asking for it; needs --email",
    )


def _run(call: Call, arguments: LoginArguments) -> ExitCode:
    settings = call.settings(with_storage=False, reads_products=False)
    # Prepared before anybody types a password: an unusable certificate shows here.
    tokens = tokens_for(settings)
    if tokens is None:
        raise _NO_PLACE
    terminal = Console() if has_terminal() else None
    try:
        email, password = _asked(arguments, terminal)
        call.redaction.learn([password])
        found = log_in(settings.digible_url, email, password)
    except KeyboardInterrupt:
        raise StoppedError("Stopped. The stored login is as it was.") from None
    call.redaction.learn([found.token])
    _store(tokens, found)
    say(call.redaction.hide(login_sentence(found, tokens.place, datetime.now(UTC))))
    if settings.storage is not None:
        try:
            _offer(settings, terminal)
        except (KeyboardInterrupt, EOFError):
            raise StoppedError("Stopped. The new login is stored.") from None
    return ExitCode.SUCCEEDED


def _asked(arguments: LoginArguments, terminal: Terminal | None) -> tuple[str, str]:
    """Return the e-mail and the password; raises SettingsError if they can't be had."""
    if arguments.password_stdin:
        if arguments.email is None:
            raise SettingsError("--password-stdin needs --email.", "Give both.")
        if sys.stdin is not None and sys.stdin.isatty():
            raise SettingsError(
                "Standard input is the terminal, on which the password would show.",
                "Pipe it in, or leave out --password-stdin to be asked for it.",
            )
        email = _filled(arguments.email.strip(), "e-mail address")
        return email, _filled(piped_password(), "password")
    if terminal is None:
        raise _NO_TERMINAL
    try:
        email = arguments.email or terminal.ask("E-mail at Digible: ")
        email = _filled(email.strip(), "e-mail address")
        return email, _filled(terminal.ask_hidden("Password (not shown): "), "password")
    except EOFError:
        raise _NO_TERMINAL from None


def _filled(text: str, what: str) -> str:
    if not text:
        raise SettingsError(f"The {what} is empty, so nobody was logged in.", "Try again.")
    return text


def _store(tokens: TokenStore, found: LoggedIn) -> None:
    try:
        tokens.set(found.token, found.expires_on)
    except TokenStoreError as error:
        raise TokenStoreError(f"Digible accepted the login. {error.cause}", error.remedy) from error
    except KeyboardInterrupt:
        raise StoppedError("Stopped at the last moment: the new login may be stored.") from None


def _offer(settings: Settings, terminal: Terminal | None) -> None:
    """Offer to take up the run again that the expired login stopped, if there is one."""
    try:
        with closing(storage_for(settings)) as storage:
            run = stopped_by_expiry(storage.runs(settings.store, _LOOKED_AT))
            if run is None:
                return
            say(waiting_sentence(run))
            if terminal is None or not confirm(terminal, "Resume it now?", default=True):
                say(f"To resume it: shopmaster resume {shown_run(run.run)}")
                return
            storage.ask_to_resume(settings.store, run.run)
            say("It is taken up again in the cloud.", where_to_look(run.run))
    except AgentError as error:
        say(f"Whether an upload waits for this login is not known. {error}", to=sys.stderr)


LOGIN = Command(
    name="login",
    add_arguments=_add_arguments,
    arguments=LoginArguments,
    run=_run,
)
