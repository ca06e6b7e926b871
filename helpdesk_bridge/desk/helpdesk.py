"""The Helpdesk class, which users call, and :func:`connect`, which opens one."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from helpdesk_bridge.config import load_config, registry
from helpdesk_bridge.config.loader import check_asked
from helpdesk_bridge.delivery.ledger import Ledger, checked
from helpdesk_bridge.delivery.open_ledger import open_ledger
from helpdesk_bridge.delivery.reader import Reader
from helpdesk_bridge.delivery.reconcile import Reconciler
from helpdesk_bridge.delivery.recovery import Recovery
from helpdesk_bridge.delivery.sender import Sender
from helpdesk_bridge.desk import (
    arguments,
    attachments,
    feed,
    outcomes,
    parsing,
    people,
    ticket_changes,
    writing,
)
from helpdesk_bridge.desk import conversations as conversation_reading
from helpdesk_bridge.desk import messages as message_reading
from helpdesk_bridge.desk import tickets as ticket_reading
from helpdesk_bridge.desk.call import Calls
from helpdesk_bridge.desk.directory import Directory
from helpdesk_bridge.desk.guard import Guard
from helpdesk_bridge.desk.origin import Origin
from helpdesk_bridge.desk.prefetch import PrefetchTasks
from helpdesk_bridge.desk.settings_check import check_settings
from helpdesk_bridge.desk.statuses import statuses_of
from helpdesk_bridge.errors import DeskClosed, InvalidArgument, OutcomeUnknown
from helpdesk_bridge.errors.frames import without_frames
from helpdesk_bridge.kit.contract import Adapter
from helpdesk_bridge.model import Capabilities, Capability, Statuses
from helpdesk_bridge.model.home import Home
from helpdesk_bridge.transport import (
    Effect,
    Middleware,
    Observer,
    Operation,
    Response,
    Transport,
    TransportOptions,
)
from helpdesk_bridge.transport.deadlines import OpenRequests
from helpdesk_bridge.transport.urls import base_url

__all__ = ["Helpdesk", "connect"]


@without_frames
def connect(
    desk: str | None = None,
    *,
    config: str | Path | Mapping[str, Any] | None = None,
    middlewares: Sequence[Middleware] = (),
    ledger: Ledger | None = None,
    observers: Sequence[Observer] = (),
) -> Helpdesk:
    """Open a desk of the configuration; no I/O but reading the configuration.

    ``ledger`` None takes the one of the configuration, which the desk closes; without one account
    is kept in this process only.

    Args:
        desk: its name in the configuration; None is the configuration's default.
        config: a path, or a mapping of the same shape; None looks for ``helpdesk.toml`` where
            :func:`~helpdesk_bridge.load_config` says.
        middlewares: as for :class:`Helpdesk`.
        ledger: as for :class:`Helpdesk`.
        observers: as for :class:`Helpdesk`.

    Returns:
        The desk; use it as ``async with``.

    Raises:
        ConfigurationError: it names the file, the table and the key; or ``desk`` is empty, or no
            str.
        InvalidArgument: ``ledger``, ``middlewares`` or ``observers`` is not what it must be.
    """
    check_asked(desk)
    read = load_config(config)
    found = read.desk(desk)
    own = found.ledger is not None and ledger is None
    if found.ledger is not None and ledger is None:
        ledger = open_ledger(found.ledger, origin=read.origin, desk=found.name)
    opened = Helpdesk(
        found.settings,
        name=found.name,
        adapter=found.adapter,
        options=found.options,
        middlewares=middlewares,
        ledger=ledger,
        observers=observers,
    )
    opened._owns_ledger = own
    return opened


class Helpdesk:
    """One desk at one vendor. Use it as ``async with``; :meth:`aclose` may be called again.

    It belongs to the event loop of its first call: in another one, in a thread or in a process that
    was forked since, each method raises InvalidArgument at once. A desk in memory may be used in
    another loop once its first one is closed.

    Every method raises a :class:`HelpdeskError`: InvalidArgument, UnsupportedCapability and
    DeskClosed before anything is sent, the others as the vendor or the network has it.

    ``capabilities`` says what this desk can do, ``statuses`` what each status is here.

    Most methods are functions in the module of their subject, and are bound to the class here.

    Args:
        settings: the settings object of an adapter.
        name: what error texts and log lines call the desk, and its tickets, which no desk of
            another name takes; None is the adapter's name.
        adapter: the adapter's class; None finds it by the settings.
        options: what is the same for every vendor; None is the defaults.
        middlewares: the application's own, outermost first. They stand inside the deadline and
            outside everything that concerns a single attempt.
        ledger: where every write that must not be done twice is put down before it is sent, so
            that :meth:`recover` settles what a crash left open. It stays the caller's to close.
            None keeps account in this process only.
        observers: who is told of the start and the end of each attempt at a request.

    Raises:
        InvalidArgument: the settings are no adapter's, or another's; another argument is not what
            it must be, such as a ``ledger`` that is none.
        ConfigurationError: the settings cannot work.
    """

    @without_frames
    def __init__(
        self,
        settings: Any,
        *,
        name: str | None = None,
        adapter: type[Adapter] | None = None,
        options: TransportOptions | None = None,
        middlewares: Sequence[Middleware] = (),
        ledger: Ledger | None = None,
        observers: Sequence[Observer] = (),
    ) -> None:
        if ledger is not None:
            checked(ledger)
        kind = registry.load(_adapter_of(settings)) if adapter is None else adapter
        if not isinstance(kind, type) or not issubclass(kind, Adapter):
            raise InvalidArgument("adapter= takes the class of an adapter.")
        if not isinstance(settings, kind.settings_type):
            raise InvalidArgument(f"{kind.name} needs {kind.settings_type.__name__}(…) as settings")
        self.name = kind.name if name is None else arguments.required_line(name, "name")
        if not self.name.isprintable():
            raise InvalidArgument("the name of a desk holds characters that are not printed")
        if options is not None and not isinstance(options, TransportOptions):
            raise InvalidArgument("options= takes TransportOptions(…).")
        self._options = TransportOptions() if options is None else options
        address = getattr(settings, "base_url", None)
        self._transport = Transport(
            base_url(address) if address is not None else None,
            self._options,
            desk=self.name,
            vendor=kind.name,
            auth=kind.auth(settings),
            error_codes=kind.error_codes,
            explain=kind.explain,
            is_error=kind.is_error,
            middlewares=middlewares,
            file_hosts=kind.file_hosts,
            observers=observers,
        )
        self.adapter: Adapter = kind(settings, self._transport)
        self.capabilities: Capabilities = self.adapter.capabilities
        self.statuses: Statuses = statuses_of(self.adapter, self.capabilities)
        seconds, running = self._options.deadline, self._transport.running
        self._rests = OpenRequests()
        self._calls = Calls(
            self.name,
            kind.name,
            seconds,
            is_remote=address is not None,
            running=running,
            home=Home(may_move=address is None, on_move=self._moved),
            credentials=self._transport.credentials,
        )
        self._origin = Origin(self.name, kind.name)
        ids = re.compile(kind.id_pattern)
        self._guard = Guard(self._origin, ids, self.capabilities, id_words=kind.id_words)
        self._directory = Directory(self.adapter, self.capabilities)
        self._prefetch = PrefetchTasks()
        self._owns_ledger = False
        self._sender = _sender(self.name, kind.name, seconds, self._transport.clock_offset, ledger)
        self._reconciler = Reconciler(
            self._reader,
            self.capabilities,
            self._sender,
            visible_after=kind.visible_after,
            gives_up_after=kind.gives_up_after,
            mark_of=self.adapter.mark_of,
            by_steps=self.adapter.by_steps,
            gave_up=lambda: self.closed,
            on_settled=self._calls.forget,
            limit=self._calls.part,
        )
        self._recovery = Recovery(self._sender, self._reconciler)
        if self.capabilities.supports(Capability.RECONCILE):
            self._sender.settle = self._reconciler.settle

    # Reading tickets
    tickets = ticket_reading.tickets
    ticket = ticket_reading.ticket
    custom_fields = ticket_reading.custom_fields
    # People
    agents = people.agents
    teams = people.teams
    customers = people.customers
    me = people.me
    check_settings = check_settings
    # Creating, changing and deleting tickets
    create_ticket = ticket_changes.create_ticket
    update_ticket = ticket_changes.update_ticket
    delete_ticket = ticket_changes.delete_ticket
    # Reading messages
    messages = message_reading.messages
    message = message_reading.message
    conversations = conversation_reading.conversations
    # What has changed
    changes = feed.changes
    follow = feed.follow
    events = feed.events
    # Reading the vendor's own records
    parse_ticket = parsing.parse_ticket
    parse_message = parsing.parse_message
    # Adding messages
    reply = writing.reply
    note = writing.note
    forward = writing.forward
    add_request = writing.add_request
    # Files
    open_attachment = attachments.open_attachment
    save_attachment = attachments.save_attachment
    # What became of a write
    reconcile = outcomes.reconcile
    recover = outcomes.recover
    complete = outcomes.complete

    async def raw(
        self,
        method: str,
        *path: str,
        query: Mapping[str, str] | Sequence[tuple[str, str]] = (),
        json: Any = None,
        effect: Effect | None = None,
    ) -> Any:
        """Call the vendor's own API, with the same credentials, pacing and errors.

        Args:
            method: the HTTP verb.
            path: the segments below ``base_url``, each encoded by itself: ``"tickets", "17"``, and
                no ``"tickets/17"``. An adapter that drops the end of a ``base_url`` which was
                copied with its path, such as ``/api/v2``, has that as the first segments; the
                vendor's page in ``docs/vendors`` shows a call.
            query: the query parameters.
            json: the body; None is no body.
            effect: what a repetition would do; None is READ for GET and HEAD, and UNSAFE_WRITE for
                all other verbs.

        Returns:
            The decoded JSON, None for an empty answer. That of a READ is returned whatever it says:
            of a report ``{"status": "failed"}`` is the content.

        Raises:
            InvalidArgument: for a value that is not acceptable; nothing was sent.
            OutcomeUnknown: an UNSAFE_WRITE may have been done. What was done by it cannot be
                looked for.
            HelpdeskError: as the vendor or the network has it.
        """
        with self._calls.begin("raw") as call:
            verb = arguments.required_line(method, "method").upper()
            pairs = arguments.query(query)
            if effect is not None:
                arguments.instance(effect, Effect, "effect")
            effect = effect or (Effect.READ if verb in ("GET", "HEAD") else Effect.UNSAFE_WRITE)
            call.writes = effect is not Effect.READ
            return _decoded(
                await self._transport.send(
                    Operation("raw", effect, as_is=effect is Effect.READ),
                    verb,
                    path,
                    query=pairs,
                    json=json,
                )
            )

    @property
    def interrupted(self) -> deque[OutcomeUnknown]:
        """Writes that were cancelled when they may have been sent already: for :meth:`reconcile`.

        The last 1,000; whoever settles one takes it out.
        """
        return self._calls.interrupted

    @property
    def ledger(self) -> Ledger | None:
        """The ledger that was given or configured; None: there is none but in this process.

        For a person's verdict: ``await desk.ledger.decide(operation_id, sent=True)``.
        """
        return self._sender.ledger if self._sender.is_given else None

    @property
    def closed(self) -> bool:
        """Whether the desk was closed."""
        return self._calls.closed

    async def aclose(self) -> None:
        """Close the desk, its connections and whatever its adapter holds open.

        A ledger that was given to it is the caller's, and stays open.

        Raises:
            InvalidArgument: the desk belongs to another process, or to an event loop that is not
                closed; nothing was closed.
        """
        self._calls.home.end()
        if not self.closed:
            self._calls.begin("aclose").check_home()
        elif self._calls.home.trouble():
            return
        self._calls.closed = True
        self._rests.close()  # of any desk, while what is under way may have to be ended with care
        try:
            await self._transport.aclose()
        finally:
            await self._prefetch.aclose()
            await self.adapter.aclose()
            await self._sender.aclose()
            if self._owns_ledger:
                await self._sender.ledger.aclose()

    def _moved(self) -> None:
        self._transport.running.leave_closed_loops()
        self._rests.leave_closed_loops()

    @property
    def _reader(self) -> Reader:
        return self

    def __repr__(self) -> str:
        return f"<Helpdesk {self.name!r} ({self.adapter.name})>"

    async def __aenter__(self) -> Self:
        if self.closed:
            raise DeskClosed("the desk is closed.", desk=self.name, vendor=self.adapter.name)
        self._calls.begin("open").check_home()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()


def _decoded(response: Response) -> Any:
    return response.json() if response.content.strip() else None


def _sender(
    desk: str,
    vendor: str,
    seconds: float,
    clock_offset: Callable[[], float | None],
    ledger: Ledger | None,
) -> Sender:
    if ledger is None:
        return Sender(desk, vendor, seconds, clock_offset)
    return Sender(desk, vendor, seconds, clock_offset, ledger, is_given=True)


def _adapter_of(settings: Any) -> str:
    name = getattr(settings, "adapter", None)
    if not isinstance(name, str):
        raise InvalidArgument(
            "Helpdesk needs the settings object of an adapter, such as MemorySettings()"
        )
    return name
