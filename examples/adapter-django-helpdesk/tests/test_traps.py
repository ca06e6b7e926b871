"""What django-helpdesk does that hurts, and that it does not happen here."""

from __future__ import annotations

from typing import Any

import pytest
from helpdesk_bridge import Helpdesk, Upload, kit
from helpdesk_bridge.kit import Audience, Capability, MessageType, Party, Role, Status, errors
from live import AGENT, CUSTOMER, DjangoWitness, Server, account

from helpdesk_bridge_django_helpdesk import DjangoHelpdeskSettings, wire

WORDS = "these words are of one message"
PARTNER = "bank@partner.example"
pytestmark = pytest.mark.asyncio


async def made(desk: Helpdesk, **fields: Any) -> kit.Ticket:
    """Create a ticket."""
    return await desk.create_ticket(
        **{"subject": "Invoice 4711", "requester": CUSTOMER, "text": "Paid twice.", **fields}
    )


def count(server: Server) -> int:
    """Return how many follow-ups the first ticket has."""
    return len(server.ask("follow_ups", ticket=1))


# -- notes and mail --------------------------------------------------------------------------


async def test_a_note_is_kept_from_those_in_copy(strict: Server) -> None:
    """Where the site says that private follow-ups mail nobody."""
    opened = account(strict)
    async with opened.open() as desk:
        ticket = await made(desk)
        strict.ask("copy_to", ticket=1, email=PARTNER)
        await desk.note(ticket, text=WORDS)
        await desk.reply(ticket, text=WORDS, send_email=False)
    assert await opened.witness.letters() == []


async def test_elsewhere_there_are_no_notes_and_the_reason_says_what_to_do(plain: Server) -> None:
    """By default the vendor mails them."""
    async with account(plain).open() as desk:
        ticket = await made(desk)
        with pytest.raises(errors.UnsupportedCapability, match="silent_notes"):
            await desk.note(ticket, text=WORDS)
        with pytest.raises(errors.UnsupportedCapability, match="silent_notes"):
            await desk.reply(ticket, text=WORDS, send_email=False)


async def test_a_note_that_was_mailed_all_the_same_is_told(plain: Server) -> None:
    """silent_notes was set, and the site is not so."""
    opened = account(plain, silent_notes=True)
    async with opened.open() as desk:
        ticket = await made(desk)
        plain.ask("copy_to", ticket=1, email=PARTNER)
        with pytest.raises(errors.PartlyDone, match="PRIVATE_FOLLOWUP") as caught:
            await desk.note(ticket, text=WORDS)
    assert caught.value.message_id == "2"
    assert [letter.recipients for letter in await opened.witness.letters()] == [{PARTNER}]


async def test_a_reply_that_reached_nobody_is_told(plain: Server) -> None:
    """A ticket need not have an address here."""
    opened = account(plain)
    async with opened.open() as desk:
        ticket = await made(desk)
        plain.ask("arrange", ticket=1, submitter_email="")
        with pytest.raises(errors.PartlyDone, match="nobody was mailed") as caught:
            await desk.reply(ticket, text=WORDS, send_email=True)
    assert (caught.value.ticket_id, caught.value.message_id) == ("1", "2")
    assert await opened.witness.letters() == []


async def test_a_reply_whose_publishing_fails_stays_a_note_and_says_so(strict: Server) -> None:
    """It must not be sent again as a whole."""
    account(strict)

    async def broken(request: kit.Request, handler: kit.Handler) -> kit.Response:
        if request.operation.name == "publish":
            raise errors.VendorUnavailable("the vendor failed.")
        return await handler(request)

    async with Helpdesk(strict.settings(), middlewares=[broken]) as desk:
        ticket = await made(desk)
        with pytest.raises(errors.PartlyDone) as caught:
            await desk.reply(ticket, text=WORDS, send_email=False)
        assert caught.value.message_id == "2"
        read = [message.type async for message in desk.messages(ticket)]
    assert read == [MessageType.REQUEST, MessageType.NOTE]


