"""One async API for every helpdesk: list tickets, read conversations, write notes and replies.

Start with :func:`connect`; everything an application needs is a name of this module. Authors of
adapters start with :mod:`helpdesk_bridge.kit`.
"""

from typing import TYPE_CHECKING, Any

from helpdesk_bridge.config import Config, DeskConfig, load_config
from helpdesk_bridge.delivery.entry import EntryState, LedgerEntry
from helpdesk_bridge.delivery.ledger import Ledger
from helpdesk_bridge.delivery.memory_ledger import MemoryLedger
from helpdesk_bridge.delivery.sqlite_ledger import SqliteLedger
from helpdesk_bridge.delivery.verdict import Reconciliation, Verdict
from helpdesk_bridge.desk import Helpdesk, connect
from helpdesk_bridge.desk.conversations import Conversation
from helpdesk_bridge.desk.pager import Pager
from helpdesk_bridge.errors import (
    AuthenticationError,
    ConfigurationError,
    Conflict,
    ConnectFailed,
    ConversationMoved,
    DeadlineExceeded,
    DeskClosed,
    HelpdeskError,
    IncompleteList,
    InProgress,
    InvalidArgument,
    NotFound,
    Outcome,
    OutcomeUnknown,
    PaginationLoop,
    PartlyDone,
    PayloadTooLarge,
    PermissionDenied,
    PoolTimeout,
    ProtocolError,
    RateLimited,
    Reason,
    ResponseTooLarge,
    Stage,
    StatusNotAllowed,
    TicketClosed,
    TruncatedBody,
    UnsafeURL,
    UnsupportedCapability,
    ValidationFailed,
    VendorUnavailable,
)
from helpdesk_bridge.model import (
    Attachment,
    Audience,
    Capabilities,
    Capability,
    CapabilityLimits,
    ChangeBatch,
    ChangeKind,
    ChangeMode,
    Channel,
    CustomField,
    Event,
    EventKind,
    Level,
    Message,
    MessageType,
    Page,
    Party,
    Priority,
    Problem,
    Role,
    SentMessage,
    Status,
    Statuses,
    StatusUse,
    Support,
    Team,
    Ticket,
    TicketKind,
    TicketOrder,
    Upload,
)
from helpdesk_bridge.secret import Secret
from helpdesk_bridge.transport import (
    Attempt,
    AttemptResult,
    Effect,
    Handler,
    Middleware,
    Observer,
    Repetition,
    Request,
    Response,
    TransportOptions,
)
from helpdesk_bridge.transport.rate_limits import Limiter, Rate

if TYPE_CHECKING:
    from helpdesk_bridge.config.settings import (
        AirclouSettings,
        HelpSpaceSettings,
        OmnideskSettings,
        RequestTrackerSettings,
    )
    from helpdesk_bridge.delivery.sql_ledger import SqlLedger
    from helpdesk_bridge.memory import MemorySettings, Store
    from helpdesk_bridge.model.serialise import from_dict, json_schema, to_dict, to_json
    from helpdesk_bridge.testing.sandbox import Sandbox
    from helpdesk_bridge.transport.shared_limits import FileLimiter, RedisLimiter

    __version__: str

__all__ = [
    "AirclouSettings",
    "Attachment",
    "Attempt",
    "AttemptResult",
    "Audience",
    "AuthenticationError",
    "Capabilities",
    "Capability",
    "CapabilityLimits",
    "ChangeBatch",
    "ChangeKind",
    "ChangeMode",
    "Channel",
    "Config",
    "ConfigurationError",
    "Conflict",
    "ConnectFailed",
    "Conversation",
    "ConversationMoved",
    "CustomField",
    "DeadlineExceeded",
    "DeskClosed",
    "DeskConfig",
    "Effect",
    "EntryState",
    "Event",
    "EventKind",
    "FileLimiter",
    "Handler",
    "HelpSpaceSettings",
    "Helpdesk",
    "HelpdeskError",
    "InProgress",
    "IncompleteList",
    "InvalidArgument",
    "Ledger",
    "LedgerEntry",
    "Level",
    "Limiter",
    "MemoryLedger",
    "MemorySettings",
    "Message",
    "MessageType",
    "Middleware",
    "NotFound",
    "Observer",
    "OmnideskSettings",
    "Outcome",
    "OutcomeUnknown",
    "Page",
    "Pager",
    "PaginationLoop",
    "PartlyDone",
    "Party",
    "PayloadTooLarge",
    "PermissionDenied",
    "PoolTimeout",
    "Priority",
    "Problem",
    "ProtocolError",
    "Rate",
    "RateLimited",
    "Reason",
    "Reconciliation",
    "RedisLimiter",
    "Repetition",
    "Request",
    "RequestTrackerSettings",
    "Response",
    "ResponseTooLarge",
    "Role",
    "Sandbox",
    "Secret",
    "SentMessage",
    "SqlLedger",
    "SqliteLedger",
    "Stage",
    "Status",
    "StatusNotAllowed",
    "StatusUse",
    "Statuses",
    "Store",
    "Support",
    "Team",
    "Ticket",
    "TicketClosed",
    "TicketKind",
    "TicketOrder",
    "TransportOptions",
    "TruncatedBody",
    "UnsafeURL",
    "UnsupportedCapability",
    "Upload",
    "ValidationFailed",
    "VendorUnavailable",
    "Verdict",
    "connect",
    "from_dict",
    "json_schema",
    "load_config",
    "to_dict",
    "to_json",
]

_WHEN_ASKED_FOR = {
    "AirclouSettings": "helpdesk_bridge.config.settings",
    "FileLimiter": "helpdesk_bridge.transport.shared_limits",
    "HelpSpaceSettings": "helpdesk_bridge.config.settings",
    "MemorySettings": "helpdesk_bridge.memory",
    "OmnideskSettings": "helpdesk_bridge.config.settings",
    "RedisLimiter": "helpdesk_bridge.transport.shared_limits",
    "RequestTrackerSettings": "helpdesk_bridge.config.settings",
    "Sandbox": "helpdesk_bridge.testing.sandbox",
    "SqlLedger": "helpdesk_bridge.delivery.sql_ledger",
    "Store": "helpdesk_bridge.memory",
    **dict.fromkeys(
        ("from_dict", "json_schema", "to_dict", "to_json"), "helpdesk_bridge.model.serialise"
    ),
}
"""Names that cost an import which many programs do without, and where they are."""

if not TYPE_CHECKING:  # to a type checker a name that is not listed stays an error

    def __getattr__(name: str) -> Any:
        """Return a name that is imported when it is first asked for."""
        import importlib

        if name == "__version__":
            found = importlib.import_module("importlib.metadata").version("helpdesk-bridge")
        elif name in _WHEN_ASKED_FOR:
            found = getattr(importlib.import_module(_WHEN_ASKED_FOR[name]), name)
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    """List the public names, those too that are not imported yet."""
    return sorted({*globals(), *__all__, "__version__"} - {"Any", "TYPE_CHECKING"})
