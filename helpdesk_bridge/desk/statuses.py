"""What each status is at one desk, as its adapter's table and its capabilities have it."""

from __future__ import annotations

from helpdesk_bridge.kit.contract import Adapter
from helpdesk_bridge.model import Capabilities, Capability, Status, Statuses, StatusUse

__all__ = ["statuses_of"]


def statuses_of(adapter: Adapter, capabilities: Capabilities) -> Statuses:
    """Return what each status is where ``adapter`` knows the words.

    ``capabilities`` is what the desk's account can do.
    """
    return Statuses({status: _use(status, adapter, capabilities) for status in Status})


def _use(status: Status, adapter: Adapter, able: Capabilities) -> StatusUse:
    words = adapter.status_words
    is_known = status is not Status.UNKNOWN
    has_word = is_known and (words is None or status in words.writes)

    def takes(capability: Capability, option: str | None = None) -> bool:
        options = able[capability].limits.options
        takes_it = option is None or options is None or option in options
        return takes_it and _takes(able, capability, status)

    on_update = has_word and takes(Capability.UPDATE_TICKET, "status")
    on_reply = has_word and takes(Capability.REPLY_WITH_STATUS)
    on_create = has_word and takes(Capability.CREATE_TICKET, "status")
    is_written = words is not None and (on_update or on_reply or on_create)
    word = words.writes[status] if words is not None and is_written else None
    return StatusUse(
        status=status,
        on_update=on_update,
        on_reply=on_reply,
        on_create=on_create,
        as_filter=takes(Capability.FILTER_STATUS if is_known else Capability.FILTER_STATUSES),
        written_as=word,
        reads_as=None if word is None or words is None else words.read(word),
        note=adapter.status_notes.get(status, ""),
    )


def _takes(able: Capabilities, capability: Capability, status: Status) -> bool:
    """Say whether ``capability`` takes ``status``; UNKNOWN only where it is declared by name."""
    known = able[capability].limits.statuses
    anything = known is None and status is not Status.UNKNOWN
    return able.supports(capability) and (anything or (known is not None and status in known))
