"""Session tokens: fetched when needed, renewed before they end, by one task for all."""

from __future__ import annotations

import asyncio
import base64
import binascii
import importlib
import math
import time
from collections.abc import Awaitable, Callable, Collection
from typing import Any, TypeAlias, cast

import orjson
from attrs import define, field, frozen

from helpdesk_bridge.errors import (
    AuthenticationError,
    ConfigurationError,
    DeskClosed,
    InvalidArgument,
    Outcome,
    Reason,
)
from helpdesk_bridge.secret import Secret
from helpdesk_bridge.transport.call import waiting_for
from helpdesk_bridge.transport.outcome import judge
from helpdesk_bridge.transport.pipeline import Handler, Middleware
from helpdesk_bridge.transport.policies.auth import check_credential, is_clean
from helpdesk_bridge.transport.refusal import SESSION_ENDED
from helpdesk_bridge.transport.request import Effect, Request
from helpdesk_bridge.transport.response import Response
from helpdesk_bridge.transport.yielding import urgently

__all__ = ["ChosenAuth", "FetchToken", "SessionAuth", "TokenProvider", "expiry_of"]

_MARGIN = 30.0
_CLOSING = 5.0
"""How long closing waits for a provider that ignores its cancellation."""
FetchToken: TypeAlias = Callable[[], Awaitable[str | Secret]]
"""What fetches a fresh token."""


@frozen
class TokenProvider:
    """An async function without arguments that returns a fresh token.

    It may be given as ``"module:function"``, which is imported at once.

    ``fetch`` is the function.
    """

    fetch: FetchToken = field(repr=False)

    @classmethod
    def of(cls, given: FetchToken | TokenProvider | str, *, key: str) -> TokenProvider:
        """Return a provider from a callable or a ``"module:function"`` of the setting ``key``.

        ``given`` that is neither is a ConfigurationError.
        """
        if isinstance(given, TokenProvider):
            return given
        if isinstance(given, str):
            return cls(_imported(given, key))
        if not callable(given):
            raise ConfigurationError(f"{key} is an async function or 'module:function'", key=key)
        return cls(given)


def _imported(where: str, key: str) -> FetchToken:
    module, _, name = where.partition(":")
    try:
        found: Any = getattr(importlib.import_module(module), name)
    except Exception as error:  # noqa: BLE001 - whatever the application's module raises
        reason = type(error).__name__
    else:
        if callable(found):
            return cast("FetchToken", found)
        reason = "it is not callable"
    raise ConfigurationError(f"{key} cannot be imported ({reason}); write module:function", key=key)


def expiry_of(token: str) -> float | None:
    """Return the ``exp`` of a token that is a readable JWT (seconds since 1970), else None.

    The signature is not looked at: this is our own token, and the server judges it.
    """
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        padded = parts[1] + "=" * (-len(parts[1]) % 4)
        claims = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        return None
    exp = claims.get("exp") if isinstance(claims, dict) else None
    return float(exp) if isinstance(exp, (int, float)) and not isinstance(exp, bool) else None


@define
class _Token:
    value: Secret
    renew_at: float | None


