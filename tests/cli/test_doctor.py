"""The doctor tells troubles apart over real sockets, only reads, and shows no credential."""

from __future__ import annotations

import asyncio
import re
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, ClassVar, NoReturn, TypeAlias

import pytest
from aiohttp import web
from attrs import frozen
from helpdesk_bridge_airclou.fake import AirclouFake
from helpdesk_bridge_helpspace.fake import HelpSpaceFake
from helpdesk_bridge_omnidesk.fake import OmnideskFake

from helpdesk_bridge.config import registry
from helpdesk_bridge.kit import Adapter, Capability, CustomField, native
from helpdesk_bridge.testing import FakeServer, Store
from tests.cli.conftest import Answer, Ran, Run, Vendor, Write

Beside: TypeAlias = Callable[..., Awaitable[Ran]]
Serve: TypeAlias = Callable[[Answer], Awaitable[Vendor]]

TOKEN = "canary-tok-81"
CLIENT = "canary-cli-82"
PASSWORD = "canary-pw-83"
EMPTY = {"data": [], "meta": {"total": 0, "current_page": 1, "last_page": 1, "per_page": 50}}


def helpspace(origin: str, **more: Any) -> dict[str, Any]:
    """Return the table of a desk at ``origin``, whose vendor is not expected to be slow."""
    address = origin if "://" in origin else f"http://{origin}"
    return {
        "adapter": "helpspace",
        "token": TOKEN,
        "client_id": CLIENT,
        "base_url": f"{address}/api/v1",
        **more,
    }


def answering(status: int, body: Any = None, **headers: str) -> Answer:
    async def answer(_: web.Request) -> web.Response:
        if isinstance(body, str):
            return web.Response(status=status, text=body, content_type="text/html", headers=headers)
        return web.json_response(body, status=status, headers=headers)

    return answer


def with_a_ticket() -> Store:
    store = Store()
    store.create_ticket(
        subject="Export stops",
        requester=store.person("li@customer.example"),
        html="<p>It stops.</p>",
    )
    return store


# -- desks that are well ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", [AirclouFake, HelpSpaceFake, OmnideskFake])
@pytest.mark.asyncio
async def test_a_desk_that_is_well_is_only_read(
    run_beside: Beside, write: Write, kind: type[FakeServer]
) -> None:
    async with kind(with_a_ticket()) as fake:
        write(support=fake.table())
        done = await run_beside("doctor", "support")
        assert (done.status, done.err) == (0, "")
        for check in ("settings", "tickets", "messages", "clock"):
            assert done.line(check).startswith(f"ok {check} ")
        ending = done.out.splitlines()[-1]
        assert re.fullmatch(r"Nothing is wrong; [1-9] not checked\.", ending)
        assert done.out.count("not checked  configured") == int(ending.split()[3])
        assert {exchange.method for exchange in fake.journal} == {"GET"}
        keys = ("token", "client_id", "api_key", "session_token")
        secrets = [value for key, value in fake.table().items() if key in keys]
        assert secrets
        assert [secret for secret in secrets if secret in done.words] == []


@pytest.mark.asyncio
async def test_a_desk_without_tickets_has_no_messages_to_check(
    run_beside: Beside, write: Write
) -> None:
    async with HelpSpaceFake() as fake:
        write(support=fake.table())
        done = await run_beside("doctor")
    assert done.status == 0
    assert done.line("tickets") == "ok tickets 0 on the first page."
    assert done.line("messages").startswith("not checked messages there is no ticket")
    assert "Nothing is wrong; " in done.out


def test_a_desk_in_memory_needs_no_clock(run: Run, write: Write) -> None:
    write(support={"adapter": "memory"})
    done = run("doctor")
    assert (done.status, " clock " in done.out) == (0, False)
    assert done.line("settings") == "ok settings memory."


@pytest.mark.asyncio
@pytest.mark.parametrize("module", ["helpdesk_bridge", "helpdesk_bridge.cli"])
async def test_the_command_does_the_same_in_a_process_of_its_own(write: Write, module: str) -> None:
    async with HelpSpaceFake(with_a_ticket()) as fake:
        write(support=fake.table(), archive=helpspace("127.0.0.1:1", base_url="http://help.test"))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "error", "-m", module, "doctor"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        out, err = await process.communicate()
    text = out.decode()
    assert (process.returncode, err) == (1, b"")
    assert text.index("desk support") < text.index("desk archive")
    assert "base_url must be https" in text
    assert text.rstrip().endswith("1 wrong; 1 not checked.")


# -- troubles told apart ---------------------------------------------------------------------


async def _hang(_: web.Request) -> NoReturn:
    await asyncio.Event().wait()
    raise AssertionError


