"""Who takes part in a conversation: its customer, the desk's side, and anybody else. No I/O.

Pages and ``T1`` … as in :mod:`helpdesk_bridge_helpspace.wire`; AGENTS is
https://documentation.helpspace.com/article/788/agents.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import define, field, frozen

from helpdesk_bridge import kit
from helpdesk_bridge.kit import (
    AnyId,
    Audience,
    JsonRecord,
    Memo,
    MessageType,
    Problem,
    Role,
    fast_party,
    given_id,
)

# MESSAGES, "Query parameters". `external` and `widget` say only that the customer sees it;
# who speaks is told by the author. T18: any other word is unknown, and so not public.
EXTERNAL_WORDS = frozenset(("external", "widget"))
TYPES: Mapping[str, tuple[MessageType, Audience, Role]] = {
    "forward": (MessageType.RESPONSE, Audience.FORWARD, Role.AGENT),
    "internal": (MessageType.NOTE, Audience.INTERNAL, Role.AGENT),
    "error": (MessageType.SYSTEM, Audience.INTERNAL, Role.SYSTEM),
    "bounce": (MessageType.SYSTEM, Audience.INTERNAL, Role.SYSTEM),
    "event": (MessageType.SYSTEM, Audience.INTERNAL, Role.SYSTEM),
}
_FROM_CUSTOMER = (MessageType.REQUEST, Audience.EXTERNAL, Role.CUSTOMER)
_FROM_AGENT = (MessageType.RESPONSE, Audience.EXTERNAL, Role.AGENT)
_FROM_SOMEBODY = (MessageType.UNKNOWN, Audience.EXTERNAL, Role.UNKNOWN)
_UNKNOWN = (MessageType.UNKNOWN, Audience.UNKNOWN, Role.UNKNOWN)


class ContactJson(JsonRecord, frozen=True):
    """T5: the address is in ``value`` on reading, in ``email`` on writing. T8: may be ``{}``."""

    id: AnyId | None = None
    user_id: AnyId | None = None
    name: str | None = None
    value: str | None = None
    email: str | None = None
    type: str | None = None

    @property
    def told(self) -> kit.Party:
        """Who its texts name, with the e-mail address if this contact is one."""
        if self.type in (None, "email") and self.value and "@" in self.value:
            return kit.read_person(self.value)
        return kit.read_person(self.email or "")

    def to_party(self, role: Role) -> kit.Party:
        """Return this contact as a person."""
        told = self.told
        return fast_party(
            id=given_id(self.id), name=self.name or told.name, email=told.email, role=role
        )


NO_CONTACT = ContactJson()


def _people(addresses: tuple[str, ...]) -> tuple[kit.Party, ...]:
    return tuple([person for address in addresses for person in kit.read_people(address)])


Speaker = tuple[MessageType, Audience, kit.Party]
"""What a message is, and who wrote it."""


@frozen
class Agents:
    """Whom the vendor's list of agents names (AGENTS)."""

    ids: frozenset[str] = field(default=frozenset(), repr=False)
    """Their ids, by which a message names them in ``user_id``. The ``id`` of a contact is counted
    by itself: in the examples the agent 12 is the contact 31."""
    addresses: frozenset[str] = field(default=frozenset(), repr=False)
    """Their addresses, as all spellings have them in common."""
    problems: tuple[Problem, ...] = ()
    """What of the list could not be read, or did not come."""

    def have(self, author: ContactJson) -> bool:
        """Say whether ``author`` is one of them."""
        return (
            given_id(author.user_id) in self.ids
            or kit.address_key(author.told.email) in self.addresses
        )