@define(eq=False)
class SessionAuth:
    """Puts a session token on each request, as ``Authorization: Bearer …``.

    With a provider the token is fetched when first needed, renewed shortly before it expires and
    once after an answer that shows that the session has ended: a 401 or another status of
    ``ended``, a redirect that leads nowhere else than to a web page, a web page that may ask to
    sign in, or JSON that says so with a 200, 400 or 403. What still comes with a new session is
    AuthenticationError. Then the request is sent again: a read always, a write only after a refusal
    by its status (``ended``, 307, 308) or by a code such as SESSION_EXPIRED with a 400 or 403, for
    everything else proves nothing. Another write raises, and the next call gets a fresh token. Any
    number of tasks cause one call of the provider; it runs in a task of its own, so a cancelled
    caller fails nobody else. A provider that raises gives every waiting call AuthenticationError,
    and the next call tries again.

    Args:
        fixed: a token that is never renewed; None where there is a provider.
        provider: what gives a fresh token; None: ``fixed`` is all there is.
        clock: what tells the present, in seconds since 1970.
        ended: the HTTP statuses by which a vendor says that a session has ended.
    """

    fixed: Secret | None = None
    provider: TokenProvider | None = None
    clock: Callable[[], float] = field(default=time.time, repr=False)
    patience: float = 60.0
    """How long a provider may take (seconds), so that one that hangs does not stop the desk."""
    ended: Collection[int] = SESSION_ENDED
    _token: _Token | None = field(default=None, init=False, repr=False)
    _renewal: asyncio.Task[tuple[Secret | None, str]] | None = field(
        default=None, init=False, repr=False
    )
    _waiting: dict[asyncio.Future[None], None] = field(factory=dict, init=False, repr=False)
    """Who waits for the end of a renewal."""
    _failure: tuple[float, str] = field(default=(-math.inf, ""), init=False, repr=False)
    _closed: bool = field(default=False, init=False)

    async def __call__(self, request: Request, handler: Handler) -> Response:
        """Sign ``request``; when the session has ended, renew it and send it once more."""
        if not request.authenticate:
            return await handler(request)
        token = await self._current(request)
        response = await self._judged(_signed(request, token), handler)
        if self.provider is None or not self._has_ended(response):
            return response
        if request.effect is not Effect.READ and not self._proves_end(response):
            if self._token is not None and self._token.value == token:
                self._token = None  # so that the next call does not fail in the same way
            return response
        await response.aclose()
        request.progress.bytes_sent = False  # refused: what is sent so far has done nothing
        renewed = await self._renewed(request, stale=token, outcome=Outcome.REJECTED)
        if renewed == token:
            return response
        return await self._judged(_signed(request, renewed), handler)

    async def _judged(self, request: Request, handler: Handler) -> Response:
        response = await handler(request)
        response.ended = response.may_end_a_session
        return response

    async def aclose(self) -> None:
        """End a renewal that is under way."""
        self._closed = True
        renewal = self._renewal
        if renewal is not None and not renewal.get_loop().is_closed():
            renewal.cancel()
            await asyncio.wait([renewal], timeout=_CLOSING)

    def _has_ended(self, response: Response) -> bool:
        return response.status in self.ended or response.ended

    def _proves_end(self, response: Response) -> bool:
        """Say whether an answer proves that the session was why, and that nothing was done."""
        known = judge(bytes_sent=True, status=response.status, complete=True)
        surely = response.status in self.ended or not response.ends_by_a_sentence
        return known is Outcome.REJECTED and surely

    async def _current(self, request: Request) -> Secret:
        if self.fixed is not None:
            return self.fixed
        token = self._token
        if token is None or (token.renew_at is not None and self.clock() >= token.renew_at):
            return await self._renewed(request, stale=token.value if token else None)
        return token.value

    async def _renewed(
        self, request: Request, *, stale: Secret | None, outcome: Outcome = Outcome.NOT_SENT
    ) -> Secret:
        """Return a token other than ``stale``, joining a renewal that is under way.

        A request that was asked for before the last renewal failed shares that failure: it has
        only been waiting for its turn. ``outcome`` is what is true of the request if there is
        no token.
        """
        if self._token is not None and self._token.value != stale:
            return self._token.value
        if self._closed:
            raise DeskClosed("the desk is closed.")
        failed_at, trouble = self._failure
        if request.progress.began > failed_at:
            token, trouble = await self._joined()
            if token is not None:
                return token
        if self._closed:
            raise DeskClosed("the desk was closed while its session was renewed.")
        raise AuthenticationError(
            f"the session provider failed ({trouble}).", outcome=outcome, reason=Reason.SESSION
        )

    async def _joined(self) -> tuple[Secret | None, str]:
        """Return what the renewal that is under way, or a new one, comes to."""
        renewal = self._renewal
        if renewal is None or renewal.done():
            # An eager task runs before this has it, and may be done by then.
            with urgently():  # others may join it who do not yield
                renewal = self._renewal = asyncio.create_task(self._fetch())
            renewal.add_done_callback(self._tell)
        while not renewal.done():
            await self._told()
        return (None, "it was cancelled") if renewal.cancelled() else renewal.result()

    async def _told(self) -> None:
        """Wait for the end of a renewal.

        Each who waits has a future of its own, and leaves without being looked for: with
        ``asyncio.shield`` each would look through the callbacks of all others.
        """
        turn = asyncio.get_running_loop().create_future()
        self._waiting[turn] = None
        try:
            with waiting_for("the session provider"):
                await turn
        finally:
            self._waiting.pop(turn, None)

    def _tell(self, _: object) -> None:
        """Wake all who wait; whose renewal is another one waits on."""
        waiting, self._waiting = self._waiting, {}
        for turn in waiting:
            if not turn.done():
                turn.set_result(None)

    async def _fetch(self) -> tuple[Secret | None, str]:
        """Return a token, or what went wrong; an exception that nobody awaits would be a leak."""
        assert self.provider is not None  # noqa: S101 - a desk without one has a fixed token
        token: Secret | None = None
        trouble = "it was cancelled"
        try:
            async with asyncio.timeout(self.patience):
                asked: object = self.provider.fetch()
                if not isinstance(asked, Awaitable):
                    trouble = f"it is not async, and returned a {type(asked).__name__}"
                    return None, trouble
                given = Secret(await asked)
            check_credential("session_token", given)
            token, trouble = given, ""
        except ConfigurationError:
            trouble = "it gave no usable token"
        except Exception as error:  # noqa: BLE001 - whatever the application's code raises
            trouble = f"it raised {type(error).__name__}"
        finally:
            if trouble:
                self._failure = (asyncio.get_running_loop().time(), trouble)
        if token is None:
            return None, trouble
        now = self.clock()
        exp = expiry_of(token.reveal())
        lifetime = 0.0 if exp is None else exp - now
        # A token that seems spent already (a clock is wrong) is used until a 401.
        renew_at = now + lifetime - min(_MARGIN, lifetime / 2) if lifetime > 0 else None
        self._token = _Token(token, renew_at)
        return token, ""


def _signed(request: Request, token: Secret) -> Request:
    if not is_clean(token, word=True):
        raise InvalidArgument("the session token has blanks, line breaks or the like")
    return request.with_headers({"Authorization": f"Bearer {token.reveal()}"})


@frozen
class ChosenAuth:
    """Signs each request with what ``choose`` picks for it; closes ``parts`` with the desk."""

    choose: Callable[[Request], Middleware]
    parts: tuple[Any, ...] = ()

    async def __call__(self, request: Request, handler: Handler) -> Response:
        """Sign ``request`` as chosen."""
        return await self.choose(request)(request, handler)

    async def aclose(self) -> None:
        """Close the strategies that hold something."""
        for part in self.parts:
            await part.aclose()
