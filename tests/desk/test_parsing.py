"""A vendor's own record becomes a ticket or a message of the desk, without a request."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import pytest
from attrs import frozen

import helpdesk_bridge as hb
from helpdesk_bridge.errors import Stage
from helpdesk_bridge.kit import Adapter
from helpdesk_bridge.testing import MemorySettings


@frozen
class PlainSettings:
    adapter: ClassVar[str] = "plain"


class Plain(Adapter):
    """Reads a record by its id, and keeps nothing."""

    name = "plain"
    settings_type = PlainSettings

    def parse_ticket(self, raw: Mapping[str, Any]) -> hb.Ticket:
        """Read its id."""
        return hb.Ticket(id=_id(raw), raw=raw)

    def parse_message(self, raw: Mapping[str, Any], ticket_id: str) -> hb.Message:
        """Read its id and its files."""
        files = tuple(hb.Attachment(id=one) for one in raw.get("files", ()))
        return hb.Message(id=_id(raw), ticket_id=ticket_id, attachments=files, raw=raw)


def _id(raw: Mapping[str, Any]) -> str:
    if "id" not in raw:
        raise hb.ProtocolError("$.id: it is missing.", path="$.id")
    return str(raw["id"])


def desk() -> hb.Helpdesk:
    return hb.Helpdesk(PlainSettings(), name="support", adapter=Plain)


def test_a_record_is_read_as_the_desk_reads_it() -> None:
    raw = {"id": 7}
    ticket = desk().parse_ticket(raw)
    assert (ticket.id, ticket.desk, ticket.vendor) == ("7", "support", "plain")
    assert ticket.raw is raw


def test_the_files_of_a_message_are_the_desks_too() -> None:
    message = desk().parse_message({"id": 8, "files": ["9"]}, "7")
    assert (message.id, message.ticket_id, message.desk) == ("8", "7", "support")
    assert [(file.id, file.desk, file.vendor) for file in message.attachments] == [
        ("9", "support", "plain")
    ]


def test_the_ticket_of_a_message_may_be_the_ticket() -> None:
    own = desk()
    assert own.parse_message({"id": 8}, own.parse_ticket({"id": 7})).ticket_id == "7"


def test_another_desks_ticket_is_refused() -> None:
    with pytest.raises(hb.InvalidArgument, match="another"):
        desk().parse_message({"id": 8}, hb.Ticket(id="7", desk="another", vendor="plain"))


@pytest.mark.parametrize("bad", ["../7", "", 7, None])
def test_what_is_no_ticket_is_refused(bad: Any) -> None:
    with pytest.raises(hb.InvalidArgument):
        desk().parse_message({"id": 8}, bad)


@pytest.mark.parametrize("bad", [None, "{}", b"{}", [], 7, {1: "SECRET"}, hb.Ticket(id="1")])
def test_what_is_no_record_is_refused(bad: Any) -> None:
    own = desk()
    for call in (lambda: own.parse_ticket(bad), lambda: own.parse_message(bad, "7")):
        with pytest.raises(hb.InvalidArgument, match="raw must be the vendor's own record") as told:
            call()
        assert (told.value.desk, told.value.vendor) == ("support", "plain")
        assert "SECRET" not in str(told.value)


def test_another_mapping_than_a_dict_will_do() -> None:
    ticket = desk().parse_ticket(MappingProxyType({"id": 7}))
    assert type(ticket.raw) is dict


@pytest.mark.parametrize(
    ("operation", "call"),
    [
        ("parse_ticket", lambda own: own.parse_ticket({})),
        ("parse_message", lambda own: own.parse_message({}, "7")),
    ],
)
def test_an_error_names_the_call_and_the_desk(operation: str, call: Any) -> None:
    with pytest.raises(hb.ProtocolError) as told:
        call(desk())
    error = told.value
    assert (error.operation, error.desk, error.path) == (operation, "support", "$.id")
    assert (error.stage, error.retryable) == (Stage.READING, False)
    assert error.ticket_id == ("7" if operation == "parse_message" else None)


def test_a_desk_whose_adapter_cannot_says_so() -> None:
    own = hb.Helpdesk(MemorySettings())
    for call in (lambda: own.parse_ticket({}), lambda: own.parse_message({}, "7")):
        with pytest.raises(hb.UnsupportedCapability, match="cannot read records of its vendor's"):
            call()


@pytest.mark.asyncio
async def test_a_closed_desk_reads_nothing() -> None:
    own = desk()
    await own.aclose()
    with pytest.raises(hb.DeskClosed):
        own.parse_ticket({"id": 7})


@pytest.mark.asyncio
async def test_it_needs_no_event_loop_and_works_within_one() -> None:
    own, found = desk(), []
    assert own.parse_ticket({"id": 7}).id == "7"
    worker = threading.Thread(target=lambda: found.append(own.parse_ticket({"id": 8}).id))
    worker.start()
    worker.join()
    assert found == ["8"]
    await own.aclose()


def test_a_ticket_that_left_the_process_with_its_record_can_be_read_anew() -> None:
    own = desk()
    kept = hb.to_dict(own.parse_ticket({"id": 7}), raw=True)
    assert own.parse_ticket(kept["raw"]) == hb.from_dict(hb.Ticket, kept)