@pytest.mark.parametrize("status", [Status.CLOSED, Status.RESOLVED])
async def test_the_words_of_a_closing_reply_reach_the_customer(
    plain: Server, status: Status
) -> None:
    """The vendor's mail on closing shows the ticket's earlier resolution in their place."""
    opened = account(plain)
    async with opened.open() as desk:
        ticket = await made(desk)
        plain.ask("arrange", ticket=1, resolution="An older text.")
        await desk.reply(ticket, text=f"{WORDS}\nand more", send_email=True, status=status)
        assert (await desk.ticket("1")).status is status
    assert [letter.text for letter in await opened.witness.letters()] == [f"{WORDS}\nand more"]


@pytest.mark.parametrize("key", ["title", "new_status", "attachments", "public", "comment"])
async def test_extra_cannot_rename_the_ticket_nor_choose_another_mail(
    plain: Server, key: str
) -> None:
    """A title in a follow-up is the ticket's."""
    async with account(plain).open() as desk:
        ticket = await made(desk)
        with pytest.raises(errors.InvalidArgument):
            await desk.reply(ticket, text=WORDS, send_email=True, extra={key: "3"})
        await desk.reply(ticket, text=WORDS, send_email=True, extra={"time_spent": "00:10"})
        assert (await desk.ticket("1")).subject == "Invoice 4711"
    assert count(plain) == 2


async def test_a_reply_to_a_ticket_that_is_not_there_is_not_found(plain: Server) -> None:
    """The vendor says 400."""
    async with account(plain).open() as desk:
        with pytest.raises(errors.NotFound):
            await desk.reply("4711", text=WORDS, send_email=True)


# -- tickets ---------------------------------------------------------------------------------


async def test_a_ticket_whose_second_step_fails_is_told_and_mails_nobody(plain: Server) -> None:
    """There is no user 99."""
    opened = account(plain)
    async with opened.open() as desk:
        with pytest.raises(errors.PartlyDone) as caught:
            await made(desk, assignee=Party(id="99"))
        assert caught.value.ticket_id == "1"
        assert isinstance(caught.value.failure, errors.ValidationFailed)
    assert plain.ask("letters") == []


async def test_a_new_ticket_mails_neither_customer_nor_agent(plain: Server) -> None:
    """With everything that can be given at once."""
    account(plain)
    async with account(plain).open() as desk:
        ticket = await made(
            desk,
            status=Status.ON_HOLD,
            priority=kit.Priority.URGENT,
            assignee=Party(id="1"),
            attachments=[Upload("a.txt", data=b"a")],
        )
        assert (ticket.status, ticket.priority) == (Status.ON_HOLD, kit.Priority.URGENT)
        assert ticket.assignee == Party(id="1", role=Role.AGENT)
        (message,) = (await desk.messages(ticket)).items
        assert [file.name for file in message.attachments] == ["a.txt"]
        assert message.author.email == CUSTOMER
    assert plain.ask("letters") == []


@pytest.mark.parametrize("key", ["submitter_email", "title"])
async def test_extra_cannot_have_the_customer_mailed(plain: Server, key: str) -> None:
    """The address would cause an acknowledgement."""
    async with account(plain).open() as desk:
        with pytest.raises(errors.InvalidArgument):
            await made(desk, extra={key: CUSTOMER})


async def test_people_whom_no_ticket_names_cannot_be_filtered_by(plain: Server) -> None:
    """The list would be empty without a word."""
    async with account(plain).open() as desk:
        await made(desk, assignee=Party(id="1"))
        for unknown in (AGENT, Party(name="Ada")):
            with pytest.raises(errors.InvalidArgument):
                await desk.tickets(assignee=unknown)
        with pytest.raises(errors.InvalidArgument):
            await desk.tickets(requester=Party(id="1"))
        assert len(await desk.tickets(assignee=Party(id="1", email=AGENT))) == 1


async def test_a_page_past_the_end_is_the_end(plain: Server) -> None:
    """The vendor says 404."""
    async with account(plain).open() as desk:
        await made(desk)
        page = await desk.adapter.list_tickets(kit.TicketQuery(), kit.Cursor("3"))
        assert (page.next, page.listed) == (None, 1)


