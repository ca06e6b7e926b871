"""One HTTP call done right, as a pipeline of small pieces over one handler."""

from helpdesk_bridge.transport.body import Base64, Part, Source, encode_json
from helpdesk_bridge.transport.call import (
    CURRENT_CALL,
    Call,
    held_back,
    patiently,
    pause,
    to_its_end,
    waiting_for,
)
from helpdesk_bridge.transport.explanation import Explanation
from helpdesk_bridge.transport.observer import Attempt, AttemptResult, Observer, Repetition
from helpdesk_bridge.transport.operation import Effect, Operation
from helpdesk_bridge.transport.options import TransportOptions
from helpdesk_bridge.transport.pipeline import Handler, Middleware, compose
from helpdesk_bridge.transport.policies.auth import HeaderAuth, check_credential, no_auth
from helpdesk_bridge.transport.policies.session import (
    ChosenAuth,
    FetchToken,
    SessionAuth,
    TokenProvider,
)
from helpdesk_bridge.transport.request import Request
from helpdesk_bridge.transport.response import Response
from helpdesk_bridge.transport.transport import Transport

__all__ = [
    "CURRENT_CALL",
    "Attempt",
    "AttemptResult",
    "Base64",
    "Call",
    "ChosenAuth",
    "Effect",
    "Explanation",
    "FetchToken",
    "Handler",
    "HeaderAuth",
    "Middleware",
    "Observer",
    "Operation",
    "Part",
    "Repetition",
    "Request",
    "Response",
    "SessionAuth",
    "Source",
    "TokenProvider",
    "Transport",
    "TransportOptions",
    "check_credential",
    "compose",
    "encode_json",
    "held_back",
    "no_auth",
    "patiently",
    "pause",
    "to_its_end",
    "waiting_for",
]
