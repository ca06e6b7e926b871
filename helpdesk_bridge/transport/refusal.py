"""Notice a success status whose answer says no: pure functions of what was answered.

Vendors, and what stands before them, say no with a 200: ``{"success": false}``, ``{"error": …}``,
``{"status": "ERROR"}``, or by the page on which a person signs in. Nobody documents all of it, so
that only the envelope is judged, by words that many APIs share: a record may have a field ``error``
or the status ``failed``, and a ticket may be about both.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterable, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

from attrs import frozen
from yarl import URL

from helpdesk_bridge.transport.decode import has_markup_before_json
from helpdesk_bridge.transport.sentences import NO_STATES, flag, struck
from helpdesk_bridge.transport.session_words import is_end_code, tells_end

__all__ = [
    "ENVELOPE",
    "GOOD",
    "MOST_KEYS",
    "SENTENCES",
    "SESSION_ENDED",
    "STATES",
    "No",
    "http_error",
    "is_bad",
    "is_login",
    "is_login_address",
    "is_login_page",
    "leads_to_login",
    "may_be_login_page",
    "says_no",
    "sounds_refused",
    "tells_errors",
    "word",
]

SESSION_ENDED = frozenset((401, 419, 440, 498))
"""401 is the standard's; Laravel says 419, IIS 440 and others 498 where a session has ended."""


@frozen
class No:
    """What an answer with a success status says that it refused."""

    message: str = ""
    """The vendor's sentence; empty where it gives none."""
    code: str | None = None
    """Its own code; None where it tells none."""
    status: int | None = None
    """The HTTP status that it means; None where it tells none."""
    login: bool = False
    """Whether it is about credentials, or a session that has ended."""
    session: bool = False
    """Whether it tells that a session has ended, so that a new one may help."""
    coded: bool = False
    """Whether a code tells that, and no sentence alone, which may be about something else."""
    doubt: bool = False
    """Whether it refuses nothing in so many words, and only proves nothing."""


MOST_KEYS = 100
"""An envelope has few members; of an object with more, no more are looked at."""
_LONGEST_KEY = 32

GOOD = frozenset(("success", "issuccess", "succeeded", "successful", "ok", "isok"))
BAD = frozenset(
    (
        "error",
        "errors",
        "iserror",
        "haserror",
        "haserrors",
        "errorcode",
        "errcode",
        "errno",
        "errormessage",
        "errormsg",
        "errmsg",
        "exception",
        "fault",
        "failed",
        "failure",
    )
)
_SIGNED_IN = frozenset(
    (
        *("loggedin", "isloggedin", "signedin", "issignedin", "authenticated", "isauthenticated"),
        *("authorized", "isauthorized", "authorised", "isauthorised"),
    )
)
_LEADS = frozenset(("redirect", "redirectto", "redirecturl", "redirecturi"))
STATES = frozenset(("status", "result", "state", "outcome", "type"))
_CODES = frozenset(("code", "status", "statuscode", "httpstatus", "httpcode", "responsecode"))
SENTENCES = frozenset(("message", "msg", "detail", "title", "reason", "description"))
_OTHER = frozenset(
    (
        "id",
        "details",
        "messages",
        "requestid",
        "traceid",
        "timestamp",
        "path",
        "instance",
        "documentationurl",
        "meta",
        "data",
        "errordescription",
        "debug",
        "trace",
        "line",
        "file",
        "help",
    )
)
ENVELOPE = GOOD | BAD | _SIGNED_IN | _LEADS | STATES | _CODES | SENTENCES | _OTHER
_PLACES = frozenset(("links", "pagination", "paging", "pageinfo", "cursors"))
"""Objects of an envelope that tell of pages."""
_AROUND = (ENVELOPE | _PLACES) - {"data", "messages"}
_WRAPPERS = frozenset(("data", "result", "response", "meta", "item"))
_BLANK = frozenset(
    ("", "0", "false", "no", "none", "null", "ok", "success", "[]", "{}", "n/a", "na", "nil", "-")
)
_ERROR_CODES = frozenset(("errorcode", "errcode", "errno"))
_NO_ERROR = re.compile(
    r"(?:no|without|0|zero) (?:errors?|failures?)|errors?: (?:none|no|0)"
    r"|(?:request |operation )?(?:was |is )?(?:success|successful|succeeded)"
)
_LOGIN = re.compile(
    r"\b(?:un-?authenticated|un-?authori[sz]ed"
    r"|(?:not|must be|be|to be) (?:authenticated|logged in|signed in)"
    r"|authentication (?:required|failed|error|needed|expired)"
    r"|(?:log ?in|sign ?in) (?:required|needed|again|first)|please (?:log|sign) ?in"
    r"|(?:invalid|expired|missing|bad|unknown|wrong) (?:api ?key|(?:\w+ )?credentials?)"
    r"|(?:token|session|jwt|credentials?)(?: has| is| have| are| was)?(?: been)?"
    r" (?:expired|ended|timed out|revoked)|credentials?(?: is| are)? invalid)\b"
)
_REFUSING = re.compile(
    r"\b(?:errors?|fail(?:ed|ure|s)?|invalid|denied|forbidden|refused|rejected|exception|expired"
    r"|unauthori[sz]ed|unauthenticated|unable|cannot|can't|could not|couldn't|not|no such|missing"
    r"|unavailable|log ?in|sign ?in|permission)\b"
)


