"""Why a call failed, as a word that a program can act on."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Reason"]


class Reason(StrEnum):
    """Why a call failed. The class of an error says what kind it is; this says what caused it."""

    # the settings and the call's own values
    SETTINGS = "settings"
    """A setting is missing, is unknown or cannot work."""
    BROKEN_ADAPTER = "broken_adapter"
    """The adapter cannot be loaded, or two distributions claim its name."""
    INVALID_ARGUMENT = "invalid_argument"
    """A value given to the call cannot be used."""
    UNSUPPORTED = "unsupported"
    """This desk cannot do what was asked, by its vendor or by its settings."""
    UNSAFE_ADDRESS = "unsafe_address"
    """An address leads where the desk's credentials or data must not go."""
    DESK_CLOSED = "desk_closed"
    """The desk was closed, before the call or during it."""

    # the way to the vendor
    HOST_NOT_FOUND = "host_not_found"
    """The host name cannot be resolved."""
    CONNECTION_REFUSED = "connection_refused"
    """The host is there, and nobody listens on that port."""
    NO_CONNECTION = "no_connection"
    """No connection to the host could be made, for another cause than the ones named here."""
    CONNECT_TIMEOUT = "connect_timeout"
    """The host did not accept a connection in time."""
    CERTIFICATE = "certificate"
    """The server's TLS certificate is not accepted."""
    TLS = "tls"
    """The two sides could not agree on TLS, or the port does not speak it."""
    PROXY = "proxy"
    """The proxy cannot be reached, or refuses."""
    POOL_TIMEOUT = "pool_timeout"
    """All connections, or all permits of the desk's rate limit, stayed taken until the deadline."""
    LIMITER = "limiter"
    """The rate limit that several processes share cannot be asked."""

    STORAGE = "storage"
    """The file or database of the ledger, or of a desk in memory, cannot be used."""

    # the vendor says no
    CREDENTIALS = "credentials"
    """The vendor does not accept the credentials."""
    SESSION = "session"
    """The application's session provider gives no token."""
    PERMISSION = "permission"
    """The account is known, and may not do this."""
    NOT_FOUND = "not_found"
    """There is no such object or address, or the account may not see it."""
    WRONG_METHOD = "wrong_method"
    """The address does not take this HTTP verb (405): base_url may lead elsewhere."""
    CONFLICT = "conflict"
    """The object was changed meanwhile, or exists already."""
    VALIDATION = "validation"
    """The vendor refuses a value."""
    TOO_LARGE = "too_large"
    """The vendor refuses the size of the request."""
    RATE_LIMIT = "rate_limit"
    """The vendor allows no more requests for now."""
    TICKET_CLOSED = "ticket_closed"
    """The ticket takes no new messages."""
    STATUS_NOT_ALLOWED = "status_not_allowed"
    """This status cannot be set, or not from the ticket's present one."""

    # no whole answer came
    DEADLINE = "deadline"
    """The call's deadline passed."""
    SILENCE = "silence"
    """Nothing came from the vendor for as long as ``read_gap`` allows."""
    DROPPED = "dropped"
    """The connection broke before the answer had begun."""
    TRUNCATED = "truncated"
    """The answer ended before its announced end."""
    CANCELLED = "cancelled"
    """The call was cancelled by its caller."""

    # an answer came, and is none that helps
    VENDOR_FAILURE = "vendor_failure"
    """The vendor failed (5xx)."""
    REQUEST_TIMEOUT = "request_timeout"
    """The vendor waited too long for the request (408)."""
    REDIRECT = "redirect"
    """The vendor sends to another address, which is not followed: base_url may be wrong."""
    WEB_PAGE = "web_page"
    """The answer is a web page: of a login, a proxy or a wrong base_url."""
    NOT_JSON = "not_json"
    """The answer is empty, or no valid JSON."""
    UNEXPECTED = "unexpected"
    """The answer can be read, and is not of the documented shape."""
    BAD_HTTP = "bad_http"
    """The answer is not proper HTTP."""
    BAD_ENCODING = "bad_encoding"
    """The answer's body is damaged, or packed in a way that was not asked for."""
    RESPONSE_TOO_LARGE = "response_too_large"
    """The answer is larger than the desk's ``max_body``, or unpacks beyond measure."""
    PAGINATION_LOOP = "pagination_loop"
    """A list leads back to a place where it has been."""

    # none of it is of the helpdesk's making
    CRASHED = "crashed"
    """Code of the application or of the adapter raised what is no error of ours."""
    PROCESS_ENDED = "process_ended"
    """The process ended during the call; the ledger has what it was about to send."""
    UNKNOWN = "unknown"
    """Nothing more is known."""
