"""Send a message, and compare what came back with who was to see it.

A vendor that does not know the field which makes a note internal stores a message to the customer,
and answers with that. Only what the answer tells is compared: an unknown audience proves nothing,
and neither does an answer that shows other words, which is about another message.
"""

from __future__ import annotations

from helpdesk_bridge.errors import PartlyDone, ProtocolError
from helpdesk_bridge.kit.contract import Adapter
from helpdesk_bridge.model import (
    Audience,
    Forward,
    Message,
    Note,
    OutgoingMessage,
    Reply,
    SentMessage,
    TicketRef,
)
from helpdesk_bridge.model.html_text import html_to_text
from helpdesk_bridge.model.text import letters

__all__ = ["send_as_meant"]

_SHOWN = {
    Audience.EXTERNAL: "a message that the customer sees",
    Audience.INTERNAL: "a note that only agents see",
    Audience.FORWARD: "a message to a third party",
}


async def send_as_meant(
    adapter: Adapter, ref: TicketRef, message: OutgoingMessage, *, lacks: str = ""
) -> SentMessage:
    """Send ``message``, and raise where the vendor shows it with another audience.

    Args:
        adapter: what sends it.
        ref: the ticket that is written to.
        message: what is to be sent.
        lacks: a clause that says what the call would have done afterwards; "": nothing.

    Returns:
        What the vendor accepted.

    Raises:
        PartlyDone: the message exists, and is shown to somebody else. It must not be sent again.
        HelpdeskError: as the adapter has it.
    """
    sent = await adapter.send(ref, message)
    _require_audience(adapter, message, sent, lacks)
    return sent


def _require_audience(
    adapter: Adapter, message: OutgoingMessage, sent: SentMessage, lacks: str
) -> None:
    told = Audience.UNKNOWN if sent.message is None else sent.message.audience
    wanted = _audience(message)
    if sent.message is None or told not in _SHOWN or told is wanted:
        return
    if _is_another(message, sent.message):
        return
    if wanted is Audience.FORWARD and told is Audience.EXTERNAL and not adapter.tells_forwards:
        return
    noun = "note" if isinstance(message, Note) else "message"
    failure = ProtocolError(f"the vendor shows the {noun} as {_SHOWN[told]}.")
    mailed = isinstance(message, Forward) or (isinstance(message, Reply) and message.send_email)
    if told is Audience.INTERNAL and mailed:
        todo = "perhaps nobody was mailed, so look at the ticket on the desk"
    else:
        todo = "look at the ticket on the desk, and remove it there if they must not see it"
    raise PartlyDone(
        f"the {noun} was stored, but not as it was meant: the vendor shows it as {_SHOWN[told]}"
        f"{lacks}; {todo}.",
        failure=failure,
        ticket_id=sent.ticket_id,
        message_id=sent.id,
    )


def _is_another(message: OutgoingMessage, shown: Message) -> bool:
    """Say whether ``shown`` has other words than ``message``; it may have more, or a part."""
    wanted = letters(message.body.text)
    markup = None if shown.given_html is None else html_to_text(shown.given_html)
    told = [letters(form) for form in (shown.text, markup) if form]
    return bool(wanted and any(told)) and not any(
        wanted in form or (form and wanted.startswith(form)) for form in told
    )


def _audience(message: OutgoingMessage) -> Audience:
    if isinstance(message, Note):
        return Audience.INTERNAL
    return Audience.FORWARD if isinstance(message, Forward) else Audience.EXTERNAL
