"""What tells that a write was accepted whose record is not read."""

from __future__ import annotations

from typing import Any

import pytest

from helpdesk_bridge.transport.acceptance import is_accepted
from tests.work import instructions

DENIED: list[Any] = [
    *({"status": word} for word in ("rejected", "ERR", "not_found", "invalid", "unsuccessful")),
    *({"result": word} for word in ("NG", "KO", "refused", False, 0)),
    *({name: False} for name in ("sent", "accepted", "deleted", "data", "anything")),
    *({"success": word} for word in ("non", "", "FALSE ", [], {}, -1)),
    *({"deleted": word} for word in (0, "no", "never")),
    *({"code": code} for code in (-1, 403, "403", 40301)),
    *({"status": 0, "message": text} for text in ("", "Mail not accepted")),
    {"redirect": "/login"},
    {"status": {"code": 403}},
    {"status": {"type": "error"}},
    {"meta": {"code": 403, "error_type": "x"}},
    {"Response": {"Status": "Error"}},
    {"data": {"deleted": False}},
    {"success": True, "sent": False},
    [{"error": "x"}],
    ["error"],
    [{"status": "error", "message": "no"}],
    {"results": [{"success": False}]},
    {"results": [{"id": 7, "success": True}, {"success": False}]},
    *({"message": text} for text in ("Quota exceeded", "Ticket is locked", "You do not own this")),
    {"user": {"name": "Ada"}},
    {"warning": "not delivered"},
    {"type": "result", "message": "Message could not be sent."},
    {"id": 7, "error": "x"},
    {"id": "req_1", "message": "Quota exceeded"},
    "Nachricht konnte nicht gesendet werden",
    "Ticket not found",
    "Nothing was deleted.",
    "Messages sent must have a subject",
    "Message sent to nobody",
    "Deleted tickets cannot be deleted",
    "Your message was sent, but could not be delivered",
    "Undeleted",
    *("success: false", "Ticket deleted: false", "Tickets deleted = 0", "Message sent: no"),
    *("Done: 0 of 1", "Completed, 1 skipped", "Success. 0 rows affected"),
    *("OK. Mail server offline", "Ticket updated by another agent", "Ticket is sent for approval"),
    *({"message": text} for text in ("Message sent to moderation", "Reply saved as draft")),
    {"success": True, "message": "sent: 0"},
    {"success": True, "message": "Your message was not sent"},
    *({"status": "success", "warning": text} for text in ("Nothing was mailed", "0 of 2 sent")),
    {"status": "success", "warning": "Mailbox full, nothing mailed"},
    {"deleted": None},
    {"results": []},
    {"success": True, "data": False},
    *({"id": "req_9", "redirect": where} for where in ("/login", "/tickets")),
    *({"id": "req_9", "status": word} for word in ("rejected", "open")),
    *({"success": word, "message": {"id": "m"}} for word in ("failed", -1, [], "nein")),
    {"message": {"id": "m", "success": False, "sent": False}},
    {"info": {"success": False}, "message": {"id": "m"}},
    {"data": {"id": "req_1", "message": "Quota reached"}},
    "ERROR",
    False,
    0,
    -1,
    403,
    1e999,
    float("-inf"),
]
ACCEPTED: list[Any] = [
    None,
    {},
    [],
    True,
    1,
    {"type": "result"},
    {"message": None, "data": None},
    *({"success": word} for word in (True, "true", "OK", 1)),
    *({"status": word} for word in ("success", "ok", "done", 200, "204", 1)),
    {"success": True, "message": "Sent. Missing subject was replaced."},
    {"success": True, "message": "Ticket will be purged if not restored within 30 days"},
    {"status": "success", "message": "No errors"},
    {"status": "ok", "message": "Message queued; it will not be sent before 10:00"},
    {"code": 0, "msg": "ok", "data": None},
    {"id": 7},
    {"id": 7, "subject": "error", "status": "rejected", "read": False, "failed": True},
    {"data": {"id": 7, "subject": "Not found", "spam": False}},
    {"ticket": {"id": "7", "deleted_at": "2026-01-02"}, "request_id": "r-1"},
    {"id": "job_9", "success": True},
    {"status": "success", "data": {"is_private": False}},
    {"success": True, "item": {"attachments_count": 0}},
    {"errorCode": 200, "errorMessage": "OK", "data": {"id": 7}},
    {"id": 7, "subject": "Export", "sent": False, "deleted": False},
    {"ticket": {"id": "7", "status": "open"}},
    "OK",
]
MADE: list[Any] = [
    {"type": "result", "message": "Message has been sent."},
    {"type": "result", "message": "Message sent.", "ticketID": 7},
    {"result": "Message created"},
    *({"status": word} for word in ("sent", "created", "queued", "scheduled")),
    *({word: True} for word in ("sent", "created", "added", "queued", "delivered")),
    *(f"Reply {word}." for word in ("sent", "created", "added", "posted", "queued")),
]
CHANGED: list[Any] = [
    "The ticket status has been updated successfully!",
    "Ticket changed.",
    "Ticket edited.",
    {"message": "Ticket was modified"},
    {"status": "updated"},
    {"updated": True},
]
MADE_OR_CHANGED: list[Any] = [
    *("Ticket saved.", "Saved", {"saved": 1}),
    *("Accepted.", {"status": "accepted"}, {"accepted": True}),
]
DELETED: list[Any] = [
    {"message": "Object deleted."},
    *({name: "deleted"} for name in ("status", "success")),
    *({"deleted": word} for word in (True, 1, "2026-01-02T03:04:05Z")),
    *({name: True} for name in ("removed", "destroyed", "trashed")),
    "Ticket removed.",
    "Ticket deleted.",
    "Ticket moved to trash and will be purged after 30 days.",
    "Sent to the trash.",
    "Successfully deleted ticket #7",
    "Ticket 7 was moved to trash. This cannot be undone.",
    "Deleted. It can't be restored.",
    'Ticket "Login error" deleted',
    "1 ticket deleted, 0 failed",
]
OPERATIONS: dict[str, dict[str, Any]] = {
    "make": {},
    "change": {"ticket_id": "7"},
    "delete": {"ticket_id": "7", "deletes": True},
}
DEEDS: list[tuple[list[Any], tuple[str, ...]]] = [
    (MADE, ("make",)),
    (CHANGED, ("change",)),
    (MADE_OR_CHANGED, ("make", "change")),
    (DELETED, ("delete",)),
    (["Done.", "Processed", {"completed": True}], ("make", "change", "delete")),
    (["Message has been sent and the ticket status was updated."], ("make", "change")),
    (["Ticket deleted and the customer was updated."], ("change", "delete")),
    (["Ticket closed.", "Ticket archived.", {"status": "archived"}], ()),
]


