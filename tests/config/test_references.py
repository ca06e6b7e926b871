"""A credential that refers to a variable in the way of another tool is told, and not sent."""

from __future__ import annotations

from typing import Any

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.config.settings import HelpSpaceSettings, RequestTrackerSettings

NAME = "CANARY_TOKEN_84"
REFERENCES = [f"${NAME}", f"${{{NAME}}}", f"env:{NAME}", f"%{NAME}%", "$T", "%_%"]
CREDENTIALS = [
    *("$", "$t", "$Token", "$TOKEN-1", "${TOKEN", "$TOKEN}", "env:", "env:token", "ENV:TOKEN"),
    *("%", "%%", "%TOKEN", "TOKEN%", "TOKEN", "x$TOKEN", "$1TOKEN", "$TOKEN$", "${TOKEN:-x}"),
]
TABLES: list[tuple[str, dict[str, Any]]] = [
    ("token", {"adapter": "helpspace", "client_id": "c-1"}),
    ("client_id", {"adapter": "helpspace", "token": "k-1"}),
    ("api_key", {"adapter": "airclou", "workspace_id": "w-1"}),
    ("session_token", {"adapter": "airclou"}),
    ("token", {"adapter": "request_tracker", "base_url": "https://rt.example"}),
    ("password", {"adapter": "request_tracker", "base_url": "https://rt.example", "user": "u"}),
    ("ledger", {"adapter": "memory"}),
]


@pytest.mark.parametrize("reference", REFERENCES)
@pytest.mark.parametrize(("key", "table"), TABLES)
def test_a_reference_is_refused_by_its_key_and_not_shown(
    key: str, table: dict[str, Any], reference: str
) -> None:
    config = {"desks": {"it": {**table, key: reference}}}
    with pytest.raises(hb.ConfigurationError) as caught:
        hb.load_config(config, environ={NAME: "k-1"}).desk()
    assert caught.value.key == key
    assert f"[desks.it] {key}: looks like a reference to a variable" in str(caught.value)
    assert 'write { env = "NAME" }' in str(caught.value)
    assert NAME not in str(caught.value)


@pytest.mark.parametrize("text", CREDENTIALS)
def test_what_may_be_a_credential_is_taken(text: str) -> None:
    for key, table in TABLES:
        hb.load_config({"desks": {"it": {**table, key: text}}}, environ={}).desk()
    assert HelpSpaceSettings(token=text, client_id="c-1").token.reveal() == text


@pytest.mark.parametrize("reference", REFERENCES)
def test_a_reference_given_in_python_or_in_a_variable_is_refused(reference: str) -> None:
    with pytest.raises(hb.ConfigurationError, match=r"token looks like .* os\.environ") as caught:
        HelpSpaceSettings(token=reference, client_id="c-1")
    assert NAME not in str(caught.value)
    table = {"adapter": "helpspace", "client_id": "c-1", "token": {"env": "OTHER"}}
    for environ in ({"OTHER": reference}, {"HELPDESK_BRIDGE__IT__TOKEN": reference}):
        with pytest.raises(hb.ConfigurationError, match="looks like a reference") as caught:
            hb.load_config({"desks": {"it": table}}, environ=environ).desk()
        assert NAME not in str(caught.value)


def test_a_password_of_that_shape_can_be_given_from_elsewhere() -> None:
    table = {"adapter": "request_tracker", "base_url": "https://rt.example", "user": "u"}
    config = {"desks": {"it": {**table, "password": {"env": "RT_PASSWORD"}}}}
    settings = hb.load_config(config, environ={"RT_PASSWORD": "$ECRET"}).desk().settings
    assert isinstance(settings, RequestTrackerSettings)
    assert settings.password == hb.Secret("$ECRET")
