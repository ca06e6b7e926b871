"""What a desk is opened with is taken, or refused at once with a sentence that says what it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

import helpdesk_bridge as hb
from helpdesk_bridge.transport import Effect, Handler, Request, Response
from tests.delivery.places import WORDS, opened

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


class Middleware:
    """A class whose objects might be middlewares."""

    def __init__(self, *_: object) -> None:
        pass

    async def __call__(self, request: Request, handler: Handler) -> Response:
        return await handler(request)


@pytest.mark.parametrize("given", [3, [3], None, "trace", Middleware(), [Middleware]])
def test_what_are_no_middlewares_is_refused_at_once(given: Any) -> None:
    with pytest.raises(hb.InvalidArgument, match="middlewares= takes a list of async"):
        hb.connect("prod", config=CONFIG, middlewares=given)
    with pytest.raises(hb.InvalidArgument, match="middlewares= takes a list of async"):
        hb.Helpdesk(hb.MemorySettings(), middlewares=given)


@pytest.mark.parametrize(
    ("name", "values", "says"),
    [
        ("options", [{"deadline": 3}, {}, "", 0, hb.TransportOptions], "TransportOptions"),
        ("adapter", [5, "", "memory", hb.MemorySettings], "the class of an adapter"),
    ],
)
def test_what_is_of_another_kind_is_refused_at_once(
    name: str, values: list[Any], says: str
) -> None:
    for value in values:
        with pytest.raises(hb.InvalidArgument, match=f"{name}= takes {says}"):
            hb.Helpdesk(hb.MemorySettings(), **{name: value})


async def forgetful(request: Request, handler: Handler) -> None:
    await handler(request)


async def forgets_writes(request: Request, handler: Handler) -> Response | None:
    response = await handler(request)
    return response if request.effect is Effect.READ else None


async def idle(request: Request, handler: Handler) -> int:
    return 5


def plain(request: Request, handler: Handler) -> str:
    return "canary"


Calls = Callable[[Any], Awaitable[Any]]
CALLS: dict[str, Calls] = {
    "read": lambda place: place.desk.ticket(place.ticket.id),
    "write": lambda place: place.desk.reply(place.ticket, text=WORDS, send_email=True),
    "change": lambda place: place.desk.update_ticket(place.ticket, status=hb.Status.CLOSED),
}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("call", "middleware", "kind", "outcome"),
    [
        ("read", forgetful, hb.HelpdeskError, hb.Outcome.UNKNOWN),
        ("read", idle, hb.HelpdeskError, hb.Outcome.NOT_SENT),
        ("read", plain, hb.HelpdeskError, hb.Outcome.NOT_SENT),
        ("write", forgets_writes, hb.OutcomeUnknown, hb.Outcome.UNKNOWN),
        ("write", idle, hb.HelpdeskError, hb.Outcome.NOT_SENT),
        ("write", plain, hb.HelpdeskError, hb.Outcome.NOT_SENT),
        ("change", forgets_writes, hb.HelpdeskError, hb.Outcome.UNKNOWN),
        ("change", idle, hb.HelpdeskError, hb.Outcome.NOT_SENT),
    ],
)
async def test_a_middleware_that_gives_no_response_is_named(
    call: str, middleware: Any, kind: type[hb.HelpdeskError], outcome: hb.Outcome
) -> None:
    async with opened("omnidesk") as place:
        desk = hb.Helpdesk(place.desk.adapter.settings, middlewares=[middleware], name="it")
        async with desk:
            place.desk, before = desk, len(place.store.outbox)
            with pytest.raises(hb.HelpdeskError) as caught:
                await CALLS[call](place)
        error = caught.value
        assert (type(error), error.outcome, error.retryable) == (kind, outcome, False)
        assert error.reason is hb.Reason.CRASHED
        assert f"the middleware {middleware.__name__} gave " in error.message
        assert "canary" not in str(error)
        assert len(place.store.outbox) == before + (kind is hb.OutcomeUnknown)


@pytest.mark.asyncio
async def test_a_middleware_may_hand_on_what_the_handler_gives_without_being_async() -> None:
    async with opened("omnidesk") as place:

        def given(request: Request, handler: Handler) -> Awaitable[Response]:
            return handler(request)

        async with hb.Helpdesk(place.desk.adapter.settings, middlewares=[given]) as desk:
            assert (await desk.ticket(place.ticket.id)).id == place.ticket.id
