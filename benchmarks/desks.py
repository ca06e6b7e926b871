"""The desks that are measured, on the pages of the benchmark's own server."""

from __future__ import annotations

from typing import Any

from helpdesk_bridge import Helpdesk, connect
from helpdesk_bridge.model import Party, Ticket

__all__ = ["TICKETS", "desk"]

_CUSTOMER = Party(id="20931", email="ines@northpier.example")
TICKETS = {
    "HelpSpace": Ticket(id="1", requester=_CUSTOMER),
    "Airclou": Ticket(id="tkt_1", requester=_CUSTOMER),
    "Omnidesk": Ticket(id="1", requester=_CUSTOMER),
}


def desk(vendor: str, origin: str) -> Helpdesk:
    """Return a desk of ``vendor`` at the server's address."""
    tables: dict[str, dict[str, Any]] = {
        "HelpSpace": {
            "adapter": "helpspace",
            "token": "made-up",
            "client_id": "made-up",
            "sender": "help@brightloom.example",
            "max_attachment_chars": 10_000_000,
        },
        "Airclou": {"adapter": "airclou", "session_token": "made-up"},
        "Omnidesk": {"adapter": "omnidesk", "api_key": "made-up", "timezone": "Europe/Berlin"},
    }
    table = {**tables[vendor], "base_url": origin}
    return connect(config={"desks": {"bench": table}})
