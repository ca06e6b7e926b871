"""What a reader of changes has to know to go on, and its form as JSON.

Each part has its room, so that a checkpoint stays below 64 KiB whatever the size of the desk.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Self, TypeVar

import orjson
from attrs import define, field, frozen
from yarl import URL

from helpdesk_bridge.desk.parts import Desk
from helpdesk_bridge.errors import InvalidArgument
from helpdesk_bridge.model import Capability, ChangeMode, Ticket
from helpdesk_bridge.sync.known import KnownIds
from helpdesk_bridge.sync.packed import digest
from helpdesk_bridge.sync.seen import Seen
from helpdesk_bridge.sync.sketch import Sketch
from helpdesk_bridge.sync.standing import Standing
from helpdesk_bridge.sync.told import MARGIN, ToldMessages
from helpdesk_bridge.sync.versions import identity, version

__all__ = ["EVENTS_ROOM", "LARGEST", "MOST_UNREAD", "Origin", "State", "empty_versions"]

VERSION = 1
"""Of the form: a later one reads all earlier ones."""
LARGEST = 64 * 1024
"""Bytes that a checkpoint stays below."""
_SEEN, _DELETIONS, _DONE = 400, 120, 400
_CURSOR = 9_000
"""Characters of the place in the first list; of a longer one the list is begun anew."""
_VERSION_ROOM, _WIDTH = 9_000, 8
"""Bytes of the sketch of versions, and of one version."""
EVENTS_ROOM = 8_000
"""Characters that are left for the view of single events."""
_TOLD = 9_000
"""Characters that are always there for messages told; more where other parts are small."""
MOST_UNREAD = 3_000
"""Characters of the tickets of which something could not be read."""

T = TypeVar("T")


def empty_versions() -> Sketch:
    """Return a sketch of no versions."""
    return Sketch.empty(_VERSION_ROOM, _WIDTH)


@frozen
class Origin:
    """The desk a checkpoint is of."""

    desk: str
    vendor: str
    account: str

    @classmethod
    def of(cls, desk: Desk) -> Self:
        """Return a desk's: its name, its adapter's, and a digest of what tells its account."""
        settings, adapter = desk.adapter.settings, desk.adapter
        words = [
            f"{name}={_account_word(getattr(settings, name, None))}"
            for name in sorted(adapter.account_by)
        ]
        return cls(desk._origin.desk, adapter.name, f"{digest(*words):012x}")


def _account_word(value: Any) -> str:
    if value is None:
        return ""
    host = URL(str(value)).host if "://" in str(value) else None
    return str(value) if host is None else host  # an address may get another path or port


@define(kw_only=True)
class State:
    """How far a lineage of checkpoints has come."""

    origin: Origin
    mode: ChangeMode
    messages: bool
    """Whether messages are told."""
    took_up_messages: bool = False
    """Whether the checkpoint was made without messages, and this call goes on with them."""
    begun: bool = False
    """Whether the first list was begun."""
    listed: bool = False
    """Whether the first list was read to its end."""
    cursor: str | None = None
    """Where the first list goes on; None: at its beginning."""
    place: str | None = None
    """Where the vendor's own feed goes on; None: at its beginning."""
    floor: datetime | None = None
    """All that changed before it, by the vendor's times, was told; None: it is not known."""
    newest: datetime | None = None
    """The newest time of a change that was seen."""
    above: int | None = None
    """The highest number of a message when the poll before began."""
    seen: Seen = field(factory=lambda: Seen(_SEEN))
    """Versions of the tickets that changed last."""
    deletions: Seen = field(factory=lambda: Seen(_DELETIONS))
    """Deletions that were told, or had been made before the beginning."""
    unread: dict[str, float | None] = field(factory=dict)
    """Tickets of which something is missing: up to when their messages were told (seconds since
    1970; None: none was)."""
    told: ToldMessages
    standing: Standing = field(factory=Standing)
    """Where tickets stood, where messages are told."""
    done: Seen = field(factory=lambda: Seen(_DONE))
    """The versions of tickets that the view of single events has told, whole."""
    parts: list[str] = field(factory=list)
    """The new tickets of which the view of single events has told some messages, not all."""
    known: KnownIds = field(factory=KnownIds.nothing)
    """The ids of the tickets that were told."""
    versions: Sketch = field(factory=empty_versions)
    """The versions of all tickets, where everything is read."""

    @classmethod
    def begin(cls, desk: Desk, *, messages: bool) -> Self:
        """Return the state of a lineage that begins."""
        return cls(
            origin=Origin.of(desk),
            mode=_mode(desk),
            messages=messages,
            told=ToldMessages(desk.adapter.message_ids_grow),
        )

    def has_told(self, ticket: Ticket) -> bool:
        """Say whether ``ticket`` is known to have been told last as it is now."""
        return self.seen.has(identity(ticket.id), version(ticket))

    def to_text(self) -> str:
        """Return the checkpoint."""
        made: dict[str, Any] = {
            "helpdesk_bridge.changes": VERSION,
            "desk": self.origin.desk,
            "vendor": self.origin.vendor,
            "account": self.origin.account,
            "mode": self.mode.value,
            "messages": self.messages,
            "begun": self.begun,
            "listed": self.listed,
            "cursor": self.cursor if self.cursor and len(self.cursor) <= _CURSOR else None,
            "place": self.place,
            "floor": _written_time(self.floor),
            "newest": _written_time(self.newest),
            "above": self.above,
            "unread": self.unread,
            "parts": self.parts,
        }
        for name in ("seen", "deletions", "done", "standing"):
            part: Seen | Standing = getattr(self, name)
            made[name] = part.to_plain() if len(part) else None
        made["known"] = self.known.to_plain()
        if self.mode is ChangeMode.SCAN:
            made["versions"] = self.versions.to_text()
        made = {name: value for name, value in made.items() if value not in (None, {}, [], False)}
        if self.messages:
            left = LARGEST - EVENTS_ROOM - len(orjson.dumps(made))
            made["told"] = self.told.to_plain(max(_TOLD, left), self.floor)
        if len(orjson.dumps(made)) > LARGEST - EVENTS_ROOM:
            made.pop("cursor", None)
        return orjson.dumps(made).decode()

    @classmethod
    def read(cls, text: str, desk: Desk, *, messages: bool) -> Self:
        """Return what a checkpoint tells.

        Args:
            text: the checkpoint.
            desk: the desk that goes on with it.
            messages: whether messages are told from now on.

        Raises:
            InvalidArgument: it is none, or of another desk, or from a later version; or it was made
                with messages, and is to go on without.
        """
        data = _object(text)
        _check_origin(data, Origin.of(desk))
        try:
            state = cls._read(data, desk)
        except (ValueError, TypeError, AttributeError, KeyError, OverflowError) as error:
            trouble = str(error) if isinstance(error, ValueError) else "a part of it is missing"
        else:
            return state._going_on(desk, messages=messages)
        raise InvalidArgument(f"the checkpoint is damaged: {trouble}.")

    @classmethod
    def _read(cls, data: dict[str, Any], desk: Desk) -> Self:
        state = cls.begin(desk, messages=_flag(data, "messages"))
        state.mode = ChangeMode(data["mode"])
        state.begun, state.listed = _flag(data, "begun"), _flag(data, "listed")
        state.cursor = _typed(data, "cursor", str)
        state.place = _typed(data, "place", str)
        state.above = _typed(data, "above", int)
        state.floor = _read_time(_typed(data, "floor", str))
        state.newest = _read_time(_typed(data, "newest", str))
        state.seen = Seen.from_plain(data.get("seen") or "", _SEEN)
        state.deletions = Seen.from_plain(data.get("deletions") or "", _DELETIONS)
        state.done = Seen.from_plain(data.get("done") or "", _DONE)
        state.standing = Standing.from_plain(data.get("standing") or "")
        unread: dict[str, Any] = _typed(data, "unread", dict) or {}
        state.unread = {one: None if at is None else float(at) for one, at in unread.items()}
        if data.get("known"):
            state.known = KnownIds.from_plain(data["known"])
        if data.get("versions"):
            state.versions = Sketch.from_text(data["versions"], _VERSION_ROOM, _WIDTH)
        if data.get("told"):
            state.told = ToldMessages.from_plain(data["told"], grows=state.told.grows)
        state._go_behind(data)
        return state

    def _go_behind(self, data: dict[str, Any]) -> None:
        """Take in what single events have told since the rest of the checkpoint was made."""
        self.parts, fresh, gone = (_words(data, name) for name in ("parts", "fresh", "gone"))
        self.known.listed([*fresh, *self.parts])
        self.known.gone(gone)
        for ticket_id in gone:
            self.seen.drop(identity(ticket_id))
            self.unread.pop(ticket_id, None)
        self.told.add_more(_typed(data, "more", str) or "")

    def _going_on(self, desk: Desk, *, messages: bool) -> Self:
        """Return the state as this call goes on with it."""
        if self.messages and not messages:
            raise InvalidArgument(
                "the checkpoint was made with messages=True: without it, messages that come until"
                " the next time would be lost. Give messages=True, or begin another lineage."
            )
        if messages and not self.messages:
            self.messages = self.took_up_messages = True
            since = self.floor or self.newest
            self.told.behind = None if since is None else since.timestamp() - MARGIN
        if self.mode is not (mode := _mode(desk)):  # by a later version of the adapter
            self.mode = mode
            self.place = self.cursor = None
            self.begun = self.listed = False
            self.known, self.versions = KnownIds.nothing(), empty_versions()
        return self


