"""The app settings: read once, all problems named together, no value repeated."""

import json
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function_app.errors import SettingsError
from function_app.settings import (
    ConnectionString,
    IdentityStorage,
    Settings,
    TokenInEnvironment,
    TokenInFile,
    TokenPlace,
    TokensInVault,
    are_events_from_event_grid,
    read_settings,
)

ROOT = Path(__file__).resolve().parents[2]
LOCAL = {"CatalogStorage": "AccountName=a;AccountKey=k", "DIGIBLE_TOKEN": "opaque"}
AZURE = {
    "CatalogStorage__blobServiceUri": "https://a.blob.invalid",
    "CatalogStorage__queueServiceUri": "https://a.queue.invalid",
    "KEY_VAULT_URL": "https://a.vault.invalid",
}

IN_VAULT = TokensInVault(AZURE["KEY_VAULT_URL"])


def read(**changes: str) -> Settings:
    return read_settings(LOCAL | changes)


def problems(environment: dict[str, str], host_json: str = "{}") -> tuple[str, ...]:
    with pytest.raises(SettingsError) as raised:
        read_settings(environment, host_json)
    for problem in raised.value.problems:
        assert problem in str(raised.value)
    return raised.value.problems


def test_a_missing_setting_has_the_documented_default() -> None:
    settings = read()
    assert settings.api_url == "https://api.digible.one/v1"
    assert settings.body_key is None
    assert settings.isolate is False
    assert settings.concurrency == 1
    assert settings.timeout == 30
    assert settings.longest_doubt == timedelta(minutes=1)
    assert settings.storage == ConnectionString("AccountName=a;AccountKey=k")


def test_given_settings_are_used() -> None:
    settings = read(
        DIGIBLE_API_URL="https://digible.invalid/v2",
        DIGIBLE_BODY_KEY="products",
        DIGIBLE_ON_REFUSAL="Isolate",
        DIGIBLE_CONCURRENCY=" 4 ",
        DIGIBLE_TIMEOUT_SECONDS="2.5",
        DIGIBLE_IN_DOUBT_SECONDS="0.5",
    )
    assert settings.longest_doubt == timedelta(milliseconds=500)
    assert settings.api_url == "https://digible.invalid/v2"
    assert (settings.body_key, settings.isolate, settings.concurrency) == ("products", True, 4)
    assert settings.timeout == 2.5


def test_in_azure_an_identity_opens_storage_and_key_vault() -> None:
    identity = {
        "CatalogStorage__clientId": "an-identity",
        "CatalogStorage__credential": "managedidentity",
    }
    settings = read_settings(AZURE | identity)
    assert settings.storage == IdentityStorage(
        "https://a.blob.invalid", "https://a.queue.invalid", "an-identity"
    )
    assert settings.tokens == TokensInVault("https://a.vault.invalid")


@pytest.mark.parametrize("credential", ["", "certificate"])
def test_the_hosts_triggers_need_to_be_told_of_the_identity_too(credential: str) -> None:
    (problem,) = problems(
        AZURE | {"CatalogStorage__clientId": "an-id", "CatalogStorage__credential": credential}
    )
    assert "CatalogStorage__credential" in problem


@pytest.mark.parametrize(
    ("environment", "is_event_grid"),
    [
        (LOCAL, False),
        (AZURE, True),
        (AZURE | LOCAL, False),
        ({}, False),
        (AZURE | {"CATALOG_EVENTS": "scan"}, False),
        (LOCAL | {"CATALOG_EVENTS": "eventgrid"}, True),
        (LOCAL | {"CATALOG_EVENTS": "polling"}, False),
        (AZURE | {"CATALOG_EVENTS": "polling"}, True),
    ],
)
def test_with_storage_by_identity_event_grid_reports_blobs(
    environment: dict[str, str], *, is_event_grid: bool
) -> None:
    """Wrong values are named by `read_settings`; the triggers are bound all the same."""
    assert are_events_from_event_grid(environment) is is_event_grid