async def test_a_site_without_the_api_is_no_empty_list(plain: Server) -> None:
    """A 404, too."""
    async with account(plain, mounted_at="elsewhere").open() as desk:
        with pytest.raises(errors.NotFound):
            await desk.tickets()
        with pytest.raises(errors.NotFound):
            await desk.adapter.list_tickets(kit.TicketQuery(), kit.Cursor("3"))


async def test_the_api_may_be_mounted_below_the_root(plain: Server) -> None:
    """Files are below the root all the same."""
    async with account(plain, mounted_at="below/helpdesk").open() as desk:
        ticket = await made(desk, attachments=[Upload("a.txt", data=b"words")])
        (message,) = (await desk.messages(ticket)).items
        async with desk.open_attachment(message.attachments[0]) as chunks:
            assert b"".join([chunk async for chunk in chunks]) == b"words"


async def test_a_status_of_the_sites_own_is_unknown(plain: Server) -> None:
    """HELPDESK_TICKET_STATUS_CHOICES may name others."""
    async with account(plain).open() as desk:
        await made(desk)
        plain.ask("arrange", ticket=1, status=7)
        ticket = await desk.ticket("1")
        assert (ticket.status, ticket.vendor_status) == (Status.UNKNOWN, "7")


async def test_who_is_no_staff_has_no_right(plain: Server) -> None:
    """A 403 as for a wrong password, told apart by its text."""
    account(plain)
    async with Helpdesk(plain.settings(user="customer")) as desk:
        with pytest.raises(errors.PermissionDenied):
            await desk.tickets()


# -- messages and files ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "type_", "audience", "role"),
    [
        ({"public": True, "comment": "Hi"}, MessageType.REQUEST, "external", Role.CUSTOMER),
        (
            {"public": True, "comment": "After 3 days", "title": "Ticket Escalated"},
            *(MessageType.SYSTEM, "external", Role.SYSTEM),
        ),
        ({"public": False, "comment": "Hi"}, MessageType.SYSTEM, "internal", Role.SYSTEM),
        ({"public": False, "comment": "", "user_id": 1}, MessageType.SYSTEM, "internal", "agent"),
        ({"public": True, "comment": "", "user_id": 1}, MessageType.SYSTEM, "external", "agent"),
        ({"public": False, "comment": "Hi", "user_id": 1}, MessageType.NOTE, "internal", "agent"),
        (
            {"public": True, "comment": "Hi", "user_id": 1},
            MessageType.RESPONSE,
            "external",
            "agent",
        ),
    ],
)
async def test_a_follow_up_is_read_for_what_it_is(
    plain: Server, row: dict[str, Any], type_: MessageType, audience: str, role: str
) -> None:
    """A customer has no user, and neither has the helpdesk itself."""
    async with account(plain).open() as desk:
        ticket = await made(desk)
        plain.ask("follow_up", ticket_id=1, **row)
        message = (await desk.messages(ticket)).items[-1]
    assert (message.type, message.audience) == (type_, Audience(audience))
    assert message.author.role == role


async def test_who_was_mailed_is_told(plain: Server) -> None:
    """The vendor's email_recipients."""
    async with account(plain).open() as desk:
        ticket = await made(desk)
        await desk.reply(ticket, text=WORDS, send_email=True)
        message = (await desk.messages(ticket)).items[-1]
    assert [person.email for person in message.to] == [CUSTOMER]


@pytest.mark.parametrize(
    "file",
    [
        Upload("a.exe", data=b"MZ"),
        Upload("a.txt.EXE", data=b"MZ"),
        Upload("a" * 250 + ".txt", data=b"a"),
    ],
    ids=["type", "last type", "name"],
)
async def test_a_file_that_would_leave_half_a_message_is_refused(
    plain: Server, file: Upload
) -> None:
    """The vendor stores the message, then says 500."""
    opened = account(plain)
    async with opened.open() as desk:
        ticket = await made(desk)
        before = opened.witness.requests()
        with pytest.raises(errors.InvalidArgument):
            await desk.reply(ticket, text=WORDS, send_email=True, attachments=[file])
        assert opened.witness.requests() == before
    assert count(plain) == 1


