"""The vendors' pages that are read, made once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

PER_PAGE = 50
PAGES = 4
"""Pages of a conversation: 200 messages."""
LIST_PAGES = 40
_BEGAN = datetime(2026, 2, 3, 9, 10, 11, tzinfo=UTC)


def _at(number: int) -> str:
    """Return when this message or ticket was made."""
    return (_BEGAN + timedelta(minutes=number)).isoformat()


def _html(number: int) -> str:
    sentence = "<p>The export stops at 90 percent, on three machines and in two browsers.</p>"
    return f"<p>Number {number}.</p>" + 15 * sentence  # about 1.2 kB


def _helpspace_message(number: int) -> dict[str, Any]:
    customer = number % 2 == 0
    media = {
        "url": f"https://api.helpspace.com/api/v1/media/attachment/{number}",
        "file_type": "document",
        "file_name": "export.log",
        "mime_type": "text/plain",
        "size": 88102,
        "created_at": _at(number),
    }
    return {
        "id": number,
        "subject": "Export stops at 90 percent",
        "from_contact": {
            "id": 20931 if customer else 31,
            "user_id": 18440 if customer else 12,
            "name": "Ines Okafor" if customer else "Tomasz",
            "value": "ines@northpier.example" if customer else "tomasz@brightloom.example",
            "type": "email",
        },
        "type": "external" if number % 5 else "internal",
        "to": ["help@brightloom.example"],
        "cc": ["li@northpier.example"] if number % 3 == 0 else [],
        "bcc": [],
        "body": _html(number),
        "inline_images": [],
        "attachments": [{"id": 3 * number + i, **media} for i in range(number % 3)],
        "created_at": _at(number),
    }


def _helpspace_ticket(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "subject": "Export stops at 90 percent",
        "channel": {"id": 4, "name": "Support", "value": "help@brightloom.example"},
        "from_contact": {
            "id": 20931,
            "user_id": 18440,
            "name": "Ines Okafor",
            "value": "ines@northpier.example",
            "type": "email",
        },
        "status": "open",
        "assignee": {"id": 12, "name": "Tomasz", "email": "tomasz@brightloom.example"},
        "team": {"id": 3, "name": "Exports"},
        "tags": ["export", "bug"],
        "custom_fields": {"plan": "gold"},
        "created_at": _at(number),
        "updated_at": _at(number),
        "deleted_at": None,
    }


def _collection(data: list[Any], page: int, last: int) -> bytes:
    meta = {
        "current_page": page,
        "last_page": last,
        "per_page": PER_PAGE,
        "total": last * PER_PAGE,
    }
    links = {"next": f"?page={page + 1}" if page < last else None}
    return orjson.dumps({"data": data, "links": links, "meta": meta})


def _numbers(page: int) -> range:
    return range(1000 + (page - 1) * PER_PAGE, 1000 + page * PER_PAGE)


def _airclou_message(number: int) -> dict[str, Any]:
    return {
        "id": f"msg_{number}",
        "ticketId": "tkt_1",
        "type": ("request", "response", "note")[number % 3],
        "content": _html(number),
        "authorId": "usr_c91",
        "attachments": [
            {"id": f"att_{i}", "name": "log.txt", "size": 812, "mimeType": "text/plain"}
            for i in range(number % 3)
        ],
        "ccs": [{"email": "li@northpier.example", "name": "Li"}] if number % 3 == 0 else [],
        "createdAt": _at(number),
        "updatedAt": _at(number),
    }


def _omnidesk_entry(number: int) -> dict[str, Any]:
    inbound = number % 2 == 0
    return {
        "type": "message",
        "id": number,
        "channel_id": 1,
        "direction": "inbound" if inbound else "outbound",
        "content": _html(number),
        "user_id": None if inbound else 12,
        "user_name": None if inbound else "Tomasz",
        "from": "ines@northpier.example" if inbound else "help@acme.example",
        "from_name": "Ines Okafor" if inbound else "Acme",
        "to": "help@acme.example" if inbound else "ines@northpier.example",
        "created_at": _at(number)[:19].replace("T", " "),
    }


def _omnidesk_ticket() -> dict[str, Any]:
    entries = range(1000, 1000 + PAGES * PER_PAGE)
    return {
        "id": 1,
        "title": "Export stops at 90 percent",
        "status": "open",
        "priority": "medium",
        "direction": "inbound",
        "channel_id": 1,
        "brand_id": 2,
        "customer_id": 70012,
        "from": "ines@northpier.example",
        "from_name": "Ines Okafor",
        "to": "help@acme.example",
        "assigned_user_id": 12,
        "created_at": "2026-02-03 10:10:11",
        "last_update": "2026-02-03 10:30:00",
        "show_timeline": 1,
        "timeline": [_omnidesk_entry(number) for number in entries],
    }


def all_pages() -> dict[tuple[str, int], bytes]:
    """Return the answers by the kind of page and its number."""
    made = {("ping", 1): b'{"ok":true}', ("made", 1): orjson.dumps({"data": {"id": 7}})}
    for page in range(1, PAGES + 1):
        messages = [_helpspace_message(number) for number in _numbers(page)]
        made["messages", page] = _collection(messages, page, PAGES)
        made["airclou", page] = orjson.dumps(
            {
                "messages": [_airclou_message(number) for number in _numbers(page)],
                "total": PAGES * PER_PAGE,
                "limit": PER_PAGE,
            }
        )
    for page in range(1, LIST_PAGES + 1):
        tickets = [_helpspace_ticket(number) for number in _numbers(page)]
        made["tickets", page] = _collection(tickets, page, LIST_PAGES)
    made["ticket", 1] = orjson.dumps({"data": _helpspace_ticket(1)})
    short = [_helpspace_message(number) for number in _numbers(1)]
    made["short", 1] = _collection(short, 1, 1)
    item = _omnidesk_ticket()
    made["omnidesk", 1] = orjson.dumps({"item": item})
    return made
