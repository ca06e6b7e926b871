"""Every way a call can fail, in one tree; each error knows whether anything was sent.

::

    HelpdeskError
    |   nothing was sent
    |-- ConfigurationError      settings are missing, unknown or contradictory
    |-- InvalidArgument         the call's own values are wrong (also a ValueError)
    |-- UnsupportedCapability   this desk cannot do that, and says why
    |-- ConversationMoved       the customer has written since (``if_last=``)
    |-- UnsafeURL               credentials would have gone to another place
    |-- DeskClosed              the desk was closed
    |-- ConnectFailed           no connection (name, network, TLS)
    |-- PoolTimeout             no free slot before the deadline
    |-- InProgress              another call is at the write with this key
    |   a complete answer said no
    |-- AuthenticationError   PermissionDenied   NotFound   Conflict   ValidationFailed
    |-- PayloadTooLarge   RateLimited   TicketClosed   StatusNotAllowed
    |   it is not known, or (for a read) it does not matter
    |-- OutcomeUnknown          a write may have been done: never repeat it blindly
    |-- PartlyDone              the first step of a call was done, a later one failed
    |-- DeadlineExceeded   VendorUnavailable   ProtocolError   TruncatedBody   ResponseTooLarge
    |-- PaginationLoop          a list answered the same place twice
    `-- IncompleteList          a list ended short of the vendor's own count

Each of them also has a :class:`Reason`, which tells apart what one class has in common: the causes
of a ConnectFailed, for one. No error carries a header, a credential, a body or an e-mail address,
and all of them pickle.
"""

from helpdesk_bridge.errors.base import HelpdeskError, Outcome, Stage, reason_of
from helpdesk_bridge.errors.cause import Cause
from helpdesk_bridge.errors.moment import Moment
from helpdesk_bridge.errors.not_sent import (
    ConfigurationError,
    ConnectFailed,
    ConversationMoved,
    DeskClosed,
    InProgress,
    InvalidArgument,
    PoolTimeout,
    UnsafeURL,
    UnsupportedCapability,
)
from helpdesk_bridge.errors.reason import Reason
from helpdesk_bridge.errors.rejected import (
    AuthenticationError,
    Conflict,
    NotFound,
    PayloadTooLarge,
    PermissionDenied,
    RateLimited,
    StatusNotAllowed,
    TicketClosed,
    ValidationFailed,
)
from helpdesk_bridge.errors.unknown import (
    DeadlineExceeded,
    IncompleteList,
    OutcomeUnknown,
    PaginationLoop,
    PartlyDone,
    ProtocolError,
    ResponseTooLarge,
    TruncatedBody,
    VendorUnavailable,
)

__all__ = [
    "AuthenticationError",
    "Cause",
    "ConfigurationError",
    "Conflict",
    "ConnectFailed",
    "ConversationMoved",
    "DeadlineExceeded",
    "DeskClosed",
    "HelpdeskError",
    "InProgress",
    "IncompleteList",
    "InvalidArgument",
    "Moment",
    "NotFound",
    "Outcome",
    "OutcomeUnknown",
    "PaginationLoop",
    "PartlyDone",
    "PayloadTooLarge",
    "PermissionDenied",
    "PoolTimeout",
    "ProtocolError",
    "RateLimited",
    "Reason",
    "ResponseTooLarge",
    "Stage",
    "StatusNotAllowed",
    "TicketClosed",
    "TruncatedBody",
    "UnsafeURL",
    "UnsupportedCapability",
    "ValidationFailed",
    "VendorUnavailable",
    "reason_of",
]

for _name in __all__:  # a traceback says helpdesk_bridge.errors.NotFound
    globals()[_name].__module__ = __name__
