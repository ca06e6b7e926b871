"""People: agents, customers, assignees, and who one is.

Agents are the users whom Request Tracker calls privileged, customers all others but RT's own two.
No list of users tells who is which (observed on 5.0.3). RT's group of the privileged does, to an
account with the right SeeGroup; for any other each user is asked for by himself.
``T1`` … as in :mod:`helpdesk_bridge_request_tracker.wire`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Collection, Sequence
from hashlib import sha256
from typing import Any, Self

from attrs import evolve, field, frozen

from helpdesk_bridge import kit
from helpdesk_bridge.kit import Effect, Operation, Role, errors, read, read_records
from helpdesk_bridge_request_tracker import outgoing, places, wire
from helpdesk_bridge_request_tracker.lists import API, PAGE, Lists, is_refused
from helpdesk_bridge_request_tracker.settings import RequestTrackerSettings
from helpdesk_bridge_request_tracker.wire import PersonJson

__all__ = ["People", "account_of"]

LIST_AGENTS = Operation("list_agents", Effect.READ)
LIST_CUSTOMERS = Operation("list_customers", Effect.READ)
WHO_AM_I = Operation("who_am_i", Effect.READ)

USERS = 20
"""Users on a page of those who are asked for one by one: within one deadline, at 0.4 s each."""
KEPT = 300.0
"""Seconds for which it is remembered what each of them is, and who has a name: as long as the desk
remembers lists of agents."""
FEW = 3
"""Users for whom no group is looked for: to ask for each is as few requests."""
_NAMED = "="
"""What the cursor of a list of agents by their logins begins with, and a digest of one behind it:
a login may be an address. Others are numbers of pages."""
_MOST_KEPT = 20_000
_NO_GROUP = "no group"
"""What is remembered where RT shows the account no group of the privileged."""
_TOKEN = re.compile(r"1-([1-9][0-9]{0,17})-.+")
"""RT's tokens of version 1 begin with the number of their owner (RT::AuthToken)."""


def account_of(settings: RequestTrackerSettings) -> str | None:
    """Return the login or the number of whoever signs; None for a token that does not tell."""
    if settings.token is None:
        return settings.user
    found = _TOKEN.fullmatch(settings.token.reveal())
    return found[1] if found else None