def _mode(desk: Desk) -> ChangeMode:
    mode = desk.adapter.capabilities[Capability.CHANGES].limits.mode
    return ChangeMode.SCAN if mode is None else mode


_NONE = (
    "this text is not a checkpoint: give the `checkpoint` of a batch or of an event unchanged, or"
    " None to begin."
)


def _object(text: Any) -> dict[str, Any]:
    try:
        data = orjson.loads(text) if isinstance(text, str) and len(text) < 4 * LARGEST else None
    except orjson.JSONDecodeError:
        data = None
    version = data.get("helpdesk_bridge.changes") if isinstance(data, dict) else None
    if not isinstance(data, dict) or type(version) is not int or version < 1:
        raise InvalidArgument(_NONE)
    if version > VERSION:
        raise InvalidArgument(
            f"the checkpoint is of the form {version}, and this version of helpdesk_bridge reads"
            f" those up to {VERSION}: update it."
        )
    return data


def _check_origin(data: dict[str, Any], origin: Origin) -> None:
    if data.get("vendor") != origin.vendor or data.get("desk") != origin.desk:
        named = f"desk {str(data.get('desk'))[:80]!r} ({str(data.get('vendor'))[:40]})"
        raise InvalidArgument(
            f"the checkpoint is of {named}, and this is desk {origin.desk!r} ({origin.vendor})."
        )
    if data.get("account") != origin.account:
        raise InvalidArgument(
            "the checkpoint is of another account or address of this vendor's: begin anew with"
            " None there."
        )


def _flag(data: dict[str, Any], name: str) -> bool:
    return bool(_typed(data, name, bool))


def _typed(data: dict[str, Any], name: str, kind: type[T]) -> T | None:
    value = data.get(name)
    if value is None:
        return None
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise ValueError(f"{name} is of a wrong type")
    return value


def _words(data: dict[str, Any], name: str) -> list[str]:
    found = _typed(data, name, list) or []
    if not all(isinstance(one, str) for one in found):
        raise ValueError(f"{name} is of a wrong type")
    return [*found]


def _written_time(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat()


def _read_time(text: str | None) -> datetime | None:
    if text is None:
        return None
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time is without a zone")
    return at.astimezone(UTC)
