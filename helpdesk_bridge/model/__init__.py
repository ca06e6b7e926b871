"""The values that users read and write: frozen, and the same for every vendor.

Every vocabulary is open: a vendor's word without a counterpart is read as ``UNKNOWN``, and stays
readable in ``vendor_status``, ``vendor_type`` and ``raw``. What a vendor does not tell is None
or ``UNKNOWN``; nothing is guessed. All datetimes are aware and in UTC.

The ``repr`` of these values shows only ids and words of the vocabularies, because it ends up in
logs. The customer's words and addresses are in the attributes.
"""

from helpdesk_bridge.model.capabilities import (
    Capabilities,
    Capability,
    CapabilityLimits,
    Level,
    Support,
    emulated,
    native,
    none,
)
from helpdesk_bridge.model.feed import ChangeBatch, Event, Feed
from helpdesk_bridge.model.message import Attachment, Message
from helpdesk_bridge.model.new import (
    Body,
    CustomerMessage,
    Forward,
    NewTicket,
    Note,
    OutgoingMessage,
    Reply,
    SentMessage,
    TicketChanges,
)
from helpdesk_bridge.model.page import Cursor, Page, Problem
from helpdesk_bridge.model.people import Party, Team
from helpdesk_bridge.model.query import CustomerQuery, MessageQuery, TicketQuery, TicketRef
from helpdesk_bridge.model.statuses import Statuses, StatusUse
from helpdesk_bridge.model.ticket import Channel, CustomField, Ticket
from helpdesk_bridge.model.upload import Upload
from helpdesk_bridge.model.words import (
    Audience,
    ChangeKind,
    ChangeMode,
    EventKind,
    MessageType,
    Priority,
    Role,
    Status,
    TicketKind,
    TicketOrder,
)

__all__ = [
    "Attachment",
    "Audience",
    "Body",
    "Capabilities",
    "Capability",
    "CapabilityLimits",
    "ChangeBatch",
    "ChangeKind",
    "ChangeMode",
    "Channel",
    "Cursor",
    "CustomField",
    "CustomerMessage",
    "CustomerQuery",
    "Event",
    "EventKind",
    "Feed",
    "Forward",
    "Level",
    "Message",
    "MessageQuery",
    "MessageType",
    "NewTicket",
    "Note",
    "OutgoingMessage",
    "Page",
    "Party",
    "Priority",
    "Problem",
    "Reply",
    "Role",
    "SentMessage",
    "Status",
    "StatusUse",
    "Statuses",
    "Support",
    "Team",
    "Ticket",
    "TicketChanges",
    "TicketKind",
    "TicketOrder",
    "TicketQuery",
    "TicketRef",
    "Upload",
    "emulated",
    "native",
    "none",
]