@define
class Conversation:
    """What the messages of a ticket share: who its customer is, and the people who take part."""

    customer_id: str | None
    user_id: str | None
    address: str | None
    """The customer's, as all its spellings have it in common."""
    agent_id: str | None = None
    """The ticket's assignee, whom a message names in ``user_id`` (the examples of both pages)."""
    desk: frozenset[str] = frozenset()
    """The addresses, as all their spellings have them in common, by which the desk's side is
    known: those of the channel, of the ticket's assignee, and of whom the settings name as who
    speaks."""
    agents: Agents | None = field(default=None, repr=False)
    """Whom the vendor's list names; None: it was not asked."""
    strangers: set[ContactJson] = field(factory=set, repr=False)
    """Authors of messages that the customer sees, of whom nobody has told who they are."""
    people: Memo[tuple[str, ...], tuple[kit.Party, ...]] = field(factory=lambda: Memo(_people))
    """Who is at some addresses."""
    _speakers: dict[tuple[str, ContactJson], Speaker] = field(factory=dict)

    @classmethod
    def of(
        cls, ticket: kit.Ticket, sender: str | None = None, agents: Agents | None = None
    ) -> Conversation:
        """Return the conversation of ``ticket``.

        ``sender`` is who speaks by the settings, ``agents`` whom the vendor's list names (None: it
        was not asked).
        """
        contact = ticket.raw.get("from_contact")
        user_id = contact.get("user_id") if isinstance(contact, Mapping) else None
        return cls(
            customer_id=ticket.requester.id or None,
            user_id=given_id(user_id),
            address=kit.address_key(ticket.requester.email) or None,
            agent_id=ticket.assignee.id if ticket.assignee else None,
            desk=frozenset(
                kit.address_key(address)
                for address in (
                    sender,
                    kit.read_person((ticket.channel and ticket.channel.address) or "").email,
                    ticket.assignee and ticket.assignee.email,
                )
                if address
            ),
            agents=agents,
        )

    @property
    def asks_who(self) -> bool:
        """Whether somebody spoke whom the vendor's list of agents, not asked yet, may name."""
        return self.agents is None and bool(self.strangers)

    def learn(self, agents: Agents) -> None:
        """Take ``agents`` for the desk's side; the messages are to be read again."""
        self.agents = agents
        self.strangers.clear()
        self._speakers.clear()

    @property
    def doubts(self) -> tuple[Problem, ...]:
        """What of the list of agents is missing, if a stranger may be in it."""
        return self.agents.problems if self.agents and self.strangers else ()

    def speaker(self, word: str, author: ContactJson) -> Speaker:
        """Return what a message with this ``word`` is, and its ``author`` as a person."""
        known = self._speakers.get((word, author))
        if known is None:
            kind, audience, role = TYPES.get(word) or self._kind(word, author)
            known = kind, audience, author.to_party(role)
            self._speakers[word, author] = known
        return known

    def _kind(self, word: str, author: ContactJson) -> tuple[MessageType, Audience, Role]:
        """Return what a message is whose ``word`` does not tell who speaks.

        Whoever is not the customer may be a person in copy, a colleague, or a mail system: a
        response needs an author who is known to be of the desk's side.
        """
        if word not in EXTERNAL_WORDS:
            return _UNKNOWN
        address, user_id = kit.address_key(author.told.email), given_id(author.user_id)
        is_agent = user_id is not None and user_id == self.agent_id
        same_user = _same(self.user_id, user_id)
        same_contact = _same(self.customer_id, given_id(author.id))
        same_address = _same(self.address, address or None)
        if (
            same_address
            or (same_contact and same_user is not False)
            or (same_user and same_address is None)  # a user may have several contacts
        ):
            return _FROM_SOMEBODY if is_agent and same_user is False else _FROM_CUSTOMER
        if same_user or same_contact:  # and the rest says that it is another
            return _FROM_SOMEBODY
        if is_agent or address in self.desk or (self.agents and self.agents.have(author)):
            return _FROM_AGENT
        if address or user_id is not None:  # or there is nothing to look for
            self.strangers.add(author)
        return _FROM_SOMEBODY


def _same(ours: str | None, theirs: str | None) -> bool | None:
    """Say whether two are the same; None where one of them is not told."""
    return ours == theirs if ours and theirs else None
