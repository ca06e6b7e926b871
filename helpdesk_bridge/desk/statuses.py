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
        limits = able[capability].limits
        return (
            able.supports(capability)
            and (limits.statuses is None or status in limits.statuses)
            and (option is None or limits.options is None or option in limits.options)
        )

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
        as_filter=is_known and takes(Capability.FILTER_STATUS),
        written_as=word,
        reads_as=None if word is None or words is None else words.read(word),
        note=adapter.status_notes.get(status, ""),
    )
