"""Settings of a wrong type are refused by their name, and what was given is not shown."""

from __future__ import annotations

from typing import Any, get_args

import attrs
import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.config import settings
from helpdesk_bridge.kit import NUMBERED, Secret, sealed

WRONG: tuple[Any, ...] = (5, 1.5, b"canary", ["canary"], object(), True, None)
GOOD: dict[Any, dict[str, Any]] = {
    settings.AirclouSettings: {"api_key": "k", "workspace_id": "1"},
    settings.HelpSpaceSettings: {"token": "t", "client_id": "1"},
    settings.OmnideskSettings: {
        "api_key": "k",
        "base_url": "https://a.example",
        "timezone": "Europe/Amsterdam",
    },
    settings.RequestTrackerSettings: {"token": "t", "base_url": "https://a.example"},
}


@pytest.mark.parametrize("kind", GOOD, ids=lambda kind: kind.adapter)
def test_a_setting_of_a_wrong_type_is_a_configuration_error(kind: Any) -> None:
    refused: list[tuple[str, hb.ConfigurationError]] = []
    for attribute in attrs.fields(kind):
        for value in WRONG:
            try:
                kind(**{**GOOD[kind], attribute.name: value})
            except hb.ConfigurationError as error:
                refused.append((attribute.name, error))
            else:
                is_number = type(value) in (int, float) and attribute.type in (int, float)
                is_id = type(value) is int and attribute.metadata.get(NUMBERED)
                is_flag = type(value) is bool and "bool" in str(attribute.type)
                assert value is None or is_number or is_id or is_flag, (attribute.name, value)
    assert refused
    for name, error in refused:
        assert error.key is not None
        assert name in error.message or error.key in error.message
        assert "canary" not in str(error)


@pytest.mark.parametrize("kind", GOOD, ids=lambda kind: kind.adapter)
def test_a_text_that_is_no_utf_8_is_refused_by_its_name(kind: Any) -> None:
    """Python reads the Latin-1 of a variable of the environment so."""
    odd = b"canary-caf\xe9".decode(errors="surrogateescape")
    fields = attrs.fields(attrs.resolve_types(kind))
    texts = [one.name for one in fields if {str, Secret} & set(_kinds(one.type))]
    assert texts
    for name in texts:
        given = GOOD[kind] | {name: odd}
        if name in ("user", "password"):
            given = GOOD[kind] | {"token": None, "user": "u", "password": "p", name: odd}
        with pytest.raises(hb.ConfigurationError) as by_hand:
            kind(**given)
        variables = {"ODD": odd}
        table = {"adapter": kind.adapter, **{k: v for k, v in given.items() if v is not None}}
        config = hb.load_config(
            {"desks": {"it": table | {name: {"env": "ODD"}}}}, environ=variables
        )
        with pytest.raises(hb.ConfigurationError) as of_a_table:
            config.desk()
        for caught in (by_hand, of_a_table):
            assert caught.value.key == name
            assert "UTF-8" in str(caught.value)
            assert "canary" not in str(caught.value)


def _kinds(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) or (kind,)


@pytest.mark.parametrize("value", [None, 5, b"canary"])
def test_a_credential_of_a_wrong_type_is_named(value: Any) -> None:
    with pytest.raises(hb.ConfigurationError) as caught:
        settings.HelpSpaceSettings(token=value, client_id="1")
    kind = type(value).__name__
    assert (caught.value.key, caught.value.message) == (
        "token",
        f"token is a str or a Secret, not {kind}",
    )


@sealed
@attrs.frozen(kw_only=True)
class _Settings:
    count: int = attrs.field(default=1, converter=int)
    most: float = 1.0
    is_odd: bool = False
    token: Secret | None = attrs.field(default=None, converter=attrs.converters.optional(Secret))


def test_a_field_with_a_converter_of_its_own_takes_what_that_takes() -> None:
    words: dict[str, Any] = {"count": "7"}
    found = _Settings(**words, most=2, is_odd=True, token=Secret("t"))
    assert found == _Settings(count=7, most=2.0, is_odd=True, token=Secret("t"))
    assert _Settings(token=None).token is None


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("most", True, "most is a float, not bool"),
        ("is_odd", 1, "is_odd is a bool, not int"),
        ("token", 1, "token is a str or a Secret or None, not int"),
    ],
)
def test_a_field_of_any_adapter_is_checked(name: str, value: Any, says: str) -> None:
    with pytest.raises(hb.ConfigurationError) as caught:
        _Settings(**{name: value})
    assert (caught.value.key, caught.value.message) == (name, says)
