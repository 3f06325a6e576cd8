"""A terminal on which a person can go back to the question before, to correct it."""

from dataclasses import dataclass

from agent.configuring.terminal import Terminal

BACK = "<"
"""The answer that goes back, to any question."""


class BackError(Exception):
    """The person wants to go back to what was asked before."""


@dataclass(frozen=True, slots=True)
class Reversible:
    """Another terminal; each question also raises BackError, if that is what the person wants."""

    terminal: Terminal

    def say(self, text: str = "") -> None:
        """Show text."""
        self.terminal.say(text)

    def ask(self, question: str) -> str:
        """Return what the person types."""
        return _forward(self.terminal.ask(question))

    def ask_hidden(self, question: str) -> str:
        """Return the same, without showing what is typed."""
        return _forward(self.terminal.ask_hidden(question))


def _forward(answer: str) -> str:
    if answer.strip() == BACK:
        raise BackError
    return answer
