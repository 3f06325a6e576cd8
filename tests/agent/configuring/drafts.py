"""Drafts that tests begin with."""

from agent.configuring.draft import PASSWORD, Draft
from tests.tds import PASSWORD as RIGHT
from tests.tds import USER, SqlServerStandIn

SAS = "https://shops.blob.core.windows.net/?ss=b&sig=Hush"


def answered(draft: Draft) -> dict[str, object]:
    return {key: entry.value for key, entry in draft.entries.items()}


def logged_in(server: SqlServerStandIn, draft: Draft, /, **more: str) -> Draft:
    more_answers: dict[str, str | None] = {f"database.{key}": value for key, value in more.items()}
    return draft.answered(
        {
            "database.server": server.server,
            "database.authentication": "sql",
            "database.username": USER,
            "database.database": "Shop",
            PASSWORD: RIGHT,
            **more_answers,
        }
    )
