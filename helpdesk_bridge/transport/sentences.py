"""Tell a yes from a no in what a vendor says of a write: a flag, a word or a sentence in English.

A sentence is an explicit yes only as a whole: all of its clauses are known, and one says that what
was asked for was done. Whoever reads only its beginning takes "Done: 0 of 1" for a success, and
whoever takes any deed for the one that was asked for takes "Ticket updated" for a deletion.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from typing import Any

__all__ = [
    "DONE",
    "NO_STATES",
    "Deed",
    "affirms",
    "clauses",
    "denies",
    "flag",
    "is_done",
    "is_of",
    "is_other",
    "lists_nothing",
    "struck",
]


class Deed(Enum):
    """What was asked for; its value are the words by which it is said to be done."""

    MAKE = frozenset(
        (
            *("sent", "created", "added", "posted", "saved", "accepted", "queued", "scheduled"),
            "delivered",
        )
    )
    CHANGE = frozenset(("updated", "changed", "edited", "modified", "saved", "accepted"))
    DELETE = frozenset(("deleted", "removed", "destroyed", "trashed"))


_DEEDS = frozenset[str]().union(*(deed.value for deed in Deed))
_ANY_DEED = frozenset(("done", "completed", "processed"))

DONE = frozenset(
    (
        *("deleted", "removed", "destroyed", "trashed", "updated", "changed", "saved"),
        *("sent", "accepted", "queued", "delivered", "created", "added", "done", "completed"),
    )
)
"""Names of flags that tell of a deed."""
_YES_WORDS = (
    _DEEDS
    | _ANY_DEED
    | frozenset(
        (
            *("true", "yes", "y", "1", "on", "ok", "okay", "200", "201", "202", "204"),
            *("success", "successful", "succeeded", "complete"),
        )
    )
)
NO_STATES = frozenset(
    (
        *("error", "errors", "fail", "failed", "failure", "exception", "fault", "ko", "nok"),
        *("nack", "refused", "denied", "forbidden"),
        *("unauthorized", "unauthorised", "unauthenticated"),
    )
)
"""What the state of an answer says no by; a record may be rejected, and be content."""
_NO_WORDS = NO_STATES | {"false", "0", "no", "n", "off", "rejected"}
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def flag(value: Any) -> bool | None:
    """Return what the value of a flag such as ``success`` says.

    Args:
        value: what was decoded.

    Returns:
        Whether it is a yes or a no; None for null and for words that are neither.
    """
    if value is None:
        return None
    if type(value) is not str:
        return bool(value) and not (type(value) in (int, float) and value < 0)
    text = value.strip().casefold()
    if text in _YES_WORDS or _DATE.match(text):
        return True
    return False if text in _NO_WORDS else None


def is_other(word: str, deed: Deed) -> bool:
    """Say whether a word, in lower case, tells of another deed than ``deed``."""
    return word in _DEEDS and word not in deed.value


def is_done(word: str, deed: Deed) -> bool:
    """Say whether a word, in lower case, is a yes that does not tell of another deed."""
    return word in _YES_WORDS and not is_other(word, deed)


# -- sentences ---------------------------------------------------------------------------------

_LONGEST = 1000
_TITLE = re.compile(r"\"[^\"]*\"|“[^”]*”|«[^»]*»")
_ENDS = re.compile(r"[.!;,:]+(?= |$)| (?:and|which|that) ")
_NOUN = (
    r"(?:object|item|record|message|e-?mail|mail|reply|note|request|case|conversation|resource"
    r"|entry|response|customer|user|comment|(?:ticket )?status|ticket)(?:s|\(s\))?"
)
_TICKET = r"(?:object|item|record|request|case|conversation|resource|entry|ticket)(?:s|\(s\))?"
"""What a ticket is called where it was deleted; all else may be a thing of its own."""
_NAME = r"(?:(?:(?:with )?id |no |number |nr )?#?\d+|#\w+|<title>)"
_IS = r"(?: (?:was|were|has|have|is|are|has been|have been|is now|are now|has now been))?"
_WHO = (
    r"(?:(?:the |your )?(?:customer|requester|contact|recipient|client|ticket)s?"
    r"|[^\s@<>]+@[^\s@<>]+)"
)
_WHEN = r"(?:\d{4}-\d\d-\d\d(?:[ t]\d\d:\d\d(?::\d\d)?)?|\d\d:\d\d(?::\d\d)?)(?: ?(?:utc|z))?"
_TO = rf"(?: to {_WHO})?(?: (?:at|for|on) {_WHEN})?"
_TRASHED = r"(?:moved|sent) to (?:the )?(?:trash|bin)"
_HOW = r"(?:successfully|permanently|ok)"


def _one_of(words: Iterable[str], *phrases: str) -> str:
    return f"(?:{'|'.join((*phrases, *sorted(words)))})"


def _affirming(deed: str, noun: str = _NOUN) -> re.Pattern[str]:
    what = rf"(?:(?:the|your|this|an?|one|[1-9]\d*) )?(?:{noun}(?: {_NAME})?|{_NAME}){_IS}"
    return re.compile(
        rf"ok|okay|success|successful|successfully|done|yes|completed"
        rf"|(?:{what} )?(?:been )?(?:{_HOW} )*{deed}(?: {_HOW})*{_TO}"
        rf"|(?:{_HOW} )?{deed} {what}(?: {_HOW})*{_TO}"
    )


_DEED = _one_of(_DEEDS | _ANY_DEED, _TRASHED)
_AFFIRMS = _affirming(_DEED)
_AFFIRMS_DEED = {
    Deed.MAKE: _affirming(_one_of(Deed.MAKE.value | _ANY_DEED)),
    Deed.CHANGE: _affirming(_one_of(Deed.CHANGE.value | _ANY_DEED)),
    Deed.DELETE: _affirming(_one_of(Deed.DELETE.value | _ANY_DEED, _TRASHED), _TICKET),
}
_NAMED = re.compile(
    rf"\b{_TICKET} (?:(?:with )?id |no |number |nr )?#?(\d+)\b|#(\w+)"
    rf"|^(?:id )?(\d+)(?={_IS} {_DEED})"
)
"""Where a clause tells by its number which ticket it is about."""
_HARMLESS = re.compile(
    r"(?:no|0|zero|without(?: any)?) (?:errors?|failures?|failed|problems?|warnings?)"
    r"|(?:(?:this|it|they)(?: action)? )?(?:cannot|can't|can not|could not|is not|will not)"
    r" (?:be )?(?:undone|restored?|recover(?:ed|able)|revert(?:ed|ible)|reversed)"
    r"|(?:(?:it|they|the ticket) )?(?:will|is going to) be (?:permanently |finally )?"
    r"(?:purged|deleted|removed|erased) (?:after|in|within) \d+ (?:days?|hours?|weeks?|months?)"
    r"|(?:(?:you|it) )?can (?:still )?(?:be )?restored? (?:it )?(?:for|within) \d+ days?"
    r"|thanks|thank you"
    rf"|(?:(?:the|your|this) )?{_TICKET}(?: {_NAME})?{_IS}(?: set to)?"
    r" (?:solved|closed|re-?opened|opened|open|pending|resolved|waiting|assigned)"
)
_DENIES = re.compile(
    rf"\b{_DEED} ?[:=] ?(?:0|false|no|none|never|nothing)\b"
    rf"|\b(?:nothing|nobody|none|no one|(?:0|no|zero) (?:\w+ )?)"
    rf" ?(?:(?:was|were|is|are|has been|have been) )?(?:{_DEED}|mailed)\b"
    rf"|(?:\bnot|n't|\bnever|\bcannot) (?:yet )?(?:be |been )?(?:{_DEED}|mailed)\b"
    r"(?! (?:before|until))"
    r"|\b(?:0|none|zero) (?:out )?of\b|\bas (?:an? )?drafts?\b|\bmoderation\b|\bapproval\b"
)


def affirms(text: str, deed: Deed, ticket_id: str | None = None) -> bool:
    """Say whether a sentence, in English, is an explicit yes from its beginning to its end.

    ``deed`` is what was asked for; another one may stand beside it, and is no yes by itself.
    Neither is one of another ticket than ``ticket_id``; None: any may be meant.
    """
    if len(text) > _LONGEST:
        return False
    plain = _plain(text)
    if plain in _YES_WORDS:
        return is_done(plain, deed) and not plain.isdecimal()
    clauses = [clause.strip() for clause in _ENDS.split(plain) if clause.strip()]
    yes = _AFFIRMS_DEED[deed].fullmatch
    if ticket_id is not None and not is_of(text, ticket_id):
        return False
    return any(yes(clause) for clause in clauses) and all(
        _AFFIRMS.fullmatch(clause) or _HARMLESS.fullmatch(clause) for clause in clauses
    )


def is_of(text: str, ticket_id: str) -> bool:
    """Say whether a sentence names no other ticket than this one; "1 deleted" is a count."""
    own = ticket_id.casefold()
    for clause in _ENDS.split(_plain(text[:_LONGEST])):
        for by_noun, by_sign, alone in _NAMED.findall(clause.strip()):
            if (by_noun or by_sign or alone) not in (own, alone and "1"):
                return False
    return True


def denies(text: str) -> bool:
    """Say whether a sentence takes back the yes beside it: "sent: 0", "nothing was mailed"."""
    return _DENIES.search(_plain(text[:_LONGEST])) is not None


_QUOTED = re.compile(
    r"\"[^\"]*\"|“[^”]*”|\u2018[^\u2019]*\u2019|«[^»]*»|`[^`]*`|(?<!\w)'(?:[^']|'(?=\w))*'(?!\w)"
    r"|(?<=\bfor): [^.!]+"
)
_ANYTHING = (
    r"(?:tickets?|messages?|items?|results?|records?|entries|entry|conversations?|replies|reply"
    r"|notes?|data|match|matches|cases?|objects?|rows?|content)"
)
_KINDS = r"(?:more |other |such |matching |new |open |closed |failed |rejected |expired )*"
_WHERE = (
    r"(?: (?:were|was|is|are|to show|yet|here|available|exists?|found|(?:could|can) be found"
    r"|match(?:es|ing|ed)?"
    r"|with|for|in|your|the|this|that|search|query|filters?|criteria|ticket|account|<title>))*"
)
_HAVE_NOT = r"(?:do not|don't|does not|doesn't|did not|didn't) have"
_FIND_NOT = (
    r"(?:(?:could|can|did) ?not|couldn't|can't|didn't|(?:am |are |is |was |were )?unable to) find"
)
_ADVISES = re.compile(
    r"(?:(?:or|and) )?(?:please )?(?:try|check|adjust|change|clear|refine|broaden|use)\b"
    r"(?!.*\b(?:later|access|permissions?|log ?in|sign ?in|credentials?)\b)"
    r".* (?:filters?|search|spelling|query|keywords?|criteria|terms?|words?)\b.*"
)
_NOTHING = re.compile(
    rf"(?:there (?:are|is|were|was) |(?:you|we|i) have )?(?:no|0|zero) {_KINDS}{_ANYTHING}{_WHERE}"
    rf"|(?:(?:you|we|i|it|they|(?:the|this|your) (?:ticket|account)) )?(?:{_HAVE_NOT}|{_FIND_NOT})"
    rf" any {_KINDS}{_ANYTHING}{_WHERE}"
    r"|nothing (?:was |is )?(?:found|matches|matched|to show|here)"
    r"(?: (?:for|with|in|your|the|this|search|query|ticket|<title>))*"
)
_MATCHED = (
    rf"(?:{_ANYTHING} )?(?:that |which )?(?:match(?:es|ed|ing)?|with|in) (?:the |your |this )?"
    r"(?:status|state|tag|label|filters?|search|query|criteria|subject|words?|text)"
    r"(?!.*\b(?:because|since|as|due|but|until|unless|and|or|you|while|when|if)\b)\b.*"
)
"""What a clause names that says that nothing matches it, and gives no reason."""
_NONE_MATCH = re.compile(
    rf"(?:there (?:are|is|were|was) |(?:you|we|i) have )?"
    rf"(?:no {_KINDS}(?={_ANYTHING})|nothing |none of the (?={_ANYTHING})|none ){_MATCHED}"
)
_BREAKS = re.compile(r"[.!;,:]+(?= |$)")


def struck(text: str, asked: Iterable[str]) -> str:
    """Return a sentence of the vendor's without what it quotes, and the words of the query.

    ``asked`` are the values of the query. A text that is nothing else stays as it is: it may say
    the same by chance.
    """
    left = _QUOTED.sub(" <title> ", text[:_LONGEST])
    for value in sorted((one for one in asked if len(one) > 2), key=len, reverse=True):
        left = re.sub(re.escape(value[:_LONGEST]), " <title> ", left, flags=re.IGNORECASE)
    return left if re.search(r"\w", left.replace("<title>", "")) else text


def lists_nothing(text: str) -> bool:
    """Say whether a sentence, after :func:`struck`, says only that a list is empty.

    Advice on the search may stand behind that.
    """
    parts = clauses(_plain(text))
    empty = [one == "<title>" or _is_none(one) for one in parts]
    return all(empty) or (empty[0] and all(map(_says_nothing, parts)))


def _says_nothing(clause: str) -> bool:
    return clause == "<title>" or _is_none(clause) or _ADVISES.fullmatch(clause) is not None


def _is_none(clause: str) -> bool:
    """Say whether a clause says that nothing was found, or that none match what it names."""
    return any(one.fullmatch(clause) for one in (_NOTHING, _NONE_MATCH))


def clauses(text: str) -> list[str]:
    """Return the parts of a sentence between its stops."""
    return [one.strip() for one in _BREAKS.split(text) if one.strip()]


def _plain(text: str) -> str:
    return " ".join(_TITLE.sub(" <title> ", text.casefold().replace("\u2019", "'")).split())
