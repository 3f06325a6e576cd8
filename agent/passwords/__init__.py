"""Where the password of a SQL Server user is kept: never in the settings, always where a run can read it."""

from agent.passwords.places import (
    forget_password,
    login_name_of,
    place_of_password,
    store_password,
    stored_password,
)

__all__ = [
    "forget_password",
    "login_name_of",
    "place_of_password",
    "store_password",
    "stored_password",
]
