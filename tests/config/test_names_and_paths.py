"""Names of desks are what people call them, and what is no path is not shown as one."""

from __future__ import annotations

from pathlib import Path

import pytest

import helpdesk_bridge as hb

TOKEN = "hunter2-sk-9f8e7d6c5b4a"
TEXT = f'[desks.support]\nadapter = "helpspace"\ntoken = "{TOKEN}"\nclient_id = 77\n'


@pytest.mark.parametrize(
    "name",
    [
        "servicedesk2",
        "helpdeskprod01",
        "kundenservice2024",
        "it-servicedesk1",
        "SupportEMEAWest",
        "ITServiceDeskForTheWholeCompany",
        "internationalcustomersupport",
        "rt5-production1",
        "request_tracker2",
        "level2support",
        "office365support",
        "microsoft365helpdesk",
        "kundendienst24h",
        "hotline24stunden",
        "b2bcustomerservice",
        "B2BSupportEurope",
        "B2BB2CHotline24x7",
        "support2024emea",
        "support24x7x365",
        "helpdesk1st2nd3rdlevel",
        "shop24kundendienst",
        "filiale10115",
        "filialeberlin10115",
        "helpdesk20241231",
        "team2eskalationen",
        "CRMITSAPHRERPSupport",
    ],
)
def test_an_ordinary_name_is_taken(name: str) -> None:
    config = hb.load_config({"desks": {name: {"adapter": "memory"}}}, environ={})
    assert config.desk(name).name == name


@pytest.mark.parametrize(
    "name",
    [
        "9f8e7d6c5b4a3f2e1d0c",
        "hs_live_Zq7XvB2mKp9L",
        "hs_live_zq7xvb2mkp9l",
        "key-9f86d081884c7d65",
        "key-d41d8cd98f00b204e9800998ecf8427e",
        "QwErTyUiOpAsDfGhJkLzXc",
        "QwErTyUiOpAsDf",
        "word " * 20,
    ],
)
def test_a_key_is_no_name(name: str) -> None:
    with pytest.raises(hb.ConfigurationError, match="looks like a key") as caught:
        hb.load_config({"desks": {name: {"adapter": "memory"}}}, environ={})
    assert name.strip() not in str(caught.value)


@pytest.mark.parametrize(
    "given",
    [TEXT, f"\n{TEXT}", f"token={TOKEN}", TOKEN, "hs_live_9f8e7d6c5b4a3f2e1d0c", "hunterpassword"],
)
@pytest.mark.parametrize("way", ["argument", "variable"])
def test_what_stands_in_place_of_a_path_is_not_shown(
    way: str, given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    environ = {} if way == "argument" else {"HELPDESK_BRIDGE_CONFIG": given}
    with pytest.raises(hb.ConfigurationError, match="the path of a file") as caught:
        hb.load_config(given if way == "argument" else None, environ=environ)
    assert given not in str(caught.value)
    assert "hunter" not in str(caught.value)
    assert "9f8e" not in str(caught.value)


@pytest.mark.parametrize(
    "path",
    [
        "helpdesk.toml",
        "helpdesk.prod.toml",
        "config.d/desk.toml",
        "conf/Helpdesk2.toml",
        "/etc/acme/desks",
        "../desks",
        "~/desks.toml",
    ],
)
def test_a_path_that_leads_nowhere_is_shown(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(hb.ConfigurationError) as caught:
        hb.load_config(path, environ={})
    assert str(caught.value).startswith(f"{path} cannot be read")


def test_a_file_that_is_there_is_shown_whatever_its_name_is(tmp_path: Path) -> None:
    path = tmp_path / "9f8e7d6c5b4a3f2e1d0c"
    path.write_text("[desks", encoding="utf-8")
    with pytest.raises(hb.ConfigurationError) as caught:
        hb.load_config(path, environ={})
    assert str(caught.value).startswith(f"{path} is not valid TOML")
