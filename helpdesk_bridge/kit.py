"""What adapter authors import, and nothing else: a promise that is kept.

Everything an adapter needs is a name of this module; its fake may also use
:mod:`helpdesk_bridge.testing`.
"""

from helpdesk_bridge import errors
from helpdesk_bridge.adapter import Adapter
from helpdesk_bridge.capabilities import (
    Capabilities,
    Capability,
    Level,
    Limits,
    Support,
    emulated,
    native,
    none,
)
from helpdesk_bridge.drafts import (
    Body,
    Draft,
    Forward,
    MessageQuery,
    NewTicket,
    Note,
    Reply,
    Request,
    SentMessage,
    TicketChanges,
    TicketQuery,
    TicketRef,
    Upload,
)
from helpdesk_bridge.model import (
    Attachment,
    Audience,
    Channel,
    Cursor,
    Message,
    MessageType,
    Page,
    Party,
    Priority,
    Problem,
    Role,
    Status,
    Ticket,
    TicketKind,
)
from helpdesk_bridge.secret import Secret
from helpdesk_bridge.text import html_to_text, text_to_html
from helpdesk_bridge.transport import (
    Effect,
    Explanation,
    Handler,
    HeaderAuth,
    Middleware,
    Operation,
    Part,
    Transport,
)
from helpdesk_bridge.transport import Request as HttpRequest
from helpdesk_bridge.transport import Response as HttpResponse
from helpdesk_bridge.transport.url import base_url, check_header
from helpdesk_bridge.wire import Id, Vocabulary, Wire, WireFormat, WrongType, merge_extra

__all__ = [
    "Adapter",
    "Attachment",
    "Audience",
    "Body",
    "Capabilities",
    "Capability",
    "Channel",
    "Cursor",
    "Draft",
    "Effect",
    "Explanation",
    "Forward",
    "Handler",
    "HeaderAuth",
    "HttpRequest",
    "HttpResponse",
    "Id",
    "Level",
    "Limits",
    "Message",
    "MessageQuery",
    "MessageType",
    "Middleware",
    "NewTicket",
    "Note",
    "Operation",
    "Page",
    "Part",
    "Party",
    "Priority",
    "Problem",
    "Reply",
    "Request",
    "Role",
    "Secret",
    "SentMessage",
    "Status",
    "Support",
    "Ticket",
    "TicketChanges",
    "TicketKind",
    "TicketQuery",
    "TicketRef",
    "Transport",
    "Upload",
    "Vocabulary",
    "Wire",
    "WireFormat",
    "WrongType",
    "base_url",
    "check_header",
    "emulated",
    "errors",
    "html_to_text",
    "merge_extra",
    "native",
    "none",
    "text_to_html",
]