async def _drop(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def _to_a_login(_: web.Request) -> NoReturn:
    raise web.HTTPFound("https://login.example/")


async def _elsewhere(_: web.Request) -> NoReturn:
    raise web.HTTPFound("https://other.example/")


async def _in_circles(request: web.Request) -> NoReturn:
    raise web.HTTPFound(str(request.rel_url))


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (answering(401), "wrong credentials: the credentials were not accepted. HTTP 401."),
        (answering(403), "missing right: the account has no right to do this. HTTP 403."),
        (answering(404), "wrong base_url: "),
        (answering(404, "<h1>Not here</h1>"), "wrong base_url: "),
        (answering(405), "wrong base_url: "),
        (answering(407), "proxy trouble: "),
        (answering(200, "<html>Log in</html>"), "wrong base_url: the answer is a web page"),
        (_to_a_login, "wrong credentials: the vendor shows the page on which people sign in"),
        (_elsewhere, "wrong base_url: the vendor redirects to another place"),
        (_in_circles, "wrong base_url: the vendor redirects in circles"),
        (
            answering(429, **{"Retry-After": "17"}),
            "rate limit: too many requests. HTTP 429. Wait 17",
        ),
        (answering(429), "rate limit: too many requests. HTTP 429. Wait a while"),
        (answering(500), "the vendor fails: "),
        (answering(200, {"tickets": 3}), "unexpected answer: "),
        (answering(200, {**EMPTY, "data": [{"id": None}]}), "unexpected answer: "),
        (_drop, "no connection: the connection was dropped."),
    ],
)
@pytest.mark.asyncio
async def test_what_a_vendor_answers_is_told_apart(
    run_beside: Beside, write: Write, serve: Serve, answer: Answer, says: str
) -> None:
    vendor = await serve(answer)
    write(support=helpspace(vendor.origin))
    done = await run_beside("doctor")
    assert done.status == 1
    assert done.line("tickets").startswith(f"wrong tickets {says}")
    assert done.line("messages") == "not checked messages the tickets could not be read."
    # Of unreadable records in each list the agents and the teams are wrong, too.
    assert re.search(r"\n[13] wrong; 1 not checked\.\n$", done.out)
    assert {method for method, _ in vendor.seen} == {"GET"}
    assert "canary" not in done.words


@pytest.mark.asyncio
async def test_a_vendor_that_never_answers_is_a_timeout(
    run_beside: Beside, write: Write, serve: Serve
) -> None:
    vendor = await serve(_hang)
    write(support=helpspace(vendor.origin, transport={"deadline": 0.1}))
    done = await run_beside("doctor")
    assert done.status == 1
    assert done.line("tickets").startswith("wrong tickets timeout: the call's deadline of 0.1 s")


@pytest.mark.asyncio
async def test_a_port_that_speaks_no_tls_is_tls_trouble(
    run_beside: Beside, write: Write, serve: Serve
) -> None:
    vendor = await serve(answering(200, EMPTY))
    write(support=helpspace(f"https://{vendor.origin}"))
    done = await run_beside("doctor")
    assert (done.status, vendor.seen) == (1, [])
    assert done.line("tickets").startswith("wrong tickets TLS trouble: ")


def test_a_refused_port_is_no_connection(run: Run, write: Write, closed_port: int) -> None:
    write(support=helpspace(f"127.0.0.1:{closed_port}"))
    done = run("doctor")
    assert done.status == 1
    assert done.line("tickets").startswith("wrong tickets no connection: no connection to the host")
    assert " clock " not in done.out


def test_a_dead_proxy_is_proxy_trouble_and_its_password_stays_hidden(
    run: Run, write: Write, closed_port: int
) -> None:
    proxy = f"http://user:{PASSWORD}@127.0.0.1:{closed_port}"
    write(support=helpspace("https://helpdesk.invalid", transport={"proxy": proxy}))
    done = run("doctor")
    assert (done.status, "canary" in done.words) == (1, False)
    assert done.line("tickets").startswith("wrong tickets proxy trouble: the proxy cannot be")


