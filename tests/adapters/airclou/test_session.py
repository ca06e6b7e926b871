"""Sessions over real sockets: fetched once for all, renewed in time, once more after a 401."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from helpdesk_bridge import (
    AuthenticationError,
    ConfigurationError,
    Helpdesk,
    OutcomeUnknown,
    PermissionDenied,
    SentMessage,
    ValidationFailed,
    connect,
)
from helpdesk_bridge.testing import StoredTicket
from tests.adapters.airclou.conftest import ScriptedFake, tkt
from tests.adapters.doubles import Caught, Clock, Connect, asked

TASKS = 200


class Provider:
    """Gives the fake's sessions; can be held back, and told to fail."""

    def __init__(self, fake: ScriptedFake, lifetime: float = 3600.0) -> None:
        self.fake = fake
        self.lifetime = lifetime
        self.calls = 0
        self.failing = False
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def __call__(self) -> str:
        self.calls += 1
        self.begun.set()
        await self.go_on.wait()
        if self.failing:
            raise ConnectionError("the sign-in page is down")
        return self.fake.issue(lifetime=self.lifetime)

    def hold(self) -> None:
        """Keep the next caller waiting, and start to count anew."""
        self.calls = 0
        self.begun.clear()
        self.go_on.clear()


@pytest.fixture
def provider(fake: ScriptedFake) -> Provider:
    return Provider(fake)


@pytest.fixture
def renewing(fake: ScriptedFake, provider: Provider, clock: Clock, connect_to: Connect) -> Helpdesk:
    """A desk whose sessions come from the provider; its clock is the fake's."""
    desk = connect_to(fake, session_token=None, session_provider=provider)
    (session,) = desk._transport._auth.parts  # type: ignore[attr-defined]
    session.clock = clock
    return desk


Expire = Callable[[ScriptedFake, Clock], None]


def revoked(fake: ScriptedFake, clock: Clock) -> None:
    fake.revoke_all()


def run_out(fake: ScriptedFake, clock: Clock) -> None:
    clock.now += 3600


def read(desk: Helpdesk, ticket: StoredTicket) -> list[asyncio.Task[Any]]:
    """Begin to read the same ticket many times at once."""

    async def once() -> int:
        return len(await desk.messages(tkt(ticket)))

    return [asyncio.create_task(once()) for _ in range(TASKS)]


@pytest.mark.asyncio
@pytest.mark.parametrize("expire", [revoked, run_out])
async def test_any_number_of_tasks_with_an_expired_token_cause_one_renewal(
    fake: ScriptedFake, renewing: Helpdesk, provider: Provider, stored: StoredTicket,
    clock: Clock, expire: Expire,
) -> None:  # fmt: skip
    await renewing.messages(tkt(stored))
    expire(fake, clock)
    provider.hold()
    tasks = read(renewing, stored)
    await provider.begun.wait()
    provider.go_on.set()
    assert await asyncio.gather(*tasks) == [1] * TASKS
    assert provider.calls == 1


@pytest.mark.asyncio
@pytest.mark.parametrize("expire", [revoked, run_out])
async def test_the_task_that_began_the_renewal_may_be_cancelled_and_fails_nobody_else(
    fake: ScriptedFake, renewing: Helpdesk, provider: Provider, stored: StoredTicket,
    clock: Clock, expire: Expire,
) -> None:  # fmt: skip
    await renewing.messages(tkt(stored))
    expire(fake, clock)
    provider.hold()
    leader = asyncio.create_task(renewing.note(tkt(stored), text="Hi"))
    await provider.begun.wait()
    others = read(renewing, stored)
    leader.cancel()
    await asyncio.wait([leader])
    provider.go_on.set()
    assert await asyncio.gather(*others) == [1] * TASKS
    assert (leader.cancelled(), provider.calls) == (True, 1)


@pytest.mark.asyncio
@pytest.mark.parametrize("expire", [revoked, run_out])
async def test_a_failing_provider_fails_every_task_and_the_next_call_tries_again(
    fake: ScriptedFake, renewing: Helpdesk, provider: Provider, stored: StoredTicket,
    clock: Clock, expire: Expire,
) -> None:  # fmt: skip
    await renewing.messages(tkt(stored))
    expire(fake, clock)
    provider.failing, provider.calls = True, 0
    failures = await asyncio.gather(*read(renewing, stored), return_exceptions=True)
    assert {type(failure) for failure in failures} == {AuthenticationError}
    assert (len(failures), provider.calls) == (TASKS, 1)
    provider.failing = False
    assert len(await renewing.messages(tkt(stored))) == 1


