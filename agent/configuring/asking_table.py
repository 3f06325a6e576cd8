"""The questions about the table of products and its columns, until the owner recognises the products."""

from contextlib import suppress
from enum import Enum, auto

from agent.configuring.draft import Draft
from agent.configuring.going_back import BackError
from agent.configuring.guessing import Guess, candidates, ranked
from agent.configuring.named import COLUMNS, USUAL_TABLE, login_of, table_of
from agent.configuring.sample import first_products, shown_products
from agent.configuring.surroundings import Surroundings
from agent.configuring.terminal import Terminal, choose, confirm
from agent.configuring.wording import worded
from agent.errors import AgentError, DatabaseError, DatabaseProblem, EmptyTableError
from agent.names import Columns, parse_name, parse_table_name, quote_bracketed, shown_table
from agent.showing import shown
from agent.sqlserver.login import Login


class Verdict(Enum):
    """What the owner says to the first products, or what is wrong with them."""

    RIGHT = auto()
    OTHER_COLUMNS = auto()
    OTHER_TABLE = auto()


_OF_A_COLUMN = {DatabaseProblem.NO_COLUMN, DatabaseProblem.VALUE, DatabaseProblem.DENIED}
_WHAT = ("Column with the product's id", "Column with its name", "Column with its price")


def ask_table(terminal: Terminal, near: Surroundings, draft: Draft) -> Draft:
    """Ask for the table and its columns; raises BackError at the question for the table alone."""
    login = login_of(draft) if draft.text("database.sqlite") is None else None
    guesses = _guesses(terminal, near, login)
    before = draft.text("database.table") or (None if guesses else USUAL_TABLE)
    while True:
        guess, name = _ask_name(terminal, guesses, before)
        with suppress(BackError):  # to the table
            columns = _known(draft, guess, name) or _ask_columns(terminal, guess, draft)
            while True:
                chosen = draft.answered({"database.table": name, **_answers(columns)})
                verdict = _tried(terminal, near, chosen, login)
                if verdict is Verdict.RIGHT:
                    return chosen
                if verdict is Verdict.OTHER_TABLE:
                    break
                columns = _ask_columns(terminal, guess, chosen)
        before = name if name in guesses else None


def _guesses(terminal: Terminal, near: Surroundings, login: Login | None) -> dict[str, Guess]:
    if login is None:
        return {}
    try:
        return {shown_table(each.table.name): each for each in ranked(near.tables(login))}
    except DatabaseError as error:
        terminal.say(f"The tables can't be listed: {worded(error)}")
        return {}


def _ask_name(
    terminal: Terminal, guesses: dict[str, Guess], before: str | None
) -> tuple[Guess | None, str]:
    while True:
        name = choose(terminal, "Table with the products", list(guesses), before)
        try:
            parse_table_name(name)
        except ValueError as problem:
            terminal.say(f"✗ That name {problem}.")
            continue
        return guesses.get(name), name


def _known(draft: Draft, guess: Guess | None, name: str) -> Columns | None:
    """Return the columns that need no question: those of before for the same table, or the guess."""
    if draft.text("database.table") == name:
        with suppress(ValueError):  # one isn't set, or can't be a name
            return Columns(*(parse_name(draft.text(key) or "") for key in COLUMNS))
    if guess is not None:
        return guess.columns
    return Columns()


def _ask_columns(terminal: Terminal, guess: Guess | None, draft: Draft) -> Columns:
    usual = Columns()
    answers = []
    for role, (key, what) in enumerate(zip(COLUMNS, _WHAT, strict=True)):
        found = candidates(guess.table.columns, role) if guess is not None else []
        default = None if found else draft.text(key) or usual[role]
        while True:
            answer = choose(terminal, what, found, default)
            try:
                answers.append(parse_name(answer))
                break
            except ValueError as problem:
                terminal.say(f"✗ That name {problem}.")
    return Columns(*answers)


def _tried(terminal: Terminal, near: Surroundings, draft: Draft, login: Login | None) -> Verdict:
    """Show the first products, and return whether they are right."""
    try:
        table = table_of(draft, login)
        terminal.say(f"Reading {', '.join(map(shown, table.columns))} …")
        products = first_products(near.products(table))
    except EmptyTableError:
        terminal.say("✗ The table has no rows.\n")
        if confirm(terminal, "Take it all the same?", default=False):
            return Verdict.RIGHT
        return Verdict.OTHER_TABLE
    except AgentError as error:
        terminal.say(f"✗ {worded(error)}\n")
        if isinstance(error, DatabaseError) and error.problem not in _OF_A_COLUMN:
            return Verdict.OTHER_TABLE
    else:
        terminal.say(f"The first products, as they would be sent:\n{shown_products(products)}\n")
        if confirm(terminal, "Are these your products, with the right prices?", default=True):
            return Verdict.RIGHT
    is_table = confirm(terminal, "Is it the right table, with other columns?", default=True)
    return Verdict.OTHER_COLUMNS if is_table else Verdict.OTHER_TABLE


def _answers(columns: Columns) -> dict[str, str]:
    return dict(zip(COLUMNS, map(_spelt, columns), strict=True))


def _spelt(name: str) -> str:
    """Return a column's name as the settings read it: in brackets if it would be another one without."""
    return name if parse_name(name) == name else quote_bracketed(name)
