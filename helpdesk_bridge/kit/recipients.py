"""Who sees whom of the recipients of a message."""

from __future__ import annotations

from collections.abc import Iterable

from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.model import Party
from helpdesk_bridge.model.addresses import address_key

__all__ = ["require_hidden"]


def require_hidden(bcc: Iterable[Party], *shown: Iterable[Party]) -> None:
    """Raise InvalidArgument for a person in ``bcc`` who is in a list that others see, too.

    The desk asks for what the caller gave. An adapter asks again where it adds somebody itself,
    such as the requester, to whom a reply without ``to`` goes.

    Args:
        bcc: who gets a copy that nobody else sees.
        shown: the lists that others see.
    """
    seen = {address_key(person.email) for people in shown for person in people}
    if any(address_key(person.email) in seen for person in bcc):
        raise InvalidArgument(
            "bcc= has somebody who is in to= or cc=, too, and would be seen there: name everybody"
            " in one list. Without to= a reply goes to the ticket's requester."
        )
