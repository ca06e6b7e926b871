"""Settings that cannot work are refused by the name of their key, and show no credential."""

from __future__ import annotations

from typing import Any

import pytest
from helpdesk_bridge_helpspace import HelpSpaceSettings

from helpdesk_bridge import connect, errors

GOOD = {"adapter": "helpspace", "token": "made-up-token", "client_id": "made-up-client"}
BAD_SETTINGS: list[tuple[str, Any]] = [
    *((key, value) for key in ("token", "client_id")
      for value in (None, "", " ", "two words", "line\nbreak", "tab\t", "umläut", 7.0, True)),
    ("token", 7),
    ("base_url", "http://api.helpspace.com/api/v1"),
    ("base_url", "http://127.0.0.1.example/api/v1"),
    ("base_url", "ftp://api.helpspace.com"),
    ("base_url", "api.helpspace.com"),
    ("base_url", "https://user@api.helpspace.com"),
    ("base_url", "https://api.helpspace.com/api/v1?x=1"),
    *(("sender", value)
      for value in ("", "@", "a@", "@a", "a b@c", "a@b@c", "a@b,c@d", "a@b\n", "A <a@b>")),
    *(("sender_name", value) for value in ("line\nbreak", "", " ", "a name without sender")),
    ("channel", "support"),
    ("channel", "-1"),
    ("escalated_word", "urgent"),
    ("max_attachment_chars", 0),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value"), BAD_SETTINGS)
def test_settings_that_cannot_work_are_refused_by_key(key: str, value: Any) -> None:
    table = {k: v for k, v in {**GOOD, key: value}.items() if v is not None}
    with pytest.raises(errors.ConfigurationError) as info:
        connect(config={"desks": {"support": table}})
    assert info.value.key == key


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/api/v1", "http://localhost:9", "https://x"]
)
def test_plain_http_is_for_loopback_only(address: str) -> None:
    settings = HelpSpaceSettings(token="t", client_id="c", base_url=address)
    assert settings.base_url == address


def test_plain_http_to_a_host_is_refused_by_the_settings_themselves() -> None:
    with pytest.raises(errors.ConfigurationError) as info:
        HelpSpaceSettings(token="t", client_id="c", base_url="http://api.helpspace.com")
    assert info.value.key == "base_url"


@pytest.mark.parametrize("key", ["token", "client_id"])
def test_a_credential_that_is_refused_is_not_shown(key: str) -> None:
    with pytest.raises(errors.ConfigurationError) as info:
        connect(config={"desks": {"support": {**GOOD, key: "made-up with-blank"}}})
    assert "with-blank" not in str(info.value)


def test_settings_show_no_credential_and_no_address() -> None:
    settings = HelpSpaceSettings(token="made-up-token", client_id="made-up-client", sender="a@b")
    assert not any(word in repr(settings) for word in ("made-up", "a@b"))
