"""Checks and comparisons of texts that the methods of str do not make exactly."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import unescape
from typing import Any, TypeGuard
from unicodedata import combining

from helpdesk_bridge.model.normalisation import normalised

__all__ = [
    "caseless",
    "exact_number",
    "folded",
    "has_controls",
    "is_digits",
    "is_encodable",
    "letters",
    "number_order",
    "one_line",
    "one_name",
    "same_tags",
    "tags_left_out",
    "with_whole_characters",
]

_NUMBER = re.compile("0|[1-9][0-9]{0,17}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_BLANKS = re.compile(rf"(?:\s|{_CONTROL.pattern})+")


def folded(text: str) -> str:
    """Return ``text``, a name or a tag, as it is compared: any case, composition, white space.

    Vendors take them so where they say anything of it, and none tells two of its own teams or tags
    apart by these alone.
    """
    if text.isascii() and text.isalnum():
        return text.lower()
    return " ".join(caseless(text).split())


def caseless(text: str) -> str:
    """Return ``text`` as it is compared where case and composition tell nothing apart."""
    return normalised("NFC", normalised("NFC", text).casefold())


def tags_left_out(asked: Iterable[str], told: Iterable[str]) -> list[str]:
    """Return those of ``asked`` that are not among the tags ``told``, however they are spelled.

    A vendor may write "Big Café" as "big-cafe": only letters and figures count, unless a tag has
    none.
    """
    there = set(map(_tag_key, told))
    return [tag for tag in asked if _tag_key(tag) not in there]


def same_tags(one: Iterable[str], other: Iterable[str]) -> bool:
    """Say whether these are the same tags, in any case, order, accents and kind of gap.

    Other signs count: "C++" is another tag than "c".
    """
    return set(map(_tag_letters, one)) == set(map(_tag_letters, other))


def _tag_letters(tag: str) -> str:
    plain = normalised("NFKD", unescape(tag)).casefold()
    kept = "".join([c for c in plain if not (c.isspace() or c in "-_" or combining(c))])
    return kept or folded(tag)


def _tag_key(tag: str) -> str:
    return letters(unescape(tag)) or folded(tag)


def letters(text: str) -> str:
    """Return the letters and figures of ``text`` alone, in one case and without accents."""
    plain = normalised("NFKD", text).casefold()
    return "".join([one for one in plain if one.isalnum()])


def one_name(text: str) -> str:
    """Return ``text``, a person's name, as one line with single blanks between its words."""
    if text.isprintable() and "  " not in text and text.strip(" ") == text:
        return text  # which most are; of all blanks only the space is printable
    return " ".join(one_line(text).split())


def has_controls(text: str) -> bool:
    """Say whether ``text`` holds a line end or another control character."""
    return not text.isprintable() and _CONTROL.search(text) is not None


def one_line(text: str) -> str:
    """Return ``text``, a subject or a tag, with a blank for each tab, line end or control.

    Vendors hand out the tabs and folded line ends of mails, and take none back.
    """
    if text.isprintable():
        return text
    flat = _BLANKS.sub(lambda found: " " if _CONTROL.search(found[0]) else found[0], text)
    return flat if flat == text else flat.strip()


def is_encodable(text: str) -> bool:
    """Say whether ``text`` has a form in UTF-8; half of a surrogate pair has none.

    Python reads a variable of the environment, or a file's name, that is no UTF-8 so.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def exact_number(value: object) -> int | None:
    """Return the whole number that ``value`` is the text of; None for any other spelling of it.

    "007" and "+7" may be names of something, and are not the id 7. At most 18 digits are read.
    """
    return int(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else None


def is_digits(value: object) -> TypeGuard[str]:
    """Say whether ``value`` is a str of ASCII digits, at least one.

    ``str.isdigit`` alone takes "²" and the digits of other scripts, too, which ``int`` refuses or
    reads as other numbers than a vendor would.
    """
    return isinstance(value, str) and value.isascii() and value.isdigit()


def number_order(value: object) -> tuple[int, str]:
    """Return what sorts texts of digits as the numbers that they are.

    ``int`` refuses a text of more than 4,300 digits, which a vendor's id may be.

    ``value`` is such a text; any other value comes before all of them.
    """
    digits = value.lstrip("0") if is_digits(value) else ""
    return len(digits), digits


def with_whole_characters(value: Any) -> Any:
    """Return a decoded JSON ``value`` in which half of a character is U+FFFD, at any depth.

    What has none is returned as it is, and no part of it is copied. RecursionError for what is too
    deep.
    """
    if isinstance(value, str):
        if value.isascii() or is_encodable(value):
            return value
        # Both halves one after the other are one character.
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if type(value) is list:
        items = [with_whole_characters(one) for one in value]
        return items if any(map(_differs, items, value)) else value
    if type(value) is dict:
        done = {with_whole_characters(k): with_whole_characters(v) for k, v in value.items()}
        is_new = any(map(_differs, done, value)) or any(
            map(_differs, done.values(), value.values())
        )
        return done if is_new or len(done) != len(value) else value
    return value


def _differs(one: Any, other: Any) -> bool:
    return one is not other
