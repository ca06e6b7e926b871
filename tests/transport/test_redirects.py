"""A redirect never carries a write, a credential or a body to another place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from helpdesk_bridge import errors
from helpdesk_bridge.errors import Outcome
from helpdesk_bridge.secret import Secret
from helpdesk_bridge.transport import HeaderAuth, Operation, Transport

AUTH = HeaderAuth({"Authorization": Secret("Bearer canary"), "X-Key": Secret("canary")})
Connect = Callable[..., Transport]


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirected_unsafe_write_is_not_sent_on(
    connect: Connect, vendor: Any, unsafe: Operation, caught: Any, status: int
) -> None:
    vendor.answers(status, headers={"Location": "/elsewhere"})
    await caught(connect(vendor).send(unsafe, "POST", ("t",), json={}))
    assert [seen.target for seen in vendor.seen] == ["/api/v1/t"]


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirected_idempotent_write_is_not_sent_on(
    connect: Connect, vendor: Any, idempotent: Operation, caught: Any, status: int
) -> None:
    vendor.answers(status, headers={"Location": "/elsewhere"})
    error = await caught(connect(vendor).send(idempotent, "PUT", ("t",), json={}))
    assert (type(error), len(vendor.seen)) == (errors.ProtocolError, 1)


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [307, 308])
async def test_a_write_that_is_told_to_go_elsewhere_unchanged_was_not_done(
    connect: Connect, vendor: Any, unsafe: Operation, caught: Any, status: int
) -> None:
    vendor.answers(status, headers={"Location": "/elsewhere"})
    error = await caught(connect(vendor).send(unsafe, "POST", ("t",), json={}))
    assert (type(error), error.outcome, error.status) == (
        errors.ProtocolError,
        Outcome.REJECTED,
        status,
    )


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [301, 302, 303])
async def test_a_write_that_is_redirected_otherwise_may_have_been_done(
    connect: Connect, vendor: Any, unsafe: Operation, caught: Any, status: int
) -> None:
    vendor.answers(status, headers={"Location": "/elsewhere"})
    error = await caught(connect(vendor).send(unsafe, "POST", ("t",), json={}))
    assert (type(error), error.status) == (errors.OutcomeUnknown, status)


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [301, 307])
async def test_the_error_of_a_redirected_write_says_what_to_check(
    connect: Connect, vendor: Any, unsafe: Operation, caught: Any, status: int
) -> None:
    vendor.answers(status, headers={"Location": "/elsewhere"})
    error = await caught(connect(vendor).send(unsafe, "POST", ("t",), json={}))
    assert "redirect: check base_url" in str(error)


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_read_follows_within_its_origin_with_its_credentials(
    connect: Connect, vendor: Any, read: Operation, status: int
) -> None:
    vendor.answers(status, headers={"Location": "/moved?page=2"})
    vendor.answers(body=b'{"id": 1}')
    response = await connect(vendor, auth=AUTH).send(read, "GET", ("t",))
    assert response.json() == {"id": 1}
    assert (vendor.seen[1].target, vendor.seen[1].headers["X-Key"]) == ("/moved?page=2", "canary")


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_another_port_sees_nothing_of_a_read(
    connect: Connect, vendors: Any, vendor: Any, read: Operation, caught: Any, status: int
) -> None:
    other = vendors()
    await other.start()
    vendor.answers(status, headers={"Location": f"{other.origin}/api/v1/t"})
    error = await caught(connect(vendor, auth=AUTH).send(read, "GET", ("t",)))
    assert (type(error), error.status, other.connections) == (errors.UnsafeURL, status, 0)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "location",
    [
        "//evil.example/t",
        "https://127.0.0.1:{port}/t",
        "http://localhost:{port}/t",
        "http://user:pw@127.0.0.1:{port}/t",
        "http://user@127.0.0.1:{port}/t",
        "http://127.0.0.1:{port}@evil.example/t",
        "http://[/t",
        "http://]@/t",
        "file:///etc/passwd",
        "mailto:a@b.example",
    ],
)
async def test_a_read_does_not_leave_its_scheme_host_and_port(
    connect: Connect, vendor: Any, read: Operation, caught: Any, location: str
) -> None:
    vendor.answers(302, headers={"Location": location.format(port=vendor.port)})
    error = await caught(connect(vendor, auth=AUTH).send(read, "GET", ("t",)))
    assert (type(error), len(vendor.seen)) == (errors.UnsafeURL, 1)


@pytest.mark.asyncio
async def test_a_read_by_another_verb_is_not_sent_on(
    connect: Connect, vendor: Any, read: Operation, caught: Any
) -> None:
    vendor.answers(307, headers={"Location": "/elsewhere"})
    error = await caught(connect(vendor).send(read, "POST", ("search",), json={"q": "x"}))
    assert (type(error), len(vendor.seen)) == (errors.UnsafeURL, 1)


@pytest.mark.asyncio
async def test_a_circle_of_redirects_ends(
    connect: Connect, vendor: Any, read: Operation, caught: Any
) -> None:
    for _ in range(20):
        vendor.answers(302, headers={"Location": "/api/v1/t"})
    error = await caught(connect(vendor).send(read, "GET", ("t",)))
    assert (type(error), len(vendor.seen), error.attempts) == (errors.ProtocolError, 4, 4)


@pytest.mark.asyncio
async def test_a_redirect_to_nowhere_ends(
    connect: Connect, vendor: Any, read: Operation, caught: Any
) -> None:
    for _ in range(20):
        vendor.answers(302)
    assert type(await caught(connect(vendor).send(read, "GET", ("t",)))) is errors.ProtocolError


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [300, 304, 305])
async def test_a_redirect_that_names_no_place_is_an_error_on_a_read(
    connect: Connect, vendor: Any, read: Operation, caught: Any, status: int
) -> None:
    vendor.answers(status, body=b"")
    error = await caught(connect(vendor).send(read, "GET", ("t",)))
    assert (type(error), error.status) == (errors.ProtocolError, status)
    assert ("redirect" in str(error)) is (status != 304)
    assert ("caches" in str(error)) is (status == 304)
