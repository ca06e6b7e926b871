"""Each contradiction of Omnidesk's pages, by its number, and what is made of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from helpdesk_bridge_omnidesk import OmnideskSettings, wire

from helpdesk_bridge import Capability, Channel, Helpdesk, MessageType, Status, errors
from helpdesk_bridge.testing import StoredTicket
from tests.adapters.doubles import CUSTOMER, Caught, Connect, asked, ids, new_ticket
from tests.adapters.omnidesk.conftest import (
    NEW,
    PARTNER,
    SETTINGS,
    ScriptedFake,
    event_json,
    note_json,
    parts,
    posted,
    reads_entry,
    reads_ticket,
    refusal,
    said_json,
    write_everything,
)

TEXT = "We look into it."


async def reply(desk: Helpdesk, ticket: StoredTicket, **given: Any) -> Any:
    return await desk.reply(str(ticket.id), **{"text": TEXT, "send_email": True, **given})


@pytest.mark.parametrize("host", ["acme.omnidesk.ru", "acme.omnidesk.pro"])
def test_t01_the_other_omnidesk_is_not_taken_for_this_one(host: str) -> None:
    with pytest.raises(errors.ConfigurationError, match="another product of the same name"):
        OmnideskSettings(**{**SETTINGS, "base_url": f"https://{host}/api"})


@pytest.mark.asyncio
@pytest.mark.parametrize("tail", ["", "/api/v2", "/api/v2/"])
async def test_t02_the_path_is_added_once_to_whatever_host_is_configured(
    fake: ScriptedFake, connect_to: Connect, stored: StoredTicket, tail: str
) -> None:
    desk = connect_to(fake, base_url=fake.base_url.removesuffix("/api/v2") + tail)
    assert (await desk.ticket(str(stored.id))).id == str(stored.id)


def test_t02_the_host_is_never_guessed_nor_plain_http() -> None:
    for given in ({"base_url": "http://acme.omnidesk.com"}, {"base_url": "acme"}):
        with pytest.raises(errors.ConfigurationError):
            OmnideskSettings(**{**SETTINGS, **given})


@pytest.mark.asyncio
async def test_t03_the_key_is_not_taken_along_to_another_host(
    fake: ScriptedFake, desk: Helpdesk, start: Any, caught: Caught
) -> None:
    other: ScriptedFake = await start()
    headers = {"Location": f"{other.base_url}/ticket/7"}
    fake.script.add("GET", "/ticket/7", b"", 302, headers=headers)
    assert type(await caught(desk.ticket("7"))) is errors.UnsafeURL
    assert other.journal == []


@pytest.mark.asyncio
@pytest.mark.parametrize("channel", ["text", "1a", "01", "-1", "calllog ", "email"])
async def test_t04_a_channel_that_is_none_carries_no_message(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught, channel: str
) -> None:
    item = {**fake._full(stored), "channel_id": channel}
    fake.script.add("GET", f"/ticket/{stored.id}", {"item": item})
    assert type(await caught(reply(desk, stored))) is errors.InvalidArgument
    assert fake.posts() == []


@pytest.mark.asyncio
@pytest.mark.parametrize("channel", [7, "7", "calllog", "contactform"])
async def test_t04_a_reply_takes_the_tickets_channel(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, channel: Any
) -> None:
    item = {**fake._full(stored), "channel_id": channel}
    fake.script.add("GET", f"/ticket/{stored.id}", {"item": item})
    await reply(desk, stored)
    assert posted(fake)["type"] == str(channel)


@pytest.mark.asyncio
async def test_t05_a_note_is_of_the_configured_type_whatever_the_channel(
    fake: ScriptedFake, connect_to: Connect
) -> None:
    fake.note_type = "13"
    desk, types = connect_to(fake), []
    for channel in ("1", "8", "7"):
        ticket = new_ticket(fake.store, channel=Channel(id=channel))
        await desk.note(str(ticket.id), text=TEXT)
        types.append(dict(parts(fake.journal[-1]))["type"])
    assert (types, fake.store.outbox) == (["13"] * 3, [])


@pytest.mark.asyncio
async def test_t06_text_fields_alone_are_multipart_too(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    await reply(desk, stored)
    (exchange,) = fake.posts()
    assert exchange.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert dict(parts(exchange))["ticketID"] == str(stored.id)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("files", "names"),
    [
        ([7], ["forwardedFileIDs[0]"]),
        ([7, 8], ["forwardedFileIDs[0]", "forwardedFileIDs[1]"]),
    ],
)
async def test_t07_a_list_has_numbered_brackets(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, files: Any, names: Any
) -> None:
    extra = {"forwardedFileIDs": files}
    await desk.forward(str(stored.id), to=PARTNER, text=TEXT, extra=extra)
    assert [name for name in posted(fake) if "File" in name] == names


@pytest.mark.asyncio
@pytest.mark.parametrize("success", ["empty", "result"])
async def test_t08_an_accepted_message_has_no_id(
    start: Any, connect_to: Connect, success: str
) -> None:
    fake: ScriptedFake = await start(success=success)
    assert (await reply(connect_to(fake), new_ticket(fake.store))).id is None


@pytest.mark.asyncio
async def test_t09_a_ticket_left_empty_is_named_and_not_created_again(
    fake: ScriptedFake, desk: Helpdesk, caught: Caught
) -> None:
    fake.script.add("POST", "/email/newInboundMessage", refusal(), 400)
    error = await caught(desk.create_ticket(**NEW))
    assert isinstance(error, errors.PartlyDone)
    assert [error.ticket_id] == ids(fake.store.tickets.values())
    await desk.add_request(str(error.ticket_id), author=CUSTOMER, text="Where is it?")
    assert [len(ticket.messages) for ticket in fake.store.tickets.values()] == [1]


@pytest.mark.asyncio
async def test_t10_four_characters_are_refused_and_not_padded(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught
) -> None:
    error = await caught(reply(desk, stored, text="Okay"))
    assert (type(error), fake.journal) == (errors.InvalidArgument, [])
    await reply(desk, stored, text="Okay!")
    assert posted(fake)["plaintext"] == "Okay!"


@pytest.mark.asyncio
async def test_t11_addresses_are_joined_by_commas_alone(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    await reply(desk, stored, to=[CUSTOMER, PARTNER], cc="c@c.example", bcc="d@d.example")
    fields = posted(fake)
    assert fields["toAddress"] == f"{CUSTOMER},{PARTNER}"
    assert (fields["ccInput"], fields["bccInput"]) == ("c@c.example", "d@d.example")
    assert fake.store.outbox[0].recipients == {CUSTOMER, PARTNER, "c@c.example", "d@d.example"}


def test_t12_a_time_is_written_as_the_account_reads_it_and_kept_as_it_came() -> None:
    at = datetime(2026, 7, 1, 8, 0, 5, 999999, tzinfo=UTC)
    zone = OmnideskSettings(**SETTINGS).zone
    ticket = reads_ticket(created_at=wire.stamp(at, zone))
    assert ticket.raw["created_at"] == "2026-07-01 10:00:05"
    assert ticket.created_at == at.replace(microsecond=0)


@pytest.mark.asyncio
async def test_t13_one_stale_read_does_not_mean_that_it_was_not_sent(
    start: Any, connect_to: Connect
) -> None:
    fake: ScriptedFake = await start(stale_reads=2)
    ticket, desk = new_ticket(fake.store), connect_to(fake)
    found = await desk.complete(await reply(desk, ticket), delays=(0, 0, 0))
    assert found.id == f"message-{ticket.messages[-1].id}"


def test_t14_a_number_is_the_same_as_a_word() -> None:
    numbers = {"id": 7, "channel_id": 1, "assigned_user_id": 12, "customer_id": 5}
    words = {name: str(number) for name, number in numbers.items()}
    assert reads_ticket(**numbers) == reads_ticket(**words)


@pytest.mark.asyncio
async def test_t14_an_event_and_a_note_of_one_number_are_two_messages(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    entries = [event_json(id=7, ticket_id=stored.id), note_json(id="7", ticket_id=stored.id)]
    item = {**fake._full(stored), "timeline": entries}
    fake.script.add("GET", f"/ticket/{stored.id}", {"item": item}, times=2)
    messages = [message async for message in desk.messages(str(stored.id))]
    assert ids(messages) == ["event-7", "note-7"]
    assert (await desk.message(str(stored.id), "note-7")).type is MessageType.NOTE


@pytest.mark.parametrize("changes", [{"meta_data": "[]"}, {"meta_data": None}, {"pinned": "1"}])
def test_t15_what_is_written_in_several_ways_hinders_nothing(changes: Any) -> None:
    assert reads_entry(note_json(**changes)) == reads_entry(note_json())


@pytest.mark.asyncio
@pytest.mark.parametrize("timeline", [None, []])
async def test_t15_a_timeline_of_nothing_is_empty(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, timeline: Any
) -> None:
    item = {**fake._full(stored), "timeline": timeline}
    fake.script.add("GET", f"/ticket/{stored.id}", {"item": item})
    assert [message async for message in desk.messages(str(stored.id))] == []


@pytest.mark.asyncio
async def test_t16_an_address_is_no_search(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    new_ticket(fake.store, requester=fake.store.person(PARTNER))
    found = [ticket async for ticket in desk.tickets(requester=CUSTOMER)]
    assert ids(found) == [str(stored.id)]
    assert {name for name, _ in fake.journal[0].query} == {"itemStart", "itemLimit"}


@pytest.mark.asyncio
async def test_t16_a_plus_in_a_search_arrives_as_one(fake: ScriptedFake, desk: Helpdesk) -> None:
    await desk.tickets(text="a+b c&d=e")
    assert fake.journal[0].values("query") == ["a+b c&d=e"]


@pytest.mark.asyncio
async def test_t17_each_operation_spells_its_fields_its_own_way(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    await write_everything(desk, str(stored.id))
    spelled = {name for e in fake.posts() if e.method == "POST" for name, _ in parts(e)}
    assert {"ticketID", "brandID", "channelID", "externalID"} <= spelled
    assert not [name for name in spelled if "_" in name]


@pytest.mark.asyncio
async def test_t18_each_list_is_asked_for_no_more_than_it_takes(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    for pager in (desk.tickets(limit=50_000), desk.agents(), desk.customers(limit=50_000)):
        await pager
    assert [e.values("itemLimit") for e in fake.journal] == [["9999"], ["999"], ["99"]]


@pytest.mark.asyncio
async def test_t19_what_was_not_given_is_not_sent_and_so_not_erased(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    await desk.update_ticket(str(stored.id), subject="S")
    assert [e.body for e in fake.posts()] == [b"title=S"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "extra",
    [
        *({"assignedUserID": None}, {"labels": []}, {"labels": ()}, {"labels": {}}),
        *({"labels": [None]}, {"archived": False}, {"archived": True}),
        {"labels": [], "language": "en"},
    ],
)
@pytest.mark.parametrize("more", [{}, {"subject": "S"}])
async def test_t19_what_has_no_text_of_its_own_is_refused_and_not_left_out(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught, extra: dict[str, Any],
    more: dict[str, Any],
) -> None:  # fmt: skip
    error = await caught(desk.update_ticket(str(stored.id), extra=extra, **more))
    assert "write it as the vendor's text" in str(error)
    assert (type(error), fake.journal) == (errors.InvalidArgument, [])


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [Status.NEW, Status.OPEN, Status.PENDING, Status.ON_HOLD])
async def test_t20_a_ticket_is_only_solved_or_closed_by_an_update(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught, status: Status
) -> None:
    error = await caught(desk.update_ticket(str(stored.id), status=status))
    assert (type(error), fake.journal) == (errors.StatusNotAllowed, [])


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [Status.NEW, Status.CLOSED, Status.SPAM])
async def test_t20_a_status_that_no_message_can_set_is_refused_with_it(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket, caught: Caught, status: Status
) -> None:
    error = await caught(reply(desk, stored, status=status))
    assert (type(error), fake.journal) == (errors.StatusNotAllowed, [])


@pytest.mark.asyncio
async def test_t21_nothing_is_read_that_changes_by_being_read(
    fake: ScriptedFake, desk: Helpdesk, stored: StoredTicket
) -> None:
    await write_everything(desk, str(stored.id))
    await desk.tickets()
    assert {path.split("/")[1] for method, path, _ in asked(fake.journal) if method == "GET"} == {
        "ticket"
    }


@pytest.mark.parametrize("direction", ["outbound ", "xoutbound", "inbound|outbound", "Inbound"])
def test_t22_a_direction_that_only_looks_like_one_is_none(direction: str) -> None:
    assert reads_entry(said_json("outbound", direction=direction)).is_public is False


def test_t24_no_webhooks_are_promised(fake: ScriptedFake, connect_to: Connect) -> None:
    assert not connect_to(fake).capabilities.supports(Capability.WEBHOOKS)


@pytest.mark.asyncio
async def test_t25_both_figures_of_a_list_are_sent_and_no_empty_search(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    await desk.tickets()
    assert fake.journal[0].query == (("itemStart", "0"), ("itemLimit", "100"))


@pytest.mark.asyncio
async def test_t26_a_new_ticket_has_all_that_could_be_required(
    fake: ScriptedFake, desk: Helpdesk
) -> None:
    await desk.create_ticket(**NEW)
    fields = posted(fake, "/ticket")
    assert all(fields[n] for n in ("brandID", "channelID", "direction", "from", "to", "title"))