async def test_what_is_refused_is_what_the_vendor_would_choke_on(plain: Server) -> None:
    """A server of another configuration than ours: nothing is repeated, and it is told."""
    async with account(plain, file_types=(".exe",)).open() as desk:
        ticket = await made(desk)
        files = [Upload("a.exe", data=b"MZ")]
        with pytest.raises(errors.OutcomeUnknown):
            await desk.reply(ticket, text=WORDS, send_email=True, attachments=files)
    assert count(plain) == 2


async def test_files_of_every_allowed_kind_are_taken(plain: Server) -> None:
    """Whatever their case, and without any."""
    names = ["a.TXT", "b.png", "README", ".txt", "Größe.txt"]
    async with account(plain).open() as desk:
        ticket = await made(desk)
        files = [Upload(name, data=b"words") for name in names]
        await desk.reply(ticket, text=WORDS, send_email=True, attachments=files)
        message = (await desk.messages(ticket)).items[-1]
        assert sorted(str(file.name) for file in message.attachments) == sorted(names)
        for file in message.attachments:
            async with desk.open_attachment(file) as chunks:
                assert b"".join([chunk async for chunk in chunks]) == b"words"


async def test_an_inline_image_and_a_message_of_images_are_refused(plain: Server) -> None:
    """There is neither here."""
    async with account(plain).open() as desk:
        ticket = await made(desk)
        image = Upload("a.png", data=b"png", content_id="a@b")
        html = '<p>See <img src="cid:a@b"></p>'
        with pytest.raises(errors.InvalidArgument, match="inline"):
            await desk.reply(ticket, html=html, send_email=True, attachments=[image])
        with pytest.raises(errors.InvalidArgument, match="no words"):
            await desk.reply(ticket, html='<img src="https://a.example/b">', send_email=True)
    assert count(plain) == 1


@pytest.mark.parametrize(
    "link",
    [
        "https://elsewhere.example/media/a.txt",
        "https://desk.example.evil.example/media/a.txt",
        "https://desk.example:8443/media/a.txt",
        "http://desk.example/media/a.txt",
        "//desk.example/media/a.txt",
        "/media/a.txt",
    ],
)
async def test_a_file_elsewhere_is_not_fetched(link: str) -> None:
    """The credentials would go along."""
    with pytest.raises(errors.UnsafeURL):
        wire.file_path("https://desk.example", {"file": link})
    here = {"file": "https://desk.example/media/a/%C3%9Cber.txt"}
    assert wire.file_path("https://desk.example", here) == ["media", "a", "Über.txt"]


# -- settings --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({}, "token"),
        ({"user": "a"}, "password"),
        ({"password": "a"}, "user"),
        ({"user": "a", "password": "b", "token": "c"}, "token"),
        ({"user": "a:b", "password": "c"}, "user"),
        ({"token": "a b"}, "token"),
        ({"token": "a", "base_url": "http://desk.example"}, "base_url"),
        ({"token": "a", "mounted_at": "/helpdesk/"}, "mounted_at"),
        ({"token": "a", "mounted_at": "a//b"}, "mounted_at"),
        ({"token": "a", "file_types": ["pdf"]}, "file_types"),
        ({"token": "a", "file_types": [".PDF"]}, "file_types"),
    ],
)
async def test_settings_that_cannot_work_are_refused(given: dict[str, Any], key: str) -> None:
    """With the key that is wrong."""
    with pytest.raises(errors.ConfigurationError) as caught:
        DjangoHelpdeskSettings(**{"base_url": "https://desk.example", **given})
    assert caught.value.key == key


async def test_no_secret_is_shown(plain: Server) -> None:
    """Neither the password nor the user."""
    shown = repr(plain.settings(password="a-secret"))
    assert "a-secret" not in shown
    assert "user=" not in shown


async def test_a_deleted_ticket_takes_its_messages_along(plain: Server) -> None:
    """As the capability's reason says."""
    opened = account(plain)
    async with opened.open() as desk:
        await desk.delete_ticket(await made(desk))
        assert "good" in desk.capabilities[Capability.DELETE_TICKET].reason
    assert isinstance(opened.witness, DjangoWitness)
    assert count(plain) == 0