def says_no(
    data: Any, codes: Container[str] = (), asked: Collection[str] = (), *, strict: bool = True
) -> No | None:
    """Return what the decoded answer ``data`` refuses; None where it says no such thing.

    Only the envelope is judged: the top of an object, and an inner one that has nothing but words
    of an envelope.

    Args:
        data: the decoded answer.
        codes: the vendor's own codes for errors.
        asked: the values of the query, which a sentence may repeat.
        strict: whether a flag such as ``"authenticated": false`` refuses beside content too; for
            who only reads, the content is what was asked for.

    Returns:
        The refusal; None where there is none.
    """
    if type(data) is not dict:
        return None
    found = _judged(data, codes, asked, strict=strict)
    for key, inner in islice(data.items(), MOST_KEYS):
        if found is None and type(inner) is dict and word(key) in _WRAPPERS and _bare(inner):
            found = _judged(inner, codes, asked, strict=strict)
    return found


def sounds_refused(text: Any) -> bool:
    """Say whether a sentence of the vendor's, in English, tells of a refusal."""
    if type(text) is not str:
        return False
    return _REFUSING.search(text[:1000].casefold().replace("_", " ")) is not None


def _judged(
    data: Mapping[str, Any], codes: Container[str], asked: Collection[str], *, strict: bool
) -> No | None:
    told: dict[str, Any] = {}
    for key, value in islice(data.items(), MOST_KEYS):
        told.setdefault(word(key), value)
    refused = any(flag(told[name]) is False for name in GOOD & told.keys())
    # What has an id and words of its own is a record, and what it says of itself is its content.
    own_words = not told.keys() <= ENVELOPE
    record = "id" in told and own_words
    signed_out = not record and any(flag(told[name]) is False for name in _SIGNED_IN & told.keys())
    signed_out = signed_out and (strict or not _holds(told))
    status: int | None = None
    if not record:
        filled = any(told.get(name) and type(told[name]) is list for name in told.keys() - BAD)
        refused = refused or any(
            is_bad(name, told[name]) and not (filled and _is_notice(told[name]))
            for name in BAD & told.keys()
        )
        refused = refused or any(_is_bad_state(told[name]) for name in STATES & told.keys())
        status = next(filter(None, (http_error(told[name]) for name in _CODES & told.keys())), None)
        known = told.get("code")
        refused = refused or status is not None or (type(known) is str and known in codes)
    sentences, code = _explained(told)
    message = " ".join(sentences)
    # Some say only that: {"message": "Unauthenticated."}, also beside a list of nothing.
    alone = not record and not _holds(told) and (not own_words or [] in told.values())
    states = [told[name] for name in STATES & told.keys() if alone and type(told[name]) is str]
    said = [struck(text, asked) for text in (*sentences, *states)] + ([code] if code else [])
    led = alone and any(is_login_address(told[name]) for name in _LEADS & told.keys())
    coded = any(is_end_code(text) for text in said)
    session = coded or signed_out or any(tells_end(text) for text in said)
    login = session or led or status in SESSION_ENDED or is_login(" ".join(said))
    if refused or signed_out or (alone and login):
        return No(message, code, status, login, session, coded)
    return None


