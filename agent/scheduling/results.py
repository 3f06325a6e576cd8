"""How a scheduled run ended, and why Windows' Task Scheduler refuses something, in words."""

from collections.abc import Mapping

from agent.errors import ExitCode

_EXIT_CODES: Mapping[int, str] = {
    ExitCode.SUCCEEDED: "succeeded",
    ExitCode.FAILED: "failed",
    ExitCode.USAGE: "wrong usage or settings",
    ExitCode.SESSION_EXPIRED: "the Digible session has expired",
    ExitCode.COMPLETED_WITH_REJECTIONS: "completed, some products were rejected",
    ExitCode.NO_OUTCOME: "no outcome within the time-out",
    ExitCode.STOPPED: "stopped",
}
# man systemd.exec, "Process Exit Codes"; 128 and more is the number of a signal.
_SYSTEMD = {
    137: "it was killed, by somebody or for want of memory",
    143: "it was stopped, by somebody or by the time limit",
    200: "its working folder is not there, or its account may not open it",
    203: "its program was not found, or its account may not start it",
    217: "there is no such account",
    226: "a folder that it may write to is not there",
}
# learn.microsoft.com: Task Scheduler Error and Success Constants, and Windows' own error codes.
HAS_NOT_RUN = 0x41303
IS_RUNNING = 0x41301
IS_QUEUED = 0x41325
_WINDOWS = {
    0x41306: "it was stopped, by somebody or by the time limit",
    0x8004130F: "Windows has no password for its account",
    0x8004131F: "an earlier run had not ended",
    0x80041320: "its account was not logged on",
    0x80041324: "one of its conditions was not met",
    0x80041326: "it is disabled",
    0x80070002: "its program was not found",
    0x80070003: "its program's folder was not found",
    0x80070005: "its account may not start its program",
    0x800710E0: "Windows would not start it: an earlier run had not ended, or a condition was not met",
    0x8007010B: "its working folder is not there, or its account may not open it",
    0x8007052E: "the password of its account is wrong, or was changed",
    0x80070533: "its account is disabled",
    0x80070532: "the password of its account has expired",
    0x80070569: "its account lacks the right to log on as a batch job",
    0xC000013A: "it was stopped when Windows shut down, or by Ctrl-C",
    0xC0000142: "Windows could not start its program",
}
_ACCESS_DENIED = 0x80070005
_REFUSALS = {
    _ACCESS_DENIED: "this needs an administrator: open PowerShell with `Run as administrator`",
    0x8007052E: "the account's name or its password is wrong",
    0x80070534: "there is no such account; write it as COMPUTER\\name or DOMAIN\\name",
    0x80041310: "there is no such account; write it as COMPUTER\\name or DOMAIN\\name",
    0x80041314: "this account can't be used for a task",
    0x80041315: "the service Task Scheduler is not running; start it",
    0x80041322: "the service Task Scheduler is not running; start it",
    0x80070532: "the account's password has expired; set a new one",
    0x80070533: "the account is disabled",
    0x80070569: "the account lacks the right to log on as a batch job; an administrator gives it in "
    "Local Security Policy, under User Rights Assignment",
}


def words(code: int | None) -> str:
    """Return in words how a run ended: by its exit code, or by what the scheduler says instead."""
    if code is None:
        return "has not ended"
    known = {**_WINDOWS, **_SYSTEMD, **_EXIT_CODES}
    return known.get(code & 0xFFFFFFFF, "ended unexpectedly")


def shown_code(code: int) -> str:
    """Return an exit code as people look for it: a small number, or Windows' way to write its own."""
    return str(code) if 0 <= code < 256 else f"0x{code & 0xFFFFFFFF:08X}"


def refusal(code: int) -> str:
    """Return in words why Windows' Task Scheduler refuses something, and what to do."""
    unsigned = code & 0xFFFFFFFF
    return _REFUSALS.get(unsigned, f"Windows gives the reason 0x{unsigned:08X}; tell your operator")