@pytest.mark.asyncio
async def test_the_failure_of_a_provider_is_named_by_its_class_only(
    renewing: Helpdesk, provider: Provider, caught: Caught
) -> None:
    provider.failing = True
    error = await caught(renewing.note("tkt_1", text="Hi"))
    assert "ConnectionError" in str(error)
    assert "sign-in page" not in str(error)


@pytest.mark.asyncio
async def test_no_session_is_fetched_before_a_message_is_asked_for(
    renewing: Helpdesk, provider: Provider, stored: StoredTicket
) -> None:
    await renewing.ticket(tkt(stored))
    assert provider.calls == 0


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("lifetime", "passed", "calls"),
    [(3600, 3569, 1), (3600, 3571, 2), (40, 19, 1), (40, 21, 2)],
)
async def test_a_session_is_renewed_shortly_before_it_ends_so_that_no_call_is_refused(
    fake: ScriptedFake, renewing: Helpdesk, provider: Provider, stored: StoredTicket,
    clock: Clock, lifetime: float, passed: float, calls: int,
) -> None:  # fmt: skip
    provider.lifetime = lifetime
    await renewing.messages(tkt(stored))
    clock.now += passed
    await renewing.messages(tkt(stored))
    assert (provider.calls, [e.status for e in fake.journal]) == (calls, [200, 200])


@pytest.mark.asyncio
async def test_a_refused_read_is_repeated_once_with_a_new_session(
    fake: ScriptedFake, renewing: Helpdesk, stored: StoredTicket
) -> None:
    await renewing.messages(tkt(stored))
    fake.revoke_all()
    assert len(await renewing.messages(tkt(stored))) == 1
    assert [e.status for e in fake.journal] == [200, 401, 200]


@pytest.mark.asyncio
async def test_a_refused_write_is_repeated_once_and_stored_once(
    fake: ScriptedFake, renewing: Helpdesk, stored: StoredTicket
) -> None:
    await renewing.messages(tkt(stored))
    fake.revoke_all()
    sent = await renewing.reply(tkt(stored), text="Hi", send_email=True)
    assert isinstance(sent, SentMessage)
    assert asked(fake.journal[1:]) == [
        ("POST", "/api/messages", 401),
        ("POST", "/api/messages", 201),
    ]
    assert [f"msg_{m.id}" for m in stored.messages[1:]] == [sent.id]
    assert len(fake.store.outbox) == 1


@pytest.mark.asyncio
async def test_a_session_that_is_refused_twice_is_an_authentication_error(
    fake: ScriptedFake, renewing: Helpdesk, stored: StoredTicket, caught: Caught
) -> None:
    fake.script.add("POST", "/api/messages", {}, 401, times=9)
    error = await caught(renewing.note(tkt(stored), text="Hi"))
    assert (type(error), error.attempts, len(fake.journal)) == (AuthenticationError, 2, 2)


@pytest.mark.asyncio
async def test_a_fixed_session_that_has_expired_is_an_error_after_one_request(
    fake: ScriptedFake, desk: Helpdesk, clock: Clock, caught: Caught
) -> None:
    clock.now += 3601
    error = await caught(desk.note("tkt_1", text="Hi"))
    assert (type(error), error.status, len(fake.journal)) == (AuthenticationError, 401, 1)


@pytest.mark.asyncio
async def test_a_refused_key_renews_no_session(
    fake: ScriptedFake, provider: Provider, connect_to: Connect, caught: Caught
) -> None:
    keys = {"api_key": "aclou_wrong", "session_token": None, "session_provider": provider}
    error = await caught(connect_to(fake, **keys).ticket("tkt_1"))
    assert (type(error), provider.calls, len(fake.journal)) == (AuthenticationError, 0, 1)


# -- configuration ---------------------------------------------------------------------------

MODULE = """
fake = None

async def fetch():
    return fake.issue()
"""


