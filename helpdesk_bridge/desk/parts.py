"""The parts of a Helpdesk that its methods use, as a protocol."""

from __future__ import annotations

from typing import Protocol

from helpdesk_bridge.delivery.reader import Reader
from helpdesk_bridge.delivery.reconcile import Reconciler
from helpdesk_bridge.delivery.recovery import Recovery
from helpdesk_bridge.delivery.sender import Sender
from helpdesk_bridge.desk.call import Calls
from helpdesk_bridge.desk.directory import Directory
from helpdesk_bridge.desk.guard import Guard
from helpdesk_bridge.desk.origin import Origin
from helpdesk_bridge.desk.prefetch import PrefetchTasks
from helpdesk_bridge.kit.contract import Adapter
from helpdesk_bridge.transport import TransportOptions

__all__ = ["Desk"]


class Desk(Protocol):
    """A Helpdesk, as the functions that become its methods see it.

    Each function is in the module of its subject, and is bound in the body of ``Helpdesk``. The
    functions know only these parts, so that no module imports the one that imports it.
    """

    @property
    def adapter(self) -> Adapter:
        """The adapter; a subclass may say which."""
        ...

    @property
    def _calls(self) -> Calls: ...
    @property
    def _directory(self) -> Directory: ...
    @property
    def _guard(self) -> Guard: ...
    @property
    def _origin(self) -> Origin: ...
    @property
    def _options(self) -> TransportOptions: ...
    @property
    def _prefetch(self) -> PrefetchTasks: ...
    @property
    def _reconciler(self) -> Reconciler: ...
    @property
    def _recovery(self) -> Recovery: ...
    @property
    def _sender(self) -> Sender: ...
    @property
    def _reader(self) -> Reader:
        """The desk itself with its reading methods, those of a subclass too."""
        ...
