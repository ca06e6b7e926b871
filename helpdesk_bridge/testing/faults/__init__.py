"""Network faults for tests: a proxy that cuts at any byte, and a server of any bytes."""

from helpdesk_bridge.testing.faults.answers import Answer
from helpdesk_bridge.testing.faults.loopback import End, refused_url
from helpdesk_bridge.testing.faults.plans import Cut, Drip, Fault, Hold, Insert, Side
from helpdesk_bridge.testing.faults.proxy import FaultProxy, Link, PassedRequest
from helpdesk_bridge.testing.faults.server import FaultServer, ReceivedRequest, Step

__all__ = [
    "Answer",
    "Cut",
    "Drip",
    "End",
    "Fault",
    "FaultProxy",
    "FaultServer",
    "Hold",
    "Insert",
    "Link",
    "PassedRequest",
    "ReceivedRequest",
    "Side",
    "Step",
    "refused_url",
]
