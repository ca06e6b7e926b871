"""What the methods of a desk stand on: the parts that a Helpdesk holds."""

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
    """A Helpdesk, as the functions see it that are its methods.

    Each is written in the room of its subject and bound in the body of ``Helpdesk``. They know the
    parts and not the class, so that no room imports the one that imports it.
    """

    adapter: Adapter
    _calls: Calls
    _guard: Guard
    _options: TransportOptions
    _prefetch: PrefetchTasks
    _reconciler: Reconciler
    _sender: Sender