def test_a_name_that_nobody_has_is_a_wrong_host(
    run: Run, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    write(support=helpspace("https://helpdesk.invalid"))
    done = run("doctor")
    assert done.status == 1
    assert done.line("tickets").startswith("wrong tickets wrong host name: ")


@pytest.mark.asyncio
async def test_messages_are_checked_with_their_own_credential(
    run_beside: Beside, write: Write
) -> None:
    async with AirclouFake(with_a_ticket()) as fake:
        write(support={**fake.table(), "session_token": TOKEN})
        done = await run_beside("doctor")
    assert (done.status, "canary" in done.words) == (1, False)
    assert done.line("tickets") == "ok tickets 1 on the first page."
    assert done.line("messages").startswith("wrong messages wrong credentials: ")
    assert "Check api_key, workspace_id, session_token for" in done.line("messages")


# -- the clock -------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 401])
@pytest.mark.parametrize(("minutes", "direction"), [(10, "behind"), (-10, "ahead of")])
@pytest.mark.asyncio
async def test_a_clock_that_is_wrong_is_found_by_good_and_bad_answers(
    run_beside: Beside, write: Write, serve: Serve, minutes: int, direction: str, status: int
) -> None:
    async def answer(_: web.Request) -> web.Response:
        date = format_datetime(datetime.now(UTC) + timedelta(minutes=minutes), usegmt=True)
        return web.json_response(EMPTY, status=status, headers={"Date": date})

    vendor = await serve(answer)
    write(support=helpspace(vendor.origin))
    done = await run_beside("doctor")
    assert done.status == 1
    line = done.line("clock")
    assert line.startswith("wrong clock wrong clock: this machine is ")
    assert f" s {direction} the vendor. Set this machine's clock" in line


# -- secrets ---------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_credential_that_the_vendor_quotes_is_not_shown(
    run_beside: Beside, write: Write, serve: Serve
) -> None:
    async def quote(request: web.Request) -> web.Response:
        sent = request.headers
        told = f"no account for {sent['Authorization']} of {sent['Hs-Client-Id']}"
        return web.json_response({"message": told}, status=401)

    vendor = await serve(quote)
    write(support=helpspace(vendor.origin))
    done = await run_beside("doctor")
    assert "no account for <" in done.line("tickets")
    assert "canary" not in done.words


@pytest.mark.asyncio
async def test_a_vendors_sentence_cannot_steer_the_terminal(
    run_beside: Beside, write: Write, serve: Serve
) -> None:
    vendor = await serve(answering(401, {"message": "\x1b[2J\r\nok [red]fine[/red]"}))
    write(support=helpspace(vendor.origin))
    done = await run_beside("doctor")
    assert "\x1b" not in done.out
    assert "ok [red]fine[/red]" in done.line("tickets")


# -- configuration ---------------------------------------------------------------------------


@pytest.mark.parametrize("words", [("doctor",), ("doctor", "support")])
def test_without_a_configuration_it_says_how_to_write_one(run: Run, words: tuple[str, ...]) -> None:
    done = run(*words)
    assert (done.status, done.out) == (1, "")
    sentence = "no configuration found: give config= (--config on the command line), set"
    assert f"{sentence} HELPDESK_BRIDGE_CONFIG" in done.err
    assert 'config={"desks": {"support": {"adapter": "memory"}}}' in done.err


@pytest.mark.parametrize(
    ("desk", "table", "says"),
    [
        ("suport", {"adapter": "memory"}, "there is no [desks.suport]; did you mean 'support'?"),
        ("support", {"adapter": "helpspac"}, "there is no adapter 'helpspac'; did you mean"),
        ("support", {"adapter": "helpspace", "token": TOKEN}, "client_id: is missing"),
        ("support", helpspace("x.test", tokn="1"), "tokn: is unknown; did you mean 'token'?"),
        ("support", helpspace("http://x.test"), "base_url must be https"),
        ("support", helpspace("https://x.test", token=f"{TOKEN} x"), "token is empty, or has"),
        ("support", helpspace("https://x.test", transport={"deadline": 0}), "deadline: must be"),
    ],
)
def test_a_setting_that_cannot_work_is_named(
    run: Run, write: Write, desk: str, table: dict[str, Any], says: str
) -> None:
    write(support=table)
    done = run("doctor", desk)
    assert (done.status, "canary" in done.words) == (1, False)
    line = done.line("settings")
    assert line.startswith("wrong settings missing or wrong setting: helpdesk.toml: ")
    assert says in line


