"""Settings that cannot work are refused by the name of their key, and show no credential."""

from __future__ import annotations

from typing import Any

import pytest
from helpdesk_bridge_omnidesk import OmnideskSettings

from helpdesk_bridge import Capability, connect, errors
from tests.adapters.omnidesk.conftest import SETTINGS

GOOD = {"adapter": "omnidesk", **SETTINGS}
BAD_SETTINGS: list[tuple[str, Any]] = [
    *(("api_key", value) for value in (None, "", " ", "two words", "line\nbreak", "umläut", 7)),
    *(("base_url", value) for value in (
        None, "", "acme.omnidesk.com", "http://acme.omnidesk.com", "ftp://acme.omnidesk.com",
        "https://user@acme.omnidesk.com", "https://acme.omnidesk.com?apiKey=x", "https://[",
        "https://acme.omnidesk.com/api/v2?apiKey=x", 7,
    )),
    *(("timezone", value) for value in (None, "", "Mars/Olympus", "../etc/passwd", "Europe", 7)),
    *(("note_type", value) for value in ("", "note", "-1", "1.0", "0 ", "0\n", "٣", 0.0, True)),
    *((key, value) for key in ("brand_id", "channel", "user_id")
      for value in ("", "two", "-1", "1\n", "٣", 7.0, True)),
    *(("sender", value) for value in ("", "support", "a@b,c@d", "a@b\r\nx", "A <a@b>", "@", 7)),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value"), BAD_SETTINGS)
def test_settings_that_cannot_work_are_refused_by_key(key: str, value: Any) -> None:
    table = {k: v for k, v in {**GOOD, key: value}.items() if v is not None}
    with pytest.raises(errors.ConfigurationError) as info:
        connect(config={"desks": {"support": table}})
    assert info.value.key == key


@pytest.mark.parametrize(
    "host",
    [
        *("omnidesk.ru", "acme.omnidesk.ru", "ACME.Omnidesk.RU", "acme.omnidesk.ru."),
        *("omnidesk.pro", "acme.omnidesk.pro", "a.b.omnidesk.pro", "acme.omnidesk.ru:8443"),
    ],
)
def test_the_product_of_the_same_name_is_refused_by_name(host: str) -> None:
    with pytest.raises(errors.ConfigurationError) as info:
        OmnideskSettings(**{**SETTINGS, "base_url": f"https://{host}"})
    assert info.value.key == "base_url"
    assert "another product" in str(info.value)


@pytest.mark.parametrize(
    "host", ["omnidesk.nl", "acme.omnidesk.io", "notomnidesk.ru", "omnidesk.ru.acme.example"]
)
def test_a_host_that_only_looks_like_it_is_taken(host: str) -> None:
    settings = OmnideskSettings(**{**SETTINGS, "base_url": f"https://{host}"})
    assert settings.base_url == f"https://{host}"


@pytest.mark.parametrize("tail", ["", "/", "/api/v2", "/api/v2/", "/api/v2//"])
def test_the_path_that_is_copied_along_does_not_matter(tail: str) -> None:
    settings = OmnideskSettings(**{**SETTINGS, "base_url": f"https://acme.omnidesk.com{tail}"})
    assert settings.base_url == "https://acme.omnidesk.com"


def test_a_path_before_the_api_stays() -> None:
    address = "https://gateway.acme.example/omnidesk"
    assert OmnideskSettings(**{**SETTINGS, "base_url": address}).base_url == address


@pytest.mark.parametrize("note_type", ["0", "3", "13", "calllog"])
def test_a_note_type_of_the_documented_pattern_is_taken(note_type: str) -> None:
    assert OmnideskSettings(**{**SETTINGS, "note_type": note_type}).note_type == note_type


@pytest.mark.parametrize("key", ["brand_id", "sender"])
def test_without_brand_or_sender_there_are_no_new_tickets_and_the_reason_says_so(key: str) -> None:
    table = {k: v for k, v in GOOD.items() if k != key}
    able = connect(config={"desks": {"support": table}}).capabilities
    assert not able.supports(Capability.CREATE_TICKET)
    assert key in able[Capability.CREATE_TICKET].reason


def test_a_credential_that_is_refused_is_not_shown() -> None:
    with pytest.raises(errors.ConfigurationError) as info:
        connect(config={"desks": {"support": {**GOOD, "api_key": "made-up with-blank"}}})
    assert "with-blank" not in str(info.value)


def test_settings_show_no_credential_and_no_address() -> None:
    shown = repr(OmnideskSettings(**SETTINGS))
    assert not any(word in shown for word in ("made-up", "support@"))