def _holds(told: Mapping[str, Any]) -> bool:
    """Say whether an answer has content: a record, or a list of some."""
    return any(
        value and (type(value) is list if name == "messages" else type(value) in (list, dict))
        for name, value in told.items()
        if name not in _AROUND
    )


def _explained(told: Mapping[str, Any]) -> tuple[list[str], str | None]:
    """Return the sentences and the code, from the top or from an object ``error``."""
    inner = next((told[name] for name in ("error", "errors", "fault") if told.get(name)), None)
    if type(inner) is list:
        inner = inner[0]
    places = [told]
    if type(inner) is dict:
        places.append({word(key): value for key, value in islice(inner.items(), MOST_KEYS)})
    names = ("message", "errormessage", "errormsg", "errmsg", "msg", "detail", "title", "error")
    sentences = [place[name] for place in places for name in names if type(place.get(name)) is str]
    sentences += [inner] if type(inner) is str else []
    codes = [place.get(name) for place in reversed(places) for name in ("code", "errorcode")]
    code = next((one for one in codes if type(one) is str and one), None)
    return list(dict.fromkeys(sentences)), code


def is_login(text: str) -> bool:
    """Say whether a sentence, in English, is about credentials or a session that has ended."""
    return _LOGIN.search(text[:1000].casefold().replace("_", " ").replace("-", " ")) is not None


def is_login_address(value: Any) -> bool:
    """Say whether a text is a path or an address of the web whose last words are of signing in."""
    return type(value) is str and _LOGIN_TARGET.fullmatch(value[:2000].casefold()) is not None


def tells_errors(name: str) -> bool:
    """Say whether a member is one for errors, by its plain name."""
    return name in BAD


def is_bad(name: str, value: Any) -> bool:
    """Say whether a member for errors tells of one: not of nothing, "No error", 0000 or a 2xx."""
    return not (_is_blank(value) or (name in _ERROR_CODES and _is_2xx(value)))


def _is_blank(value: Any) -> bool:
    if type(value) is dict:
        inner = islice(value.items(), MOST_KEYS)
        return all(
            _is_blank_word(one) or (word(key) in _CODES and _is_2xx(one)) for key, one in inner
        )
    if type(value) is list:
        # A list that there is nothing to put in is empty: ["no"] is the vendor's sentence.
        return all(_is_blank_word(one) and one != "no" for one in islice(value, MOST_KEYS))
    return _is_blank_word(value)


def _is_blank_word(value: Any) -> bool:
    if type(value) is not str:
        return not value
    text = value.strip().casefold().rstrip(".!")
    return text in _BLANK or not text.strip("0.") or _NO_ERROR.fullmatch(text) is not None


def _is_2xx(value: Any) -> bool:
    return type(value) in (int, str) and re.fullmatch("2[0-9]{2}", str(value)) is not None


def _is_notice(value: Any) -> bool:
    """Say whether a list for errors tells only of what is deprecated."""
    return type(value) is list and all(
        any(type(text) is str and "deprecat" in text.casefold() for text in _texts(one))
        for one in value[:MOST_KEYS]
    )


def _texts(value: Any) -> Iterable[Any]:
    return value.values() if type(value) is dict else (value,)


def _is_bad_state(value: Any) -> bool:
    return value is False or (type(value) is str and value.strip().casefold() in NO_STATES)


def http_error(value: Any) -> int | None:
    """Return the HTTP status of an error that a figure, or a text of three digits, stands for."""
    if type(value) is str and len(value) == 3 and value.isascii() and value.isdigit():
        value = int(value)
    return value if type(value) is int and 400 <= value <= 599 else None


