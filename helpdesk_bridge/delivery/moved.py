"""Decides whether the customer has written since a message: pure functions of what was read."""

from __future__ import annotations

from collections.abc import Sequence

from helpdesk_bridge.model import Audience, Message, MessageType, Role

__all__ = ["written_since"]

_FROM_THE_DESK = (MessageType.RESPONSE, MessageType.NOTE, MessageType.SYSTEM)


def written_since(last_id: str, messages: Sequence[Message]) -> list[Message] | None:
    """Return what the customer has written since a message; None if that is not there.

    What is not known to be from the desk's side, or not known to be older, counts: to ask a person
    once more is better than to answer what nobody has read.

    Args:
        last_id: the id of the last message that was read.
        messages: the whole conversation as it is now, oldest first.
    """
    places = [place for place, message in enumerate(messages) if message.id == last_id]
    if not places:
        return None
    last = messages[places[0]]
    return [
        message
        for place, message in enumerate(messages)
        if message.id != last_id
        and _may_be_the_customers(message)
        and (place > places[0] or not _is_older(message, last))
    ]


def _may_be_the_customers(message: Message) -> bool:
    if message.author.role is Role.CUSTOMER:
        return True
    return message.type not in _FROM_THE_DESK and message.audience is not Audience.INTERNAL


def _is_older(message: Message, last: Message) -> bool:
    """Say whether a message that is listed before the last one is surely older.

    Where neither has a time, the vendor's order is all there is. Where only one has, it is not
    known how the vendor puts them in order.
    """
    if message.created_at is None or last.created_at is None:
        return message.created_at is last.created_at
    return message.created_at <= last.created_at