def test_a_file_that_was_only_found_is_to_be_named_and_not_corrected(
    run: Run, write: Write, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(support=helpspace("https://x.test"))
    monkeypatch.setenv("HELPDESK_BRIDGE__SUPPORT__TOKEN", TOKEN)
    done = run("doctor")
    assert (done.status, "canary" in done.words) == (1, False)
    line = done.line("settings")
    assert "HELPDESK_BRIDGE__SUPPORT__TOKEN ([desks.support] token): a file that" in line
    path = folder / "helpdesk.toml"
    assert line.endswith(f"set HELPDESK_BRIDGE_CONFIG={path}, or give config= (--config).")


def test_a_file_that_is_no_toml_is_named(run: Run, folder: Path) -> None:
    (folder / "my.toml").write_text(f'[desks.support\ntoken = "{TOKEN}"')
    done = run("doctor", "--config", "my.toml")
    assert (done.status, done.out, "canary" in done.err) == (1, "", False)
    assert "my.toml is not valid TOML" in done.err


def test_one_bad_desk_keeps_no_other_from_being_checked(run: Run, write: Write) -> None:
    write(first={"adapter": "nowhere"}, second={"adapter": "memory"})
    done = run("doctor")
    assert (done.status, "ok tickets 0 on the first page." in done.words) == (1, True)


# -- desks that can do less, and adapters that are broken ------------------------------------


@frozen(kw_only=True)
class Settings:
    base_url: str | None = None


class Fields(Adapter):
    """Lists nothing but custom fields."""

    name = "fields"
    settings_type = Settings
    offers: ClassVar = {Capability.LIST_CUSTOM_FIELDS: native()}

    async def list_custom_fields(self) -> list[CustomField]:
        return [CustomField(id="1", name="Plan")]


class Buggy(Fields):
    """Raises what no adapter should."""

    name = "buggy"

    async def list_custom_fields(self) -> list[CustomField]:
        raise KeyError(TOKEN)


class Stillborn(Fields):
    """Cannot even be made."""

    name = "stillborn"

    def __init__(self, settings: Any, transport: Any) -> None:
        raise RuntimeError(TOKEN)


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registered", {})
    for kind in (Fields, Buggy, Stillborn):
        registry.register(kind.name, kind)


@pytest.mark.usefixtures("registered")
def test_where_there_is_no_list_of_tickets_custom_fields_are_read(run: Run, write: Write) -> None:
    write(support={"adapter": "fields"})
    done = run("doctor")
    assert done.status == 0
    assert done.line("tickets").startswith("not checked tickets ")
    assert done.line("custom fields") == "ok custom fields 1 defined."


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize(
    ("adapter", "check", "error"),
    [("buggy", "custom fields", "KeyError"), ("stillborn", "settings", "RuntimeError")],
)
def test_an_adapter_with_a_bug_is_a_finding_and_no_traceback(
    run: Run, write: Write, adapter: str, check: str, error: str
) -> None:
    write(support={"adapter": adapter})
    done = run("doctor")
    assert (done.status, done.err, "canary" in done.out) == (1, "", False)
    assert done.line(check).startswith(f"wrong {check} broken adapter: it raised {error}.")


@pytest.mark.asyncio
async def test_of_a_desk_with_only_messages_the_connection_is_checked_and_the_rest_is_named(
    run_beside: Beside, write: Write
) -> None:
    async with AirclouFake() as fake:
        table = {"adapter": "airclou", "base_url": fake.base_url, "session_token": fake.issue()}
        write(support=table)
        done = await run_beside("doctor")
        assert [exchange.method for exchange in fake.journal] == ["GET"]
    assert done.status == 0
    assert done.line("tickets").startswith("not checked tickets Set api_key and workspace_id")
    assert done.line("connection").startswith("ok connection somebody answers")
    assert done.line("messages").startswith("not checked messages no ticket is known")
    assert done.line("clock").startswith("ok clock ")


@pytest.mark.parametrize("answer", [answering(200, {}), answering(401), _to_a_login])
@pytest.mark.asyncio
async def test_any_answer_at_all_is_a_connection(
    run_beside: Beside, write: Write, serve: Serve, answer: Answer
) -> None:
    vendor = await serve(answer)
    table = {"adapter": "airclou", "session_token": TOKEN, "base_url": f"http://{vendor.origin}"}
    write(support=table)
    done = await run_beside("doctor")
    assert (done.status, done.line("connection")[:13]) == (0, "ok connection")


@pytest.mark.asyncio
async def test_a_proxys_answer_is_not_the_vendors(
    run_beside: Beside, write: Write, serve: Serve
) -> None:
    vendor = await serve(answering(407))
    table = {"adapter": "airclou", "session_token": TOKEN, "base_url": f"http://{vendor.origin}"}
    write(support=table)
    done = await run_beside("doctor")
    assert done.status == 1
    assert done.line("connection").startswith("wrong connection proxy trouble: ")


def test_of_a_desk_with_only_messages_a_missing_connection_is_found(
    run: Run, write: Write, closed_port: int
) -> None:
    address = f"http://127.0.0.1:{closed_port}"
    write(support={"adapter": "airclou", "session_token": TOKEN, "base_url": address})
    done = run("doctor")
    assert done.status == 1
    assert done.line("connection").startswith("wrong connection no connection: ")


# -- usage -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ("docter",),
        ("doctor", "one", "two"),
        ("doctor", "--fast"),
        ("doctor", "--config"),
        ("adapters", "one"),
        ("capabilities", "--no-markdown"),
    ],
)
def test_a_slip_in_the_command_is_an_error_of_its_own(run: Run, words: tuple[str, ...]) -> None:
    done = run(*words)
    assert done.status == 2
    assert "Error" in done.out + done.err


def test_the_help_names_every_command(run: Run) -> None:
    done = run("--help")
    assert done.status == 0
    assert all(f" {name} " in done.words for name in ("adapters", "capabilities", "demo", "doctor"))
