"""Turn an answer that says no into an error: the vendor's own codes first, then the status."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping

from attrs import evolve, frozen

from helpdesk_bridge import errors
from helpdesk_bridge.errors import HelpdeskError, Outcome, Reason
from helpdesk_bridge.transport.explanation import Explanation, first_fields
from helpdesk_bridge.transport.outcome import GAVE_UP, judge
from helpdesk_bridge.transport.pipeline import Handler
from helpdesk_bridge.transport.rate_headers import asked_wait, retry_after
from helpdesk_bridge.transport.redaction import redact, showable
from helpdesk_bridge.transport.refusal import SESSION_ENDED, No
from helpdesk_bridge.transport.request import Request
from helpdesk_bridge.transport.response import Response

__all__ = ["BY_STATUS", "ErrorTable"]


BY_STATUS: Mapping[int, type[HelpdeskError]] = {
    400: errors.ValidationFailed,
    403: errors.PermissionDenied,
    404: errors.NotFound,
    409: errors.Conflict,
    410: errors.NotFound,
    412: errors.Conflict,
    413: errors.PayloadTooLarge,
    422: errors.ValidationFailed,
    429: errors.RateLimited,
    **dict.fromkeys(SESSION_ENDED, errors.AuthenticationError),
}

_REASONS: Mapping[int, Reason] = {
    405: Reason.WRONG_METHOD,
    407: Reason.PROXY,
    408: Reason.REQUEST_TIMEOUT,
}
"""Statuses that say more than the class of error which goes with them."""

_NEVER_BETTER = (501, 505)
"""Not implemented; HTTP version not supported: the same request will fail again."""

_SENTENCES: Mapping[type[HelpdeskError], str] = {
    errors.AuthenticationError: "the credentials were not accepted",
    errors.PermissionDenied: "the account has no right to do this",
    errors.NotFound: "there is no such object, or the account may not see it",
    errors.Conflict: "the object changed meanwhile, or exists already",
    errors.ValidationFailed: "the vendor did not accept the request",
    errors.PayloadTooLarge: "the request is too large for the vendor",
    errors.RateLimited: "too many requests",
    errors.VendorUnavailable: "the vendor failed to answer properly",
}

_PROVES_NOTHING = "the vendor lists nothing, and says more beside it, so that it proves nothing."
_REDIRECTED = (Reason.REDIRECT, "the vendor answered with a redirect: check base_url")
_IN_CIRCLES = (Reason.REDIRECT, "the vendor redirects in circles: check base_url")
_LED_AWAY: dict[int, tuple[Reason | None, str]] = {
    304: (None, "it is said that nothing has changed, which nobody asked: check what caches")
}
"""What an answer with a 3xx comes to."""


@frozen
class ErrorTable:
    """Turns an answer that says no into an error: by the vendor's own code, then by status.

    A success status proves nothing where the answer says no. What :attr:`is_error` knows, the
    vendor documents: it was refused. What only looks like a refusal leaves open what was done.
    """

    codes: Mapping[str, type[HelpdeskError]]
    explain: Callable[[Response], Explanation]
    is_error: Callable[[Response], bool] = lambda _: False
    """Whether a 2xx answer is a refusal all the same, as some vendors have it."""

    async def __call__(self, request: Request, handler: Handler) -> Response:
        """Pass ``request`` on and judge the answer."""
        response = await handler(request)
        no: No | None = None
        if response.status < 300 and not self._refused(response):
            no = response.refusal(self.codes)
            if no is None:
                return response
        await response.aclose()
        if no is not None and no.doubt:
            raise response.with_outcome(errors.ProtocolError(_PROVES_NOTHING))
        raise response.with_outcome(self._error(response, no))

    def _error(self, response: Response, no: No | None = None) -> HelpdeskError:
        told = self._explained(response)
        if no is not None:
            seen = Explanation(message=no.message, code=no.code)
            told = _combined(told, _cleaned(seen, response.request, known=self.codes))
        login = response.login or response.ended or (no is not None and no.login)
        named = told.kind or self.codes.get(told.code or "")
        named = named or (errors.AuthenticationError if login else None)
        kind = named or _by_status((no and no.status) or response.status)
        if no is not None and issubclass(kind, errors.NotFound):
            kind = errors.ValidationFailed  # it proves nothing, and least that something is gone
        sentence = _SENTENCES.get(kind, "the vendor refused it")
        context: dict[str, object] = {
            "vendor_code": _printable(told.code, known=self.codes),
            "status": response.status,
            "attempts": response.request.progress.attempts,
            "outcome": (
                Outcome.UNKNOWN
                if no is not None
                else Outcome.REJECTED
                if response.status < 300
                else judge(bytes_sent=True, status=response.status, complete=True)
            ),
        }
        if issubclass(kind, errors.ValidationFailed):
            context["fields"] = {
                redact(name): tuple(redact(text) for text in texts)
                for name, texts in told.fields.items()
            }
            context["fields_left_out"] = told.fields_left_out
        if issubclass(kind, (errors.RateLimited, errors.VendorUnavailable)):
            told_by = asked_wait if issubclass(kind, errors.RateLimited) else retry_after
            context["retry_after"] = told_by(response.headers)
        if response.status in _NEVER_BETTER:
            context["retryable"] = False
        if named is None:
            context["reason"] = _REASONS.get(response.status)
        if login and not told.message and response.leads_to_pages:
            where = (
                "shows the page on which people sign in"
                if response.shows_login
                else "leads to web pages in place of an answer"
            )
            sentence = (
                f"the vendor {where}: it does not accept the credentials, or base_url is an address"
                " for people"
            )
        elif 300 <= response.status < 400:
            reason, sentence = (
                _IN_CIRCLES if response.circles else _LED_AWAY.get(response.status, _REDIRECTED)
            )
            context["reason"] = reason or context.get("reason")
        if told.message:
            sentence = f"{sentence} ({redact(told.message)})"
        return kind(f"{sentence}.", **context)  # type: ignore[arg-type]

    def _refused(self, response: Response) -> bool:
        try:
            return response.chunks is None and bool(self.is_error(response))
        except Exception:  # noqa: BLE001 - whatever an adapter makes of an odd answer
            return False

    def _explained(self, response: Response) -> Explanation:
        try:
            return _cleaned(self.explain(response), response.request, known=self.codes)
        except Exception:  # noqa: BLE001 - whatever an adapter makes of an odd answer
            return Explanation()


def _combined(told: Explanation, seen: Explanation) -> Explanation:
    """Return what the adapter understood of an answer, and what can be seen where that is less."""
    return evolve(told, message=told.message or seen.message, code=told.code or seen.code)


def _cleaned(told: Explanation, request: Request, *, known: Container[str]) -> Explanation:
    """Return what the vendor told without credentials and what it quotes of ``request``.

    A code that is ``known`` is the adapter's own word, and stays. What an adapter made of the wrong
    types is a TypeError or an AttributeError.
    """
    if told.kind is not None and not issubclass(told.kind, HelpdeskError):
        raise TypeError
    fields, left_out = first_fields(told.fields.items())
    code = None if told.code is None or told.code in known else told.code
    # In the order in which they are shown: a credential may be spread over several of them.
    words = [word for name, said in fields.items() for word in (name, *said)]
    clean = iter(showable([code or "", told.message, *words], request))
    shown, message = next(clean), next(clean)
    return Explanation(
        message=message,
        kind=told.kind,
        code=told.code if code is None else shown,
        fields={next(clean): tuple(next(clean) for _ in said) for said in fields.values()},
        fields_left_out=left_out + told.fields_left_out,
    )


def _printable(code: str | None, *, known: Container[str]) -> str | None:
    """Return a vendor's code as it may be shown: one that is not in the table could be anything."""
    return code if code is None or code in known else redact(code, 64)


def _by_status(status: int) -> type[HelpdeskError]:
    if status in BY_STATUS:
        return BY_STATUS[status]
    if status < 300:
        return errors.ValidationFailed
    if status < 400:
        return errors.ProtocolError
    return (
        errors.VendorUnavailable if status in GAVE_UP or status >= 500 else errors.ValidationFailed
    )
