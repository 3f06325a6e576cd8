"""A fleet of stores on fakes whose runs report to Application Insights as in production: run as a program.

It uses the settings that the function uses, and ends when everything has been sent.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from contract.run import SILENT_AFTER
from function_app import events
from function_app.answers import Refused, TokenRefused
from function_app.errors import SettingsError
from function_app.ports import RetryRequest
from function_app.settings import read_settings
from function_app.sweeping import MISSED_AFTER, sweep
from function_app.telemetry import OpenTelemetry
from function_app.token import StoredToken
from tests.function_app.world import DOWN, OK, id_of
from tests.infra.queries.store import Store, token_for

_REFUSED = Refused("Digible refused the products (HTTP 422: bad price).", 422, about_products=True)
_NO_SESSION = TokenRefused("jwt expired", 401)


def _healthy(store: Store) -> None:
    store.deliver()


def _with_a_token_without_an_expiry(store: Store) -> None:
    store.tokens.stored = StoredToken("opaque")
    store.deliver()


def _a_tenth_rejected(store: Store) -> None:
    store.deliver(good=90, bad=10)


def _recovered(store: Store) -> None:
    store.answer(_REFUSED)
    store.deliver()
    store.deliver()


def _resumed(store: Store) -> None:
    store.answer(OK, _NO_SESSION)
    version = store.deliver()
    request = f"{store.name}/{id_of(version)}.resume"
    store.catalogs.put(request, b"")
    store.uploader.upload(request)


def _renewed(store: Store) -> None:
    store.tokens.stored = token_for(days=1)
    store.deliver()
    store.tokens.stored = token_for(days=60)
    store.deliver()


def _touched(store: Store) -> None:
    store.uploader.upload(store.catalogs.touch(store.deliver().name).name)


def _waiting(store: Store) -> None:
    store.digible.judge = lambda products: DOWN
    store.deliver()


def _refused(store: Store) -> None:
    store.answer(OK, _REFUSED)
    store.deliver()


def _failed_after_a_success(store: Store) -> None:
    delivered = store.deliver()
    _refused(store)
    # Its run is superseded, which mends nothing.
    store.uploader.upload(store.catalogs.touch(delivered.name).name)


def _abandoned(store: Store) -> None:
    version = store.catalog()
    store.uploader.abandon(RetryRequest(version.name, version.etag, acknowledged=0))


def _invalid(store: Store) -> None:
    store.uploader.upload(store.catalogs.put(f"{store.name}/broken.json", b"[{").name)


def _expired(store: Store) -> None:
    store.tokens.stored = token_for(days=-1)
    store.deliver()


def _session_refused(store: Store) -> None:
    store.answer(_NO_SESSION)
    store.deliver()


def _expiring(store: Store) -> None:
    store.tokens.stored = token_for(days=5)
    store.deliver()


def _many_rejected(store: Store) -> None:
    store.deliver(good=89, bad=11)


def _isolating(store: Store) -> None:
    store.digible.judge = lambda products: (
        _REFUSED if any(each.product_id == "P7" for each in products) else OK
    )
    store.deliver(good=250, bad=2)


def _smoke_test(store: Store) -> None:
    for cause in (_expiring, _many_rejected, _refused):
        cause(store)


def _stray(store: Store) -> None:
    store.uploader.upload(store.catalogs.put("stray.json", b"[]").name)


HEALTHY: Final[Mapping[str, Callable[[Store], None]]] = {
    "healthy": _healthy,
    "without-expiry": _with_a_token_without_an_expiry,
    "tenth-rejected": _a_tenth_rejected,
    "isolating": _isolating,
    "recovered": _recovered,
    "resumed": _resumed,
    "renewed": _renewed,
    "touched": _touched,
    "smoke-test": _smoke_test,
}
"""Stores by name, of which no alert may speak, and what happens to each."""

TROUBLED: Final[Mapping[str, Callable[[Store], None]]] = {
    "waiting": _waiting,
    "refused": _refused,
    "failed-later": _failed_after_a_success,
    "abandoned": _abandoned,
    "invalid": _invalid,
    "expired": _expired,
    "session-refused": _session_refused,
    "expiring": _expiring,
    "many-rejected": _many_rejected,
    "stray": _stray,
}
"""Stores by name, of which some alert may speak, and what happens to each."""


SILENT: Final[Mapping[str, Callable[[Store], None]]] = {
    "silent": _healthy,
    "never-successful": _refused,
    "smoke-test": _smoke_test,
}
"""Stores by name that have no successful run after what happens to each, and then a day and more."""


def _sweep() -> None:
    store = Store("missed")
    store.catalog()
    store.clock.advance(2 * MISSED_AFTER)
    OpenTelemetry().report(events.sweep_found(sweep(store.ports).unannounced))
    store.all_messages()


def _sweep_after_a_death() -> None:
    store = Store("left")
    store.upload_and_die(store.catalog(), 3)
    store.queue.messages.clear()
    store.clock.advance(timedelta(minutes=3))
    OpenTelemetry().report(events.sweep_took_up(sweep(store.ports).left))
    store.all_messages()


def _fall_silent(name: str, happen: Callable[[Store], None]) -> None:
    store = Store(name)
    happen(store)
    store.clock.advance(SILENT_AFTER + timedelta(hours=1))
    for silent in sweep(store.ports).silent:
        OpenTelemetry().report(events.store_silent(silent))


def _call_with_wrong_settings() -> None:
    try:
        read_settings({"DIGIBLE_CONCURRENCY": "99"})
    except SettingsError as error:
        OpenTelemetry().report(events.settings_wrong(error.problems))


def main() -> None:
    """Let everything happen once; importing the function's package has set its telemetry up."""
    for name, happen in {**HEALTHY, **TROUBLED}.items():
        happen(Store(name))
    for name, happen in SILENT.items():
        _fall_silent(name, happen)
    _sweep()
    _sweep_after_a_death()
    _call_with_wrong_settings()


if __name__ == "__main__":
    main()