def _bare(inner: Mapping[str, Any]) -> bool:
    words = set(map(word, islice(inner, MOST_KEYS + 1)))
    return "id" not in words and words <= ENVELOPE


def word(key: str) -> str:
    """Return a key as it is compared: ``is_error``, ``isError`` and ``IsError`` are one."""
    return _plain(key) if len(key) <= _LONGEST_KEY else key


@lru_cache(maxsize=512)  # every answer has the same few keys
def _plain(key: str) -> str:
    return key.casefold().replace("_", "").replace("-", "")


# -- pages for people -------------------------------------------------------------------------

_LOOKED_AT = 16 * 1024
_LOGIN_WORDS = (
    r"log[-_ ]?[io]n|sign[-_ ]?[io]n|sso|saml2?|openid|oauth2?|authorize|authenticate|auth"
    r"|no[-_]?auth|sessions?/new|anmelden|connexion|inloggen"
)
_LOGIN_ADDRESS = re.compile(rf"(?:^|[/._-])(?:{_LOGIN_WORDS})(?=$|[/._?;#-])")
_LOGIN_TARGET = re.compile(
    rf"(?:https?://[^/?#]*/|(?!\w+:))(?:[^?#]*[/._-])?(?:{_LOGIN_WORDS})(?:\.\w{{1,5}})?/?(?:[?#].*)?"
)
_LOGIN_QUERY = re.compile(r"(?:^|[&=/])(?:log-?in|sign-?in)(?=$|[&=])")
_LOGIN_HOST = re.compile(r"(?:^|\.)(?:log-?in|sign-?in|sso|auth|accounts?|idp|id|identity)\.")
# Each attempt ends before the next tag, so that both take time in proportion to the page.
_PASSWORD = re.compile(rb"<input[^<>]*type\s*=\s*[\"']?password", re.IGNORECASE)
_MAY_SIGN_IN = re.compile(
    rb"<(?:form|input|i?frame|script)\b|<meta[^<>]{0,200}refresh"
    rb"|log[ _-]?[io]n\b|sign[ _-]?[io]n\b|anmeld|connexion|inloggen|session",
    re.IGNORECASE,
)
_UNSHOWN = re.compile(rb"<title[^<>]*>[^<]*|<[^<>]*>?", re.IGNORECASE)
_TITLE = re.compile(
    rb"<title[^<>]*>[^<]{0,200}"
    rb"(?:log[ -]?[io]n|sign[ -]?[io]n|anmeld|connexion|inloggen"
    rb"|session (?:has )?(?:expired|ended))",
    re.IGNORECASE,
)


def is_login_page(content: bytes) -> bool:
    """Say whether a body is a web page on which people sign in: by its title or its password."""
    if has_markup_before_json(content):
        return False
    head = content[:_LOOKED_AT]
    return _TITLE.search(head) is not None or _PASSWORD.search(head) is not None


def may_be_login_page(content: bytes) -> bool:
    """Say whether a web page may be one on which people sign in, or lead to one.

    It has a form, a script, a redirect or words of signing in; or it shows no words at all, as
    applications do that draw their pages themselves.
    """
    if has_markup_before_json(content):
        return False
    head = content[:_LOOKED_AT]
    return _MAY_SIGN_IN.search(head) is not None or not re.search(rb"\w", _UNSHOWN.sub(b"", head))


def leads_to_login(target: URL, own: URL) -> bool:
    """Say whether a redirect leads to where people sign in, by the words of its address.

    ``target`` is where it leads, ``own`` what was asked for. A word that stands there as well says
    nothing.
    """
    host = (target.host or "").casefold()
    if host != own.host and _LOGIN_HOST.search(host):
        return True
    if _LOGIN_QUERY.search(target.raw_query_string[:2000].casefold()):
        return True
    return not _words(_LOGIN_ADDRESS, target.raw_path) <= _words(_LOGIN_ADDRESS, own.raw_path)


def _words(pattern: re.Pattern[str], path: str) -> set[str]:
    return {found[0].strip("/._-") for found in pattern.finditer(path[:2000].casefold())}
