"""What a desk is opened with is taken, or refused at once with a sentence that says what it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import helpdesk_bridge as hb

CONFIG = {"default": "prod", "desks": {"prod": {"adapter": "memory"}, "try": {"adapter": "memory"}}}


@pytest.mark.parametrize("empty", ["", " ", "\t"])
def test_an_empty_name_is_not_the_default_desk(empty: str) -> None:
    for ask in (
        lambda: hb.connect(empty, config=CONFIG),
        lambda: hb.load_config(CONFIG).desk(empty),
    ):
        with pytest.raises(hb.ConfigurationError, match="the name of a desk is empty"):
            ask()
    assert hb.connect(None, config=CONFIG).name == "prod"


@pytest.mark.parametrize("given", [CONFIG, Path("helpdesk.toml"), 7, True])
def test_a_configuration_in_place_of_a_name_is_told_before_one_is_looked_for(
    given: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        hb.ConfigurationError, match=r"the name of a desk is a str; give .* config="
    ):
        hb.connect(given)


def test_an_empty_path_is_no_place_to_look_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("helpdesk.toml").write_text('[desks.prod]\nadapter = "memory"\n', encoding="utf-8")
    assert hb.load_config(environ={}).desks == ["prod"]
    with pytest.raises(hb.ConfigurationError, match="HELPDESK_BRIDGE_CONFIG is empty"):
        hb.load_config(environ={"HELPDESK_BRIDGE_CONFIG": ""})
    with pytest.raises(hb.ConfigurationError, match="config is an empty path"):
        hb.load_config("", environ={})


@pytest.mark.parametrize("name", ["", " ", 5, b"it", "a\nb", "a\u202eb"])
def test_a_desk_made_by_hand_has_a_name_or_its_adapters(name: Any) -> None:
    with pytest.raises(hb.InvalidArgument, match="name"):
        hb.Helpdesk(hb.MemorySettings(), name=name)
    assert hb.Helpdesk(hb.MemorySettings(), name=None).name == "memory"