@pytest.mark.parametrize("data", DENIED)
def test_what_denies_or_is_no_explicit_yes_is_not_accepted(data: Any) -> None:
    assert not is_accepted(data)
    assert not is_accepted(data, "7")


@pytest.mark.parametrize("data", ACCEPTED)
def test_a_yes_an_id_or_nothing_that_denies_is_accepted(data: Any) -> None:
    assert is_accepted(data)
    assert is_accepted(data, "7")


@pytest.mark.parametrize(("answers", "operations"), DEEDS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_only_the_deed_of_the_operation_is_a_yes(
    operation: str, answers: list[Any], operations: tuple[str, ...]
) -> None:
    for data in answers:
        if operation == "change" and "ticketID" in data:
            continue  # named by its id
        yes = is_accepted(data, **OPERATIONS[operation])
        assert yes is (operation in operations), data
        assert is_accepted({"success": True, "data": data}, **OPERATIONS[operation]), data


@pytest.mark.parametrize(
    "data",
    [
        {"id": 8},
        {"type": "item", "item": {"id": 8, "title": "Another"}},
        {"ticket": {"id": "8", "subject": "Another"}},
        {"ticket_id": 8},
    ],
)
def test_the_record_of_another_ticket_is_no_yes(data: Any) -> None:
    assert not is_accepted(data, "7")
    assert is_accepted(data, "8")


@pytest.mark.parametrize(
    "data",
    [
        {"message_id": 77},
        {"status": "success", "data": {"message_id": 12, "is_private": False}},
        {"status": "success", "item": {"messageID": 12, "attachments_count": 0}},
        {"message": {"id": "m"}},
        {"message": {"id": "m", "status": "queued", "delivered": False, "is_private": False}},
        {"data": {"id": "m_7", "content": "not sent", "sent": False}},
    ],
    ids=repr,
)
def test_the_id_of_what_was_made_is_a_yes(data: Any) -> None:
    assert is_accepted(data)


@pytest.mark.parametrize(
    "data",
    [
        {"data": {"id": 7, "subject": "Export", "deleted_at": None}},
        {"success": True, "data": {"id": 7, "subject": "Export", "deleted_at": None}},
        {"data": {"id": 7, "status": "locked", "message": "ticket is locked"}},
        {"ticket": {"id": 7, "subject": "Export", "status": "open"}},
        {"ticket": {"id": 7, "subject": "Export", "deleted": False}},
        {"id": 7, "message": "Quota reached"},
    ],
    ids=repr,
)
def test_a_record_that_lives_was_not_surely_deleted(data: Any) -> None:
    assert not is_accepted(data, "7", deletes=True)


@pytest.mark.parametrize(
    "data",
    [
        {"id": 7},
        {"deleted_at": "2026-01-02T03:04:05Z"},
        {"data": {"id": 7, "subject": "Not found", "deleted_at": "2026-01-02"}},
        {"data": {"id": 7, "subject": "Not found", "status": "Deleted"}},
        {"ticket": {"id": 7, "subject": "Not found", "deleted": True}},
        {"success": True, "ticket": {"id": 7, "subject": "Not found"}},
        {"message": "Object deleted."},
    ],
    ids=repr,
)
def test_a_record_that_is_gone_was_deleted(data: Any) -> None:
    assert is_accepted(data, "7", deletes=True)


OF_SOMETHING_ELSE: list[Any] = [
    *({"message": f"{what} deleted"} for what in ("Ticket 8", "Ticket #8", "#8", "Customer")),
    *({"message": text} for text in ("1 message deleted", "Reply deleted.", "8 was deleted")),
    *({"message": text} for text in ("Ticket created", "Reply sent", "Request accepted")),
    *({"deleted": ids} for ids in ([8], ["8"], 8, ["tkt_8"])),
    {"tickets": []},
    *({"success": True, name: 0} for name in ("deletedCount", "affected", "affected_rows")),
    {"success": True, "deleted_count": "0"},
    {"success": True, "count": 0},
    {"success": True, "message": "Ticket #8 deleted"},
]


@pytest.mark.parametrize("data", OF_SOMETHING_ELSE, ids=repr)
def test_the_deletion_of_something_else_or_of_nothing_is_no_yes(data: Any) -> None:
    assert not is_accepted(data, "7", deletes=True)


@pytest.mark.parametrize(
    "data",
    [
        *({"deleted": ids} for ids in ([7], ["7"], 7, 1, [7, 8])),
        {"deletedCount": 1},
        {"success": True, "deletedCount": 1, "failedCount": 0},
        {"message": "Ticket 7 deleted"},
        {"message": "Ticket deleted. It will be purged within 30 days"},
        *({"message": f"{noun} deleted."} for noun in ("Item", "Conversation", "Case", "Record")),
    ],
    ids=repr,
)
def test_the_deletion_of_this_ticket_is_a_yes(data: Any) -> None:
    assert is_accepted(data, "7", deletes=True)


TAKEN_BACK: list[Any] = [
    *({"success": True, name: ["7"]} for name in ("failedIds", "skipped", "not_found", "denied")),
    {"success": True, "failedIds": ["7"], "ticket_id": "7"},
    {"success": True, "skippedCount": 1},
    {"success": True, "rejected": {"7": "locked"}},
    *({"success": True, "data": {"7": word}} for word in (False, 0, None, "failed", "not_found")),
    {"success": True, "7": "locked: permission denied"},
    *({"success": True, name: []} for name in ("deletedTickets", "tickets", "ids", "rows")),
    {"success": True, "deletedTickets": [], "took": "12 ms"},
    *({"status": "success", name: 0} for name in ("data", "rows", "rowCount", "n")),
    {"success": True, "data": {"rows": 0}},
]


@pytest.mark.parametrize("data", TAKEN_BACK, ids=repr)
def test_a_yes_is_taken_back_by_what_stands_beside_it(data: Any) -> None:
    assert not is_accepted(data, "7", deletes=True)


@pytest.mark.parametrize(
    "data",
    [
        *({"success": True, name: []} for name in ("errors", "warnings", "data", "failedIds")),
        *({"success": True, name: None} for name in ("data", "error", "skipped")),
        {"success": True, "warnings": ["Attachments are purged later"]},
        {"success": True, "data": {"7": True}},
        {"success": True, "data": {"7": "deleted"}},
        {"success": True, "deleted": 1, "failed": 0, "skipped": 0, "remaining": 0},
        {"success": True, "rows": 1, "warnings": 0},
        {"success": True, "code": 0, "data": {}},
        {"success": True, "deletedTickets": ["7"], "failedTickets": []},
        {"success": True, "ticket": {"id": 7, "subject": "x", "failed": True, "replies": 0}},
        {"success": True, "duration": 0, "request_id": "r-1"},
    ],
    ids=repr,
)
def test_an_honest_answer_to_a_deletion_is_a_yes(data: Any) -> None:
    assert is_accepted(data, "7", deletes=True)


MADE_WHOLE: dict[str, Any] = {"message": {"id": "msg_9", "type": "response", "content": "x"}}
BESIDE: list[dict[str, Any]] = [
    *({name: False} for name in ("sent", "delivered", "queued", "updated")),
    {"updated": []},
    {"accepted": [], "rejected": []},
    {"ticket": {"id": "t", "status": "failed"}},
    {"status": 0},
    {"warning": "Reply added; not sent by email"},
]


@pytest.mark.parametrize("beside", BESIDE, ids=repr)
def test_what_came_back_whole_was_made_whatever_became_of_its_mail(beside: dict[str, Any]) -> None:
    assert is_accepted({**MADE_WHOLE, **beside})
    assert is_accepted({"data": MADE_WHOLE["message"], **beside})
    assert not is_accepted({**beside, "success": False, **MADE_WHOLE})


@pytest.mark.parametrize(
    "beside",
    [
        {"created": False},
        {"added": []},
        {"error": "x"},
        {"success": "no"},
        {"warning": "Not created"},
    ],
    ids=repr,
)
def test_what_came_back_whole_is_denied_by_words_of_making_it(beside: dict[str, Any]) -> None:
    assert not is_accepted({**MADE_WHOLE, **beside})


def test_a_figure_of_the_record_itself_is_no_count_of_what_was_done() -> None:
    assert is_accepted({"ticket": {"id": 7, "subject": "x", "count": 0, "updated_count": 0}}, "7")


def test_a_made_record_may_tell_its_type_and_nothing_else() -> None:
    assert is_accepted({"data": {"id": "m1", "type": "note"}})


@pytest.mark.parametrize(
    "text",
    [
        "Message sent to customer.",
        "Message sent to the requester.",
        "Message was sent to li@c.example.",
        "Message has been sent and the ticket was solved.",
        "Message scheduled for 2026-12-01 10:00:00.",
        "Message scheduled for 2026-12-01 10:00 UTC.",
        "Note added to ticket.",
    ],
)
def test_a_deed_may_say_to_whom_and_when(text: str) -> None:
    assert is_accepted({"type": "result", "message": text})
    assert not is_accepted({"type": "result", "message": text}, "7", deletes=True)


@pytest.mark.parametrize(
    "text", ["The ticket has been closed.", "Ticket status changed to closed.", "Changes applied."]
)
def test_where_the_ticket_is_read_next_only_a_denial_counts(text: str) -> None:
    assert is_accepted({"type": "result", "message": text}, "7", read_next=True)
    for denial in ("Ticket was not changed.", "Permission denied", "Nothing was updated"):
        assert not is_accepted({"type": "result", "message": denial}, "7", read_next=True)
    assert not is_accepted({"message": text, "success": False}, "7", read_next=True)


def nested(value: Any, *sizes: int) -> Any:
    for size in sizes:
        value = [value] * size
    return value


DEEP = nested(False, *[1] * 5000)
LARGE: list[Any] = [
    DEEP,
    nested("ab", 100, 100, 18),
    nested("deleted", 100, 100, 18),
    nested({"a": "x" * 100_000}, 1000),
    {f"k{number}": "x" for number in range(100_000)},
    {"results": nested({"name": "x", "text": "y" * 1000}, 1000)},
    {"data": nested(nested({"status": "deleted"}, 100), 100), "meta": {}},
]


@pytest.mark.parametrize("data", LARGE, ids=range(len(LARGE)))
def test_of_what_is_deep_or_large_little_is_looked_at(data: Any) -> None:
    assert instructions(lambda: is_accepted(data, "7", deletes=True)) < 150_000
    assert instructions(lambda: is_accepted(data)) < 150_000


@pytest.mark.parametrize("data", LARGE, ids=range(len(LARGE)))
def test_what_was_not_looked_at_leaves_the_write_in_doubt(data: Any) -> None:
    for answer in (data, {"payload": data}, [data]):
        assert not is_accepted(answer)
        assert not is_accepted(answer, "7")
        assert not is_accepted(answer, "7", deletes=True)


@pytest.mark.parametrize("data", LARGE, ids=range(len(LARGE)))
def test_a_plain_yes_at_the_top_is_one_whatever_stands_beneath(data: Any) -> None:
    assert is_accepted({"payload": data, "success": True})
    assert is_accepted({"payload": data, "message": "Ticket deleted."}, "7", deletes=True)
    assert is_accepted({"payload": data, "ticket": {"id": 7}}, "7")
    assert not is_accepted({"payload": data, "ticket": {"id": 7}}, "7", deletes=True)
    assert not is_accepted({"payload": data, "success": False})
    assert not is_accepted({"payload": data, "success": True, "result": {"status": "failed"}})
