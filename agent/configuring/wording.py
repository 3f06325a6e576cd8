"""Words an error for somebody who answers questions: it was written for who edits a settings file."""

import re

from agent.errors import AgentError

_REPLACED = (
    (r" \((?:settings file: [^\n]*|there is no settings file)\)", ""),
    # What is asked again anyway, in other words than those of the file.
    (r'; for a SQL Server user, set `authentication = "sql"` in the settings', ""),
    (r', or set `authentication = "sql"` in the settings', ", or log in as a SQL Server user"),
    (r"in the settings, as in `server = '([^']*)'`", r"after its name, as in \1"),
    (r"with a name in the settings", "of that name"),
    (r"(?: as `server`| and put it)? in the settings", ""),
    (r" into the settings", ""),
    (r"`server`", "the server"),
    (r"`database`", "the database"),
    (r"`table`", "the table"),
    (r"\[columns\]", "the columns"),
    (r"`account_url`", "the address"),
    (r"storage\.account_url", "the storage account's address"),
    (r"key_vault\.url", "the Key Vault's address"),
    (r"azure\.certificate", "the certificate's path"),
    (r"azure\.client_id", "the client id"),
    (r"azure\.tenant_id", "the tenant id"),
    (r"azure\.sign_in", "sign-in"),
)
_WITH_A_FILE = "`connection_string` in the settings"
"""A way out that no question leads to."""


def worded(error: AgentError) -> str:
    """Return what failed and what to do, without speaking of settings that aren't written yet."""
    return " ".join(map(_worded, filter(None, (error.cause, error.remedy))))


def _worded(text: str) -> str:
    return _WITH_A_FILE.join(map(_without_settings, text.split(_WITH_A_FILE)))


def _without_settings(text: str) -> str:
    for pattern, words in _REPLACED:
        text = re.sub(pattern, words, text)
    return text
