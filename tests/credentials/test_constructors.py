"""A constructor that refuses a URL or a credential shows nothing of it, and keeps nothing."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.config import settings
from tests.credentials.spelled import all_of, shows

PASSWORD = "Zq7XvB2mKp9LwT4sRdYc8"
ADDRESSES = [
    f"postgresql://u:{PASSWORD}@127.0.0.1:1/db",
    f"postgresql:/u:{PASSWORD}@h/d",
    f"postgresql:u:{PASSWORD}@h/d",
    f"postgresql+asyncpg:///d?password={PASSWORD}",
    f"sqlite:///{PASSWORD}.db",
    f" mysql:\\\\u:{PASSWORD}@h",
    f"u:{PASSWORD}@h/d",
    f"//u:{PASSWORD}@h/d",
]


def _config(**table: Any) -> Callable[[str | Path], Any]:
    def load(path: str | Path) -> Any:
        given = {key: str(path) if value is None else value for key, value in table.items()}
        return hb.load_config({"desks": {"it": {"adapter": "memory", **given}}}, environ={}).desk()

    return load


FILES: dict[str, Callable[[str | Path], Any]] = {
    "a ledger": hb.SqliteLedger,
    "a limiter": lambda path: hb.FileLimiter("400/minute", path),
    "a memory desk": lambda path: hb.MemorySettings(path=path),
    "a memory desk of a configuration": _config(path=None),
    "a configuration": lambda path: hb.load_config(path, environ={}),
}


def _nothing_of(caught: pytest.ExceptionInfo[BaseException], secret: str = PASSWORD) -> None:
    """See that neither the error nor its traceback below this file shows ``secret``."""
    error = caught.value.with_traceback(caught.tb.tb_next)
    if isinstance(error, hb.HelpdeskError):
        for text in all_of(error):
            assert shows(text, secret) is None, text
    trace = traceback.TracebackException.from_exception(error, capture_locals=True)
    lines = [line for line in trace.format() if "/tests/" not in line]
    for line in lines:
        assert shows(line, secret) is None, line


@pytest.mark.parametrize("form", [str, Path])
@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("file", FILES)
def test_an_address_in_place_of_a_path_is_refused_and_not_shown(
    file: str, address: str, form: Callable[[str], str | Path]
) -> None:
    with pytest.raises(hb.ConfigurationError, match="path of a file") as caught:
        FILES[file](form(address))
    _nothing_of(caught)


@pytest.mark.parametrize("address", [one for one in ADDRESSES if "://" not in one])
def test_a_ledger_of_a_configuration_that_lacks_a_slash_is_refused(address: str) -> None:
    with pytest.raises(hb.ConfigurationError, match="ledger: expected the path") as caught:
        _config(ledger=address)("")
    assert caught.value.key == "ledger"
    _nothing_of(caught)


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_in_place_of_a_secrets_file_is_not_shown(address: str) -> None:
    with pytest.raises(hb.ConfigurationError, match="needs the file") as caught:
        _config(ledger={"file": address})("")
    _nothing_of(caught)


def test_a_path_with_a_letter_a_colon_or_an_at_sign_is_a_path(tmp_path: Path) -> None:
    for name in ("C:/x/writes.db", "C:\\x\\li@home.db", "file:writes.db", "li@home/12:30.db"):
        assert hb.SqliteLedger(name).path == Path(name).absolute()
        assert hb.MemorySettings(path=name).path == Path(name).absolute()
    assert _config(ledger=None)(tmp_path / "C:" / "x.db").ledger is not None


def test_a_path_of_a_home_that_nobody_has_is_told() -> None:
    with pytest.raises(hb.ConfigurationError, match="no home directory") as caught:
        _config(ledger="~nobody-of-that-name/writes.db")("")
    assert caught.value.key == "ledger"


REFUSED: dict[str, Callable[[], Any]] = {
    "a rate": lambda: hb.RedisLimiter("400 per minute", f"redis://:{PASSWORD}@r.example", name="a"),
    "a port": lambda: hb.RedisLimiter("4/minute", f"redis://:{PASSWORD}@r.example:six", name="a"),
    "a scheme": lambda: hb.RedisLimiter("4/minute", f"http://:{PASSWORD}@r.example", name="a"),
    "a query": lambda: hb.RedisLimiter("4/minute", f"redis://r.example?db={PASSWORD}", name="a"),
    "an option": lambda: hb.RedisLimiter("4/minute", f"redis://:{PASSWORD}@r?no=1", name="a"),
    "a database": lambda: hb.SqlLedger(f"mysql://u:{PASSWORD}@h/d"),
    "a database's option": lambda: hb.SqlLedger(f"postgresql://u:{PASSWORD}@h/d?no={PASSWORD}"),
    "no UTF-8": lambda: hb.SqlLedger(f"postgresql://u:{PASSWORD}\udce9@h/d"),
    "no UTF-8 for Redis": lambda: hb.RedisLimiter(
        "4/minute", f"redis://:{PASSWORD}\udce9@h", name="a"
    ),
    "no address": lambda: hb.SqlLedger(PASSWORD),
    "bytes": lambda: hb.Secret(PASSWORD.encode()),  # type: ignore[arg-type]
    "a desk": lambda: hb.Helpdesk(PASSWORD),
    "a proxy": lambda: hb.TransportOptions(proxy=f"http://u:{PASSWORD}@p", deadline=0),
    "a desk's address": lambda: settings.HelpSpaceSettings(
        token="t", client_id="1", base_url=f"http://u:{PASSWORD}@h"
    ),
}


@pytest.mark.parametrize("value", [None, 5, [], b"canary"])
@pytest.mark.parametrize(
    "make",
    [
        hb.SqlLedger,
        hb.SqliteLedger,
        lambda value: hb.FileLimiter("4/minute", value),
        lambda value: hb.RedisLimiter("4/minute", value, name="a"),
    ],
)
def test_a_place_of_a_wrong_type_is_a_configuration_error(
    make: Callable[[Any], Any], value: Any
) -> None:
    with pytest.raises(hb.ConfigurationError) as caught:
        make(value)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_is_in_no_frame(what: str) -> None:
    with pytest.raises((hb.HelpdeskError, TypeError)) as caught:
        REFUSED[what]()
    _nothing_of(caught)
