"""The parts of a Helpdesk that its methods use, as a protocol."""

from __future__ import annotations

from typing import Protocol

from helpdesk_bridge.delivery.reconcile import Reconciler
from helpdesk_bridge.delivery.sender import Sender
from helpdesk_bridge.desk.call import Calls
from helpdesk_bridge.desk.guard import Guard
from helpdesk_bridge.desk.prefetch import PrefetchTasks
from helpdesk_bridge.kit.contract import Adapter
from helpdesk_bridge.transport import TransportOptions

__all__ = ["Desk"]


class Desk(Protocol):
    """A Helpdesk, as the functions that become its methods see it.

    Each function is in the module of its subject, and is bound in the body of ``Helpdesk``. The
    functions know only these parts, so that no module imports the one that imports it.
    """

    adapter: Adapter
    _calls: Calls
    _guard: Guard
    _options: TransportOptions
    _prefetch: PrefetchTasks
    _reconciler: Reconciler
    _sender: Sender
