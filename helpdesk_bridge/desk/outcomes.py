"""The calls that find out what became of an earlier write, by reading."""

from __future__ import annotations

import math
from collections.abc import Sequence

from attrs import evolve

from helpdesk_bridge.delivery.verdict import Reconciliation
from helpdesk_bridge.desk import arguments
from helpdesk_bridge.desk.parts import Desk
from helpdesk_bridge.errors import OutcomeUnknown, PartlyDone
from helpdesk_bridge.model import Capability, SentMessage
from helpdesk_bridge.transport import pause

__all__ = ["complete", "reconcile", "recover"]


async def reconcile(
    self: Desk, error: OutcomeUnknown | PartlyDone, *, settle: float | None = None
) -> Reconciliation:
    """Find out whether a write was carried out. Nothing is sent.

    The ticket is read, again and again with growing gaps, until what was sent is there or
    ``settle`` seconds have passed since the failure, and then until it holds still. All of that
    reading has one deadline; the waits between do not count.

    Args:
        error: what the write raised; it may come from another process, pickled. Of a PartlyDone
            the later step is looked for.
        settle: seconds since the failure, 0 or more; the time that reading takes is counted. None
            waits as long as the adapter thinks its vendor needs to show a message, and five minutes
            where the vendor never answered or a gateway did in its place. An error from another
            process is counted from now.

    Returns:
        SENT with what was found; NOT_SENT where it is proved not to be there; or STILL_UNKNOWN with
        all that may be it. What fails while
        looking makes the answer STILL_UNKNOWN. With a ledger only one asker is told NOT_SENT.

    Raises:
        InvalidArgument: this error is another desk's, or none of a write.
        UnsupportedCapability: this desk cannot be looked through.
    """
    with self._calls.begin("reconcile", seconds=math.inf):
        self._guard.require(Capability.RECONCILE)
        return await self._reconciler.reconcile(error, arguments.seconds(settle, "settle"))


async def recover(
    self: Desk, *, settle: float | None = None, wait: bool = True
) -> list[Reconciliation]:
    """Settle what is open in the ledger: calls cut off by a crash, and unknown outcomes.

    Each is looked for as by :meth:`reconcile`, all at the same time, and the ledger told. Nothing
    is sent again: what was not sent is the caller's to send, and is told to one caller only. What
    has a key is sent again by the same call with the same key. Calls that this process or another
    living one may still be at are left alone. Each has a deadline of its own.

    Args:
        settle: seconds for each, as with :meth:`reconcile`; None waits as long as the vendor may
            need.
        wait: False looks once and waits for nothing. True also waits until it can be told whether
            the process of a call has ended.

    Returns:
        What was found out, the oldest write first. What was left alone is among it, as
        STILL_UNKNOWN with its reason; ``under_way`` is True where somebody may be at it.

    Raises:
        InvalidArgument: this desk has no ledger.
        ConfigurationError: the ledger cannot be read.
        UnsupportedCapability: this desk cannot be looked through.
    """
    with self._calls.begin("recover", seconds=math.inf):
        self._guard.require(Capability.RECONCILE)
        arguments.instance(wait, bool, "wait")
        return await self._recovery.recover(arguments.seconds(settle, "settle"), wait=wait)


async def complete(
    self: Desk, sent: SentMessage, *, delays: Sequence[float] = (0.5, 1.0, 2.0, 4.0, 8.0)
) -> SentMessage:
    """Find the id and the message that a vendor gave later to what it accepted.

    For vendors that accept a message without telling its id. The ticket is read after each of
    ``delays``, because such a vendor shows a message some time after accepting it. All of that
    reading has one deadline; ``delays`` do not count.

    Args:
        sent: what a write returned; it may come from another process, pickled.
        delays: seconds to wait before each look.

    Returns:
        ``sent`` with its id and message. As it was, if it has an id already or is not to be seen
        by then, which does not prove that it was not sent.

    Raises:
        InvalidArgument: for a value that is not acceptable.
        HelpdeskError: as the vendor or the network has it.
    """
    with self._calls.begin("complete") as call:
        arguments.instance(sent, SentMessage, "sent")
        self._origin.require(sent)
        waits = arguments.delays(delays)
        if sent.id is not None or sent.fingerprint is None:
            return sent
        self._guard.require(Capability.LIST_MESSAGES)
        for delay in waits:
            await pause(delay)
            with call.own_errors():
                found = await self._reconciler.find_accepted(sent.ticket_id, sent.fingerprint)
            if found is not None:
                return evolve(sent, id=found.id, message=found)
    return sent
