"""Settings that cannot work are refused by the name of their key, and show no credential."""

from __future__ import annotations

from typing import Any

import pytest
from helpdesk_bridge_request_tracker import RequestTrackerSettings

from helpdesk_bridge import connect, errors

GOOD = {
    "adapter": "request_tracker",
    "base_url": "https://rt.acme.example",
    "user": "ada",
    "password": "made up, with blanks",
}
BAD_SETTINGS: list[tuple[str, Any]] = [
    *(("base_url", value) for value in (
        None, "", "rt.acme.example", "http://rt.acme.example", "https://ada@rt.acme.example",
        "https://rt.acme.example?x=1", 7,
    )),
    *(("user", value) for value in (None, "", "a:b", 7)),
    *(("password", value) for value in (None, "", 7)),
    *(("token", value) for value in ("1-14-made-up", "two words")),
    *(("queue", value) for value in ("", " ", 7.0, True)),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value"), BAD_SETTINGS)
def test_settings_that_cannot_work_are_refused_by_key(key: str, value: Any) -> None:
    table = {k: v for k, v in {**GOOD, key: value}.items() if v is not None}
    with pytest.raises(errors.ConfigurationError) as info:
        connect(config={"desks": {"support": table}})
    assert info.value.key == key


def test_an_account_is_needed() -> None:
    with pytest.raises(errors.ConfigurationError):
        RequestTrackerSettings(base_url="https://rt.acme.example")


def test_a_token_is_refused_with_its_scheme_in_front() -> None:
    with pytest.raises(errors.ConfigurationError) as info:
        RequestTrackerSettings(base_url="https://rt.acme.example", token="token 1-14-made-up")
    assert info.value.key == "token"


@pytest.mark.parametrize(
    "given",
    [
        "https://acme.example/rt",
        "https://acme.example/rt/",
        "https://acme.example/rt/REST/2.0",
        "https://acme.example/rt/REST/2.0/",
    ],
)
def test_the_address_may_be_that_of_the_api(given: str) -> None:
    settings = RequestTrackerSettings(base_url=given, token="1-14-made-up")
    assert settings.base_url == "https://acme.example/rt"


@pytest.mark.parametrize(
    ("account", "header"),
    [
        ({"user": "ada", "password": "sesam"}, "Basic YWRhOnNlc2Ft"),
        ({"user": "ünal", "password": "a:b"}, "Basic w7xuYWw6YTpi"),
        ({"token": "1-14-made-up"}, "token 1-14-made-up"),
    ],
)
def test_the_header_says_who_asks(account: dict[str, str], header: str) -> None:
    settings = RequestTrackerSettings(base_url="https://rt.acme.example", **account)
    assert settings.authorization.reveal() == header


def test_no_credential_is_shown() -> None:
    settings = RequestTrackerSettings(
        base_url="https://rt.acme.example", user="ada", password="sesam-sesam"
    )
    assert "sesam" not in f"{settings!r} {settings} {settings.authorization!r}"