def test_a_blank_setting_counts_as_missing() -> None:
    assert read(DIGIBLE_BODY_KEY="  ", DIGIBLE_CONCURRENCY="").concurrency == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("DIGIBLE_CONCURRENCY", value) for value in ("0", "17", "-1", "1.5", "four", "nan")),
        *(("DIGIBLE_TIMEOUT_SECONDS", value) for value in ("0", "601", "inf", "nan", "30s")),
        *(("DIGIBLE_IN_DOUBT_SECONDS", value) for value in ("-1", "3601", "nan", "a minute")),
        ("DIGIBLE_ON_REFUSAL", "ignore"),
        ("CATALOG_EVENTS", "polling"),
        ("CatalogStorage", "no-connection-string"),
        ("DIGIBLE_API_URL", "digible.invalid"),
    ],
)
def test_a_setting_with_a_wrong_value_is_named_without_the_value(name: str, value: str) -> None:
    (problem,) = problems(LOCAL | {name: value})
    assert name in problem
    assert len(value) < 4 or value not in problem


def test_all_problems_are_named_together_without_any_value() -> None:
    wrong = {
        "CatalogStorage": "s3cret-one",
        "DIGIBLE_API_URL": "http://s3cret-two.invalid",
        "KEY_VAULT_URL": "s3cret-three",
        "DIGIBLE_ON_REFUSAL": "s3cret-four",
        "DIGIBLE_CONCURRENCY": "s3cret-five",
        "DIGIBLE_TIMEOUT_SECONDS": "s3cret-six",
        "AzureFunctionsJobHost__functionTimeout": "s3cret-seven",
    }
    found = " ".join(problems(wrong))
    for name in wrong:
        assert name.removeprefix("AzureFunctionsJobHost__") in found
    assert "DIGIBLE_TOKEN" in found
    assert "s3cret" not in found


def test_storage_must_be_set() -> None:
    (problem,) = problems({"DIGIBLE_TOKEN": "opaque"})
    assert problem.startswith("CatalogStorage is not set")


@pytest.mark.parametrize(
    "half", ["CatalogStorage__blobServiceUri", "CatalogStorage__queueServiceUri"]
)
def test_an_identity_needs_both_storage_addresses(half: str) -> None:
    given_settings = {name: value for name, value in AZURE.items() if name != half}
    (problem,) = problems(given_settings)
    assert half in problem


@pytest.mark.parametrize(
    ("tokens", "place"),
    [
        ({"DIGIBLE_TOKEN": "opaque"}, TokenInEnvironment("opaque")),
        ({"DIGIBLE_TOKEN_FILE": "token.txt"}, TokenInFile(Path("token.txt"))),
        ({"KEY_VAULT_URL": "https://a.invalid"}, TokensInVault("https://a.invalid")),
        ({"DIGIBLE_TOKEN": "opaque", "DIGIBLE_TOKEN_FILE": "x"}, TokenInEnvironment("opaque")),
        ({"DIGIBLE_TOKEN": "x", "KEY_VAULT_URL": AZURE["KEY_VAULT_URL"]}, IN_VAULT),
    ],
)
def test_the_tokens_are_in_one_place(tokens: dict[str, str], place: TokenPlace) -> None:
    settings = read_settings({"CatalogStorage": LOCAL["CatalogStorage"], **tokens})
    assert settings.tokens == place
    assert "opaque" not in repr(settings)


def test_the_place_of_the_tokens_must_be_set() -> None:
    (problem,) = problems({"CatalogStorage": "AccountName=a"})
    assert "KEY_VAULT_URL" in problem


