"""The answer to a request: whole, or a download whose body is still to be read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Container, Iterable, Mapping
from typing import Any, Self, TypeVar

from attrs import define, field

from helpdesk_bridge.errors import Cause, HelpdeskError, Outcome, ProtocolError
from helpdesk_bridge.transport.acceptance import is_accepted
from helpdesk_bridge.transport.decode import BOM, decode_json
from helpdesk_bridge.transport.empty_lists import is_proving, says_no_beside_nothing
from helpdesk_bridge.transport.outcome import with_outcome
from helpdesk_bridge.transport.redaction import showable
from helpdesk_bridge.transport.refusal import No, is_login_page, may_be_login_page, says_no
from helpdesk_bridge.transport.request import Effect, Request

__all__ = ["Response"]

T = TypeVar("T")


def _without_mark(content: bytes) -> bytes:
    """Return a body without its byte order mark, so that a mark alone is an empty body."""
    return content.removeprefix(BOM)


@define(kw_only=True)
class Response:
    """A complete answer, or (``chunks`` set) one whose body is still to be read.

    Args:
        request: what it answers.
        status: the HTTP status.
        headers: the headers, found whatever their case.
        content: the decoded body, from which a byte order mark is taken off; empty for a download.
        chunks: the body of a download, still to be read; None for a complete answer.
        login: whether it is a redirect to where people sign in, by the words of its address.
        circles: whether redirects did not come to an end.
        ended: whether the session of the request may have ended, by this answer.
    """

    request: Request
    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(default=b"", repr=False, converter=_without_mark)
    chunks: AsyncIterator[bytes] | None = field(default=None, repr=False)
    login: bool = field(default=False, kw_only=True)
    circles: bool = field(default=False, kw_only=True)
    ended: bool = field(default=False, kw_only=True)
    _release: list[Callable[[], Awaitable[None]]] = field(factory=list, repr=False)
    _decoded: list[Any] = field(factory=list, init=False, repr=False, eq=False)

    @property
    def request_id(self) -> str | None:
        """What the vendor calls this request, if it says so in a usual header.

        None where it does not say so.
        """
        value = self.headers.get("X-Request-Id") or self.headers.get("X-Correlation-Id")
        return value[:128] if value and value.isascii() and value.isprintable() else None

    def on_release(self, action: Callable[[], Awaitable[None]]) -> None:
        """Have ``action`` run when the answer is done with."""
        self._release.append(action)

    async def aclose(self) -> None:
        """Give back what a streamed answer holds; may be called again."""
        while self._release:
            await self._release.pop()()

    def refusal(self, codes: Container[str] = ()) -> No | None:
        """Return what this answer refuses in spite of its success status; None for nothing.

        It is judged by its envelope, or by being a page on which people sign in. ``codes`` are the
        vendor's own codes for errors. None of it is documented, so that it proves nothing. JSON
        that is taken as it is refuses nothing: a report may say ``{"status": "failed"}``.
        """
        no = self._no(codes)
        return None if self.request.operation.as_is and not self._is_page else no

    def _no(self, codes: Container[str] = ()) -> No | None:
        if self.status >= 300 or self.chunks is not None or not self.content:
            return None
        if self._is_page:
            return No(login=True) if self.ended or self.shows_login else None
        if self._first != b"{":
            return None
        asked = [value for _, value in self.request.query]
        strict = is_proving() or self.request.effect is not Effect.READ
        no = says_no(self._peek(), codes, asked, strict=strict)
        if no is None and self.request.effect is Effect.READ:
            no = says_no_beside_nothing(self._peek(), asked)
        return no

    @property
    def _first(self) -> bytes:
        """The first character of the body that is no blank; empty where there is none."""
        return self.content.lstrip()[:1]

    @property
    def _is_page(self) -> bool:
        return self._first == b"<"

    @property
    def shows_login(self) -> bool:
        """Whether this is a page on which people sign in, or leads to one, by its words."""
        return self.login or (self._is_page and is_login_page(self.content))

    @property
    def leads_to_pages(self) -> bool:
        """Whether a redirect or a web page came in place of an answer."""
        return 300 <= self.status < 400 or self._is_page

    @property
    def may_end_a_session(self) -> bool:
        """Whether an answer to a call with a session is one that its end may have caused.

        No call of an API is led to another place or to a page that may ask to sign in while its
        session lasts; of JSON that refuses (400, 403) only a whole sentence or a code says so.
        """
        no = self._no()
        if self.login or self.circles or (no is not None and no.login):
            return True
        if 300 <= self.status < 400:
            return self.status != 304
        if self.status < 300:
            return self._is_page and may_be_login_page(self.content)
        said = self._refused
        return said is not None and said.session

    @property
    def ends_by_a_sentence(self) -> bool:
        """Whether only a sentence, and no code, of JSON that refuses (400, 403) ends a session."""
        said = self._refused
        return said is not None and not said.coded

    @property
    def _refused(self) -> No | None:
        """What JSON says with a 400 or 403, by which sessions end as well as values are refused."""
        return says_no(self._peek()) if self.status in (400, 403) and self._first == b"{" else None

    def _peek(self) -> Any:
        """Return the decoded body; None for what is no JSON, which whoever reads it will say."""
        try:
            return self._value()
        except ProtocolError:
            return None

    def _value(self) -> Any:
        """Return the decoded body; the error table and the adapter read the same one.

        A middleware may have put other bytes in its place meanwhile.
        """
        if not self._decoded or self._decoded[0] is not self.content:
            kind = self.headers.get("Content-Type", "")
            self._decoded[:] = [self.content, decode_json(self.content, kind)]
        return self._decoded[1]

    def json(self) -> Any:
        """Return the decoded body. What is no JSON raises the error that fits the effect."""
        return self.read(lambda data: data)

    def read(self, convert: Callable[[Any], T]) -> T:
        """Return ``convert(decoded JSON)``.

        An answer that cannot be understood is ProtocolError on a read and OutcomeUnknown on an
        unsafe write, whose effect may well have happened.
        """
        failure: HelpdeskError
        try:
            return convert(self._value())
        except HelpdeskError as error:
            failure = error
        except (
            ValueError,
            TypeError,
            LookupError,
            AttributeError,
            ArithmeticError,
            RecursionError,
        ) as error:
            failure = ProtocolError("the answer is not of the documented shape.")
            failure.__cause__ = Cause.of(error)
        try:
            raise self.with_outcome(failure)
        finally:
            del failure  # it leads here, and would hold itself and this answer

    def said(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Return sentences of this answer without credentials and what they quote of the request.

        ``texts`` are the vendor's. An adapter that shows some in an error asks for them here. A
        value that is one word may be quoted: it is what the vendor refused.
        """
        return showable(texts, self.request, single_words=False)

    def accepted(
        self,
        ticket_id: str | None = None,
        *,
        sentence: bool = False,
        deletes: bool = False,
        read_next: bool = False,
    ) -> Self:
        """Return this answer to a write whose record is not read, or raise where it is no success.

        An empty body is one, an explicit yes, the id of what was written, or JSON that says
        nothing. A web page, a denial, another deed ("Ticket updated" to a deletion), and words that
        are no yes leave the write in doubt.

        Args:
            ticket_id: the ticket that was changed or deleted; None where something is made.
            sentence: whether a text that is no JSON will do.
            deletes: whether the ticket was to be deleted, so that a record of it is no yes.
            read_next: whether the ticket is read next, so that only a denial leaves it in doubt.
        """
        text = self.content.strip()
        if not text:
            return self
        said: Any = self._peek() if sentence and text[:1] != b"<" else self.json()
        if said is None and text != b"null":
            said = text.decode(errors="replace")
        if not is_accepted(said, ticket_id, deletes=deletes, read_next=read_next):
            raise self.with_outcome(ProtocolError("the answer does not say that it was done."))
        return self

    def with_outcome(self, error: HelpdeskError) -> HelpdeskError:
        """Return ``error`` with what this answer tells, as the effect of its request demands.

        An answer came, so that nothing may say that nothing was sent: an error that does is made
        for a caller's values, and here the vendor's are meant.
        """
        if error.outcome is Outcome.NOT_SENT:
            cause = Cause.of(error)
            error = ProtocolError(f"the answer is not acceptable: {error.message}")
            error.__cause__ = cause
        error.fill(status=self.status, request_id=self.request_id)
        return with_outcome(
            error,
            unsafe=self.request.unsafe,
            bytes_sent=True,
            started_at=self.request.progress.started_at,
        )