@frozen
class People:
    """Reads lists of people.

    Args:
        transport: the desk's way to its RT.
    """

    transport: kit.Transport
    _kept: dict[object, tuple[float, Any]] = field(factory=dict, init=False, repr=False)
    """What was told of users and names, each until a moment of the event loop."""

    async def agents(self, cursor: kit.Cursor | None) -> kit.Page[kit.Party]:
        """Return agents: those of RT's group by their logins, else some of all users by number."""
        lists = Lists(self.transport, LIST_AGENTS)
        if cursor is None or cursor.startswith(_NAMED):
            members = await self._members(lists)
            if members is not None:
                page = await _named(lists, members, (cursor or _NAMED).removeprefix(_NAMED))
                if page is not None:
                    return page
            if cursor is not None:
                raise errors.PermissionDenied("the account no longer sees who is privileged.")
        page = await self._users(lists, [], cursor, USERS)
        return page.where(lambda person: person.role is Role.AGENT)

    async def customers(
        self, query: kit.CustomerQuery, cursor: kit.Cursor | None
    ) -> kit.Page[kit.Party]:
        """Return some of the users whom RT finds, less those who are no customers."""
        lists = Lists(self.transport, LIST_CUSTOMERS)
        size = USERS if query.limit is None else min(USERS, max(query.limit, FEW))
        page = await self._users(lists, outgoing.customers(query), cursor, size)
        return page.where(lambda person: outgoing.is_customer(query, person))

    async def me(self, settings: RequestTrackerSettings) -> kit.Party:
        """Return whoever signs the requests."""
        account = account_of(settings)
        if account is None:
            raise errors.UnsupportedCapability("this token does not tell whose it is.")
        person = await self._alone(WHO_AM_I, account)
        told = person.id if settings.user is None else person.label
        if str(told).lower() != account.lower():
            raise errors.ProtocolError("$.id: another one than was asked for.", path="$.id")
        role = Role.AGENT if person.is_privileged else Role.CUSTOMER
        return kit.read_one(person.raw, PersonJson, lambda one: one.to_party(role))

    async def owner(self, operation: Operation, person: kit.Party) -> kit.Party:
        """Return somebody with the login by which RT takes an owner.

        It is looked up by the address, or else by the name; an id is the login.

        Raises:
            InvalidArgument: RT shows nobody, or several, with this address or name.
        """
        if person.id is not None:
            return person
        if person.email is not None:
            logins = await self._logins(operation, person)
            return evolve(person, id=_only(logins, "users of this desk have this address"))
        if person.name is not None:
            return evolve(person, id=await self._agent_named(operation, person.name))
        return person

    async def require_known(self, operation: Operation, person: kit.Party) -> None:
        """Raise InvalidArgument for an assignee whom RT does not know, by address or by login.

        Users who are disabled are known: they may have had tickets. An account that is not
        privileged may not look people up, and is told nothing.
        """
        try:
            logins = await self._logins(operation, person, outgoing.ALL_USERS)
        except errors.HelpdeskError as error:
            if is_refused(error):
                return
            raise
        if not logins:
            raise errors.InvalidArgument(
                "assignee: no user of this desk has this address or login; a name goes as"
                " Party(name=…)."
            )

    # -- within ------------------------------------------------------------------------------

    async def _logins(
        self, operation: Operation, person: kit.Party, more: Sequence[tuple[str, str]] = ()
    ) -> set[str]:
        """Return the logins of those who are meant by an address, or else by a login."""
        lists, query = Lists(self.transport, operation), outgoing.meant(person)
        found = await _all(lists, query, lambda one: outgoing.is_meant(person, one), more)
        return {user.login for user in found}

    async def _agent_named(self, operation: Operation, name: str) -> str:
        """Return the login of the one agent with this real name, in any case."""
        key = ("name", kit.folded(name))
        known: str | None = self._recall(key)
        if known is not None:
            return known
        lists, query = Lists(self.transport, operation), outgoing.matching("RealName", [name])
        found = await _all(lists, query, lambda one: kit.folded(one.name or "") == key[1])
        roles = await self._roles(lists, found)
        agents = {user.login for user, role in zip(found, roles, strict=True) if role is Role.AGENT}
        login = _only(agents, "agents of this desk have this name")
        self._keep(key, login)
        return login

    def _recall(self, key: object) -> Any:
        """Return what is remembered; None where it was not asked for, or too long ago."""
        until, told = self._kept.get(key, (0.0, None))
        return told if asyncio.get_running_loop().time() < until else None

    def _keep(self, key: object, told: object) -> None:
        now = asyncio.get_running_loop().time()
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[key] = (now + KEPT, told)

    async def _users(
        self, lists: Lists, query: Sequence[Any], cursor: kit.Cursor | None, size: int
    ) -> kit.Page[kit.Party]:
        """Return a page of users, each with his role; a list that begins has pages of ``size``."""
        found = await _Found.on(lists, query, cursor, size, usual=USERS)
        if cursor is None and not query and not found.users and not found.problems:
            raise errors.ProtocolError("$.items: RT shows no user at all.", path="$.items")
        roles = await self._roles(lists, found.users)
        people = [user.to_party(role) for user, role in zip(found.users, roles, strict=True)]
        return found.page(lists, people)

    async def _roles(self, lists: Lists, users: Sequence[PersonJson]) -> list[Role]:
        asked = [user for user in users if self._recall(_person_key(user)) is None]
        members = await self._members(lists) if len(asked) > FEW else None
        if members is not None:
            return [_role(user, is_agent=user.login.lower() in members) for user in users]
        works = [self._role_of(lists.operation, user) for user in users]
        told = await asyncio.gather(*works, return_exceptions=True)
        for one in told:
            if isinstance(one, BaseException):
                raise one
        return [role for role in told if isinstance(role, Role)]

    async def _role_of(self, operation: Operation, user: PersonJson) -> Role:
        """Ask RT for one user, by number: it takes a login of digits for another's number."""
        if user.login in _OWN:
            return Role.SYSTEM
        known: Role | None = self._recall(_person_key(user))
        if known is not None:
            return known
        try:
            person = await self._alone(operation, str(user.id or user.login))
        except errors.NotFound:
            return Role.UNKNOWN  # he went meanwhile
        if (person.label or "").lower() != user.login.lower():
            raise errors.ProtocolError("$.Name: another one than was asked for.", path="$.Name")
        role = _role(user, is_agent=person.is_privileged)
        self._keep(_person_key(user), role)
        return role

    async def _alone(self, operation: Operation, key: str) -> PersonJson:
        """GET /user/{login or number}; ProtocolError where it does not tell who is privileged."""
        answer = await self.transport.send(operation, "GET", (*API, "user", key))
        person = answer.read(lambda data: read(data, PersonJson))
        if person.privileged is None:
            path = "$.Privileged"
            raise errors.ProtocolError(f"{path}: RT does not tell who is an agent.", path=path)
        return person

    async def _members(self, lists: Lists) -> frozenset[str] | None:
        """Return the logins of the privileged, in small letters; None if the account sees none."""
        if self._recall(_NO_GROUP):
            return None
        path, query = ("groups",), list(outgoing.PRIVILEGED)
        listing = await lists.page(path, outgoing.GROUP_FIELDS, json=query)
        groups, _ = read_records(listing.items, wire.GroupJson, _as_it_is, "$.items")
        ids = [g.id for g in groups if (g.domain, g.label) == ("SystemInternal", "Privileged")]
        if len(ids) != 1:
            self._keep(_NO_GROUP, "seen")
            return None
        try:
            answer = await self.transport.send(lists.operation, "GET", (*API, "group", str(ids[0])))
        except (errors.PermissionDenied, errors.NotFound):
            return None
        group = answer.read(lambda data: read(data, wire.GroupJson))
        return frozenset(str(one.id).lower() for one in group.members) or None