@pytest.mark.asyncio
async def test_a_provider_may_be_named_in_the_configuration_file(
    fake: ScriptedFake, stored: StoredTicket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "made_up_sign_in.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    import made_up_sign_in  # type: ignore[import-not-found]

    made_up_sign_in.fake = fake
    file = tmp_path / "helpdesk.toml"
    file.write_text(
        '[desks.support]\nadapter = "airclou"\nsession_provider = "made_up_sign_in:fetch"\n'
        f'base_url = "{fake.base_url}"\n'
    )
    async with connect("support", config=file) as desk:
        assert len(await desk.messages(tkt(stored))) == 1


KEYS = {"api_key": "aclou_0", "workspace_id": "ws_1"}


async def fetch() -> str:
    return "a.b.c"


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"session_token": "a b"}, "session_token"),
        ({"session_token": "a.b.c\n"}, "session_token"),
        ({"session_token": "a.b\r\nX-Evil: 1"}, "session_token"),
        ({"session_token": " a.b.c"}, "session_token"),
        ({"session_token": ""}, "session_token"),
        ({"session_token": "Bearer a.b.c"}, "session_token"),
        ({"api_key": "Bearer aclou_0", "workspace_id": "ws_1"}, "api_key"),
        ({"api_key": "aclou_0"}, "workspace_id"),
        ({"workspace_id": "ws_1", "session_token": "a.b.c"}, "api_key"),
        ({"api_key": "aclou_0", "workspace_id": "ws 1"}, "workspace_id"),
        ({**KEYS, "session_token": "a.b.c", "session_provider": fetch}, "session_token"),
        ({"session_provider": "no_such_module_here:fetch"}, "session_provider"),
        ({"session_provider": "asyncio"}, "session_provider"),
        ({"session_provider": "asyncio:no_such_name"}, "session_provider"),
        ({"session_provider": "sys:maxsize"}, "session_provider"),
        ({**KEYS, "session_token": "a.b.c", "base_url": "http://app.airclou.com"}, "base_url"),
        ({}, "api_key"),
    ],
)
def test_settings_that_cannot_work_are_refused_by_name(settings: Any, key: str) -> None:
    with pytest.raises(ConfigurationError) as info:
        connect(config={"desks": {"support": {"adapter": "airclou", **settings}}})
    assert info.value.key == key
    assert f"[desks.support] {key}" in str(info.value)


def test_a_token_with_its_scheme_is_told_to_come_without() -> None:
    table = {"adapter": "airclou", "session_token": "Bearer a.canary.c"}
    with pytest.raises(ConfigurationError, match="without the scheme") as info:
        connect(config={"desks": {"support": table}})
    assert "canary" not in repr(info.value)


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [400, 403])
@pytest.mark.parametrize(
    "text",
    [
        "missing key 'author'",
        "invalid key: authors",
        "Invalid token '<' in body",
        "unknown session type for chat",
    ],
)
async def test_a_refused_value_is_posted_once_and_keeps_the_session(
    fake: ScriptedFake, renewing: Helpdesk, provider: Provider, stored: StoredTicket,
    status: int, text: str,
) -> None:  # fmt: skip
    fake.script.add("POST", "/api/messages", {"error": text}, status)
    before = len(fake.journal)
    kind = ValidationFailed if status == 400 else PermissionDenied
    with pytest.raises(kind):
        await renewing.reply(tkt(stored), text="Hi", send_email=False)
    sent = [one.method for one in list(fake.journal)[before:]]
    assert (sent.count("POST"), provider.calls) == (1, 1)


@pytest.mark.asyncio
async def test_a_warning_of_php_before_the_json_ends_no_session(
    fake: ScriptedFake, renewing: Helpdesk, provider: Provider, stored: StoredTicket
) -> None:
    warning = (
        b"<br />\n<b>Deprecated</b>: strlen() in <b>/srv/login.php</b> on line <b>5</b><br />\n"
    )
    fake.script.add("POST", "/api/messages", warning + b'{"message": {"id": "msg_1"}}', 201)
    before = len(fake.journal)
    with pytest.raises(OutcomeUnknown, match="markup before its JSON"):
        await renewing.reply(tkt(stored), text="Hi", send_email=False)
    await renewing.messages(tkt(stored))
    sent = [one.method for one in list(fake.journal)[before:]]
    assert (sent.count("POST"), provider.calls) == (1, 1)