@pytest.mark.parametrize(
    "url",
    [
        "https://api.digible.one/v1",
        "https://digible.invalid:8443",
        "http://localhost:7071/v1",
        "http://127.0.0.1:80/v1",
        "http://127.9.9.9/v1",
        "http://[::1]:8080/v1",
    ],
)
def test_a_token_may_go_over_https_or_to_this_machine(url: str) -> None:
    assert read(DIGIBLE_API_URL=url).api_url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://digible.invalid/v1",
        "http://127.0.0.1.invalid/v1",
        "http://localhost.invalid/v1",
        "http://10.0.0.1/v1",
        "http://2130706433/v1",
        "https:///v1",
        "https://user:password@digible.invalid/v1",
        "https://digible.invalid/v1?key=value",
        "https://digible.invalid/v1#part",
        "https://digible.invalid:port/v1",
        "https://[::1/v1",
        "ftp://digible.invalid/v1",
        "file:///etc/passwd",
    ],
)
def test_a_token_may_go_nowhere_else(url: str) -> None:
    (problem,) = problems(LOCAL | {"DIGIBLE_API_URL": url})
    assert problem == "DIGIBLE_API_URL must be an address that begins with https://."


@pytest.mark.parametrize(
    ("timeout", "seconds"),
    [
        ("00:30:00", 1_800 - 120),
        ("00:10:00", 600 - 120),
        ("00:05:00", 300 - 60),
        ("1.00:00:00", 86_400 - 120),
        ("-1", 86_400 - 120),
        (None, 1_800 - 120),
    ],
)
def test_a_run_stops_a_margin_before_the_invocations_time_is_up(
    timeout: str | None, seconds: float
) -> None:
    host_json = json.dumps({} if timeout is None else {"functionTimeout": timeout})
    assert read_settings(LOCAL, host_json).time_limit == seconds


@pytest.mark.parametrize(
    ("post", "timeout", "seconds"),
    [
        ("600", "00:30:00", 1_800 - 630),
        ("100", "00:30:00", 1_800 - 130),
        ("30", "00:01:30", 90 - 39),
        ("90", "00:02:30", 150 - 105),
    ],
)
def test_the_margin_has_room_for_a_post_and_for_saving_its_outcome(
    post: str, timeout: str, seconds: float
) -> None:
    host_json = json.dumps({"functionTimeout": timeout})
    assert read_settings(LOCAL | {"DIGIBLE_TIMEOUT_SECONDS": post}, host_json).time_limit == seconds


def test_a_post_that_may_take_the_whole_time_of_an_invocation_is_named() -> None:
    host_json = json.dumps({"functionTimeout": "00:05:00"})
    (problem,) = problems(LOCAL | {"DIGIBLE_TIMEOUT_SECONDS": "300"}, host_json)
    assert problem.startswith("DIGIBLE_TIMEOUT_SECONDS is too long for functionTimeout")


def test_an_app_setting_overrides_host_json() -> None:
    override = {"AzureFunctionsJobHost__functionTimeout": "00:10:00"}
    assert read_settings(LOCAL | override, '{"functionTimeout": "01:00:00"}').time_limit == 480


@pytest.mark.parametrize("timeout", ["soon", "30", "30:00", "00:30:00:00", "-2"])
def test_an_invalid_time_is_named(timeout: str) -> None:
    (problem,) = problems(LOCAL, json.dumps({"functionTimeout": timeout}))
    assert problem.startswith("functionTimeout")


def test_the_projects_host_json_is_understood() -> None:
    host_json = (ROOT / "host.json").read_text(encoding="utf-8")
    assert read_settings(LOCAL, host_json).time_limit > 0


def test_no_secret_is_shown() -> None:
    shown = repr(read(DIGIBLE_TOKEN="s3cret"))
    assert "s3cret" not in shown
    assert "AccountKey" not in shown


@given(st.dictionaries(st.sampled_from([*LOCAL, *AZURE, "DIGIBLE_API_URL"]), st.text()), st.text())
def test_any_settings_are_accepted_or_refused(changes: dict[str, str], timeout: str) -> None:
    with suppress(SettingsError):
        read_settings(LOCAL | changes, json.dumps({"functionTimeout": timeout}))