@frozen
class _Found:
    """A page of users, before it is known who each is."""

    number: int
    size: int
    usual: int
    """The size of pages whose places do not tell one."""
    told: kit.Told
    users: tuple[PersonJson, ...]
    problems: tuple[kit.Problem, ...]

    @classmethod
    async def on(
        cls,
        lists: Lists,
        query: Sequence[Any],
        cursor: kit.Cursor | None,
        size: int,
        more: Sequence[tuple[str, str]] = (),
        *,
        usual: int = PAGE,
    ) -> Self:
        """Read the page at a place; without conditions it is one of all users."""
        number, size = places.numbered(cursor, first=size, usual=usual)
        body = list(query) or None
        path, fields = ("users",), (*outgoing.USER_FIELDS, *more)
        listing = await lists.page(path, fields, page=number, per_page=size, json=body)
        users, problems = read_records(listing.items, PersonJson, PersonJson.with_login, "$.items")
        return cls(number, size, usual, listing.told, users, problems)

    def page(self, lists: Lists, people: Sequence[kit.Party]) -> kit.Page[kit.Party]:
        """Return the page with these ``people`` in the place of its users."""
        page = kit.numbered_page(
            self.told, tuple(people), self.problems, number=self.number, asked=self.size
        )
        page = kit.sized(page, self.size, usual=self.usual)
        return evolve(page, lacking=page.lacking or lists.lacking)


async def _all(
    lists: Lists,
    query: Sequence[Any],
    keep: Callable[[kit.Party], bool],
    more: Sequence[tuple[str, str]] = (),
) -> list[PersonJson]:
    """Return the users whom RT finds and ``keep`` wants.

    T20: where RT ignores a condition, it finds all users. Raises the error of a record that could
    not be read, where nobody is found beside it: it may be the one that is looked for.
    """
    kept: dict[str, PersonJson] = {}

    async def fetch(cursor: kit.Cursor | None) -> kit.Page[kit.Party]:
        part = await _Found.on(lists, query, cursor, PAGE, more)
        people = [user.to_party(Role.UNKNOWN) for user in part.users]
        kept.update(
            (user.login, user) for user, one in zip(part.users, people, strict=True) if keep(one)
        )
        return part.page(lists, people)

    whole = await kit.read_whole(fetch)
    if whole.problems and not kept:
        raise whole.problems[0].error
    return [*kept.values()]


def _only(logins: Collection[str], who: str) -> str:
    """Return the one login; InvalidArgument where there are none or several."""
    if len(logins) != 1:
        raise errors.InvalidArgument(
            f"assignee: {len(logins) or 'no'} {who}; give the login, as Party(id=…)."
        )
    return next(iter(logins))


async def _named(lists: Lists, members: Collection[str], last: str) -> kit.Page[kit.Party] | None:
    """Return the users of these logins behind a place; None where RT ignores what is asked for.

    T20: it does so with a field that is not in ``$UserSummaryExtraInfo``. Users who are disabled do
    not come.
    """
    logins = sorted((login for login in members if _digest(login) > last), key=_digest)
    asked = logins[:PAGE]
    items: tuple[kit.Party, ...] = ()
    problems: tuple[kit.Problem, ...] = ()
    if asked:
        query = outgoing.matching("Name", asked)
        rows = await lists.whole(("users",), outgoing.USER_FIELDS, query)
        items, problems = read_records(
            rows, PersonJson, lambda one: one.to_party(Role.AGENT), "$.items"
        )
        if not {_key(person) for person in items} <= set(asked):
            return None
    return kit.Page(
        items=tuple(sorted(items, key=lambda person: _digest(_key(person)))),
        problems=tuple(evolve(one, index=at) for at, one in enumerate(problems, len(items))),
        next=kit.Cursor(_NAMED + _digest(asked[-1])) if len(logins) > len(asked) else None,
        anchored=True,
        behind=lambda person: kit.Cursor(_NAMED + _digest(_key(person))),
        lacking=lists.lacking,
    )


def _key(person: kit.Party) -> str:
    return str(person.id).lower()


def _digest(login: str) -> str:
    """Return what stands for a login in a cursor, which tells nobody's address."""
    return sha256(login.encode(errors="surrogatepass")).hexdigest()[:24]


def _person_key(user: PersonJson) -> object:
    return ("user", user.id, user.login)


_OWN = (wire.SYSTEM_USER, wire.NOBODY)
"""RT's own users."""


def _role(user: PersonJson, *, is_agent: bool) -> Role:
    if user.login in _OWN:
        return Role.SYSTEM
    return Role.AGENT if is_agent else Role.CUSTOMER


def _as_it_is(group: wire.GroupJson) -> wire.GroupJson:
    return group
