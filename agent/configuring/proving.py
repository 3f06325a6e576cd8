"""Tries everything that the settings name, and collects what is wrong with it."""

from collections.abc import Callable

from agent.configuring.sample import first_products, shown_products
from agent.configuring.surroundings import Surroundings
from agent.errors import AgentError
from agent.settings.parsing import Settings


def prove(near: Surroundings, settings: Settings, say: Callable[[str], None]) -> list[str]:
    """Try the database, the storage and the place of the token; return every problem.

    What works is said at once: `say` gets one sentence, or more lines, each time.
    """

    def products() -> str:
        found = first_products(near.products(settings.products))
        return f"The first products, as they would be sent:\n{shown_products(found)}"

    def storage() -> str:
        near.prove_storage(settings)
        return "A catalogue can be uploaded."

    def token() -> str:
        return near.token(settings)

    problems = []
    for attempt in (products, storage, *([token] if settings.tokens is not None else [])):
        try:
            say(f"✓ {attempt()}")
        except AgentError as error:
            problems.append(str(error))
    return problems
