"""Read who is named in texts as mail headers have them: names with commas, groups, comments.

The grammar is that of RFC 5322, section 3.4, read leniently but for one thing: what is not surely
an address is none. email.utils reads it otherwise in other versions of Python, and takes parts of
names for addresses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from helpdesk_bridge.model.encoded_words import decoded_words
from helpdesk_bridge.model.fast import fast_party
from helpdesk_bridge.model.people import Party
from helpdesk_bridge.model.text import one_name
from helpdesk_bridge.model.words import Role

__all__ = ["read_people", "read_person"]

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_ANGLE = re.compile(r'<(?:"(?:[^"\\]|\\.)*+"|[^<>"])*+>', re.DOTALL)
_PLAIN = re.compile(r'[^",;:()<]++')
_PLAIN_COMMENT = re.compile(r"\([^()\\]*+\)")
_COMMENT_PART = re.compile(r"\\.|[()]", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)")
_MAILTO = re.compile(r"\s*+mailto:", re.IGNORECASE)

_LABEL = r"(?!-)[-0-9A-Za-z_\x80-\U0010ffff]{1,63}(?<!-)"
_ADDRESS = re.compile(
    r'(?:[^\s@<>()\[\]\\,;:"]++|"(?:[^"\\]|\\.)++")@'
    rf"(?:{_LABEL}(?:\.{_LABEL})*+|\[[0-9A-Fa-fIPv.:]++\])"
)
_NUMBER_AT_END = re.compile(r"[@.][0-9]++\Z")
_LONGEST = 320
_USUAL_ADDRESS = r"[0-9A-Za-z._+-]{1,64}@(?:[0-9A-Za-z]{1,63}[.-]){1,5}[A-Za-z]{2,20}"
_USUAL = re.compile(_USUAL_ADDRESS)
"""What nearly all addresses are, so that nothing else needs to be looked for."""
_USUAL_PERSON = re.compile(
    rf"\s*+(?:({_USUAL_ADDRESS})\s*+|"
    rf'(?:"([^"\\]++)"\s*+|([^",;:()<>@\\]*+))(?:<({_USUAL_ADDRESS})>\s*+)?)(?:([,;])|\Z)'
)
"""What nearly all people are, up to the separator: an address, a name in quotation marks or not,
or both."""
_NOT_PLAIN = re.compile(r'["<():]')
"""What gives a separator another meaning."""
_LONGEST_PERSON = 1000
"""Characters that may name one person; more are no name and address, and would take long."""
_LONGEST_LIST = 16_384
"""Characters of a list that are read: some 350 people with their names."""
_MOST_PEOPLE = 200
"""People of a list that are read."""
_MOST_TOKENS = 400
"""Parts of unusual people, such as comments, that are looked at in a list."""
_MOST_PARTS = 32
"""Of more parts nobody's name and address are made."""

_Kind = Literal["plain", "quoted", "comment", "angle", "broken"]


class _Token(NamedTuple):
    kind: _Kind
    text: str


class _Piece(NamedTuple):
    """Who is named between two separators."""

    name: str | None
    email: str | None
    end: int
    """Where the next one begins."""
    begins: bool = False
    """Whether it may be the begin of a name with commas, of which the next one is the rest."""
    ends: bool = False
    """Whether it may be the rest of one: it is a name before angle brackets."""


def read_people(text: str, role: Role = Role.UNKNOWN) -> tuple[Party, ...]:
    """Return who is named in a list of addresses, as a header To has it.

    Addresses are separated by commas or semicolons. A comma in quotation marks, in a comment, or
    in a name before angle brackets separates nothing. Of a group its members are returned, and its
    name if it has none, as of ``undisclosed-recipients:;``. Encoded words are read. Nothing is
    dropped: what is not surely an address is the name of a Party without one.

    Of a list the first 16,384 characters are read, up to a separator, and no more than 200 people.
    What follows is one Party without an address, and the first 1,000 characters of it are its name,
    with a sign that it is cut. So it is where names are built of more than 400 parts.

    Args:
        text: the list, of any form; "" is nobody.
        role: the role of all of them.

    Returns:
        The people in their order.
    """
    if not text or _USUAL.fullmatch(text):
        return (fast_party(email=text, role=role),) if text else ()
    end = len(text)
    if end > _LONGEST_LIST:
        end = 1 + max(text.rfind(sign, 0, _LONGEST_LIST) for sign in ",;")
    read = _any_people if _NOT_PLAIN.search(text, 0, end) else _plain_people
    people, place = read(text[:end], role)
    rest = text[place:].strip(",; \t\r\n")
    if rest:
        people.append(_shortened(rest, role))
    return tuple(people)


def _plain_people(text: str, role: Role) -> tuple[list[Party], int]:
    """Return who is named where no sign but separators has a meaning, and up to where it was read.

    That is the end of ``text``, if not too many are named.
    """
    parts = text.replace(";", ",").split(",", _MOST_PEOPLE)
    rest = len(parts.pop()) if len(parts) > _MOST_PEOPLE else 0
    found = [_plain_person(one, role) for one in parts]
    return [person for person in found if person is not None], len(text) - rest


def _any_people(text: str, role: Role) -> tuple[list[Party], int]:
    """Return who is named, and up to where ``text`` was read, which is mostly its end."""
    people: list[Party] = []
    names: list[str] = []  # which may be the begin of a name with commas
    place = 0
    for piece in _pieces(text):
        if len(people) + len(names) >= _MOST_PEOPLE:
            break
        name, email, place, begins, ends = piece
        if begins:
            names += [name] if name else []
            continue
        if ends and names:
            name, names = ", ".join((*names, name or "")), []
        people += [fast_party(name=one, role=role) for one in names]
        names = []
        if name or email:
            people.append(fast_party(name=name, email=email, role=role))
    people += [fast_party(name=one, role=role) for one in names]
    return people, place


def read_person(text: str, role: Role = Role.UNKNOWN) -> Party:
    """Return who is named in a text that is to name one person.

    Args:
        text: the address, with or without a name; "" is nobody.
        role: the role of the person.

    Returns:
        The person. One whose ``email`` is None and whose ``name`` is the text, where that is not
        surely the address of one; the first 1,000 characters of it, where it has more.
    """
    if not text or _USUAL.fullmatch(text):
        return fast_party(email=text or None, role=role)
    if len(text) > _LONGEST_PERSON:
        return _shortened(text, role)
    people = read_people(text, role)
    if len(people) == 1:
        return people[0]
    return Party(name=one_name(text) or None, role=role)


def _shortened(text: str, role: Role) -> Party:
    """Return a long text as the name of a Party without an address, with a sign where it is cut."""
    text = text.strip()
    cut = "\u2026" if len(text) > _LONGEST_PERSON else ""
    name = one_name(text[:_LONGEST_PERSON])
    return fast_party(name=f"{name}{cut}" if name else None, role=role)


def _plain_person(text: str, role: Role) -> Party | None:
    """Return who is named between two separators, where no sign has a meaning; None for nobody."""
    word = text.strip()
    if _USUAL.fullmatch(word):
        return fast_party(email=word, role=role)
    email = _address(word) if "@" in word else None
    if email is not None:
        return fast_party(email=email, role=role)
    name = _plain_name(word)
    return fast_party(name=name, role=role) if name else None


def _pieces(text: str) -> Iterator[_Piece]:
    """Yield who stands between separators, a group without members by its name, and the end.

    The end is not reached where people are of too many tokens.
    """
    tokens: list[_Token] = []
    last = text.rfind(";"), len(text.rstrip())
    group: str | None = None
    place = seen = 0
    while place < len(text):
        usual = None if tokens else _usual(text, place)
        if usual is not None:
            yield usual
            place, group = usual.end, None
            continue
        sign = text[place]
        if sign in ",;":
            place += 1
            if tokens:
                yield _read(tokens, sign, place)
                group = None
            if sign == ";" and group is not None:
                yield _Piece(_plain_name(group), None, place)
                group = None
            tokens = []
        elif sign == ":" and _begins_group(tokens, text, place, last):
            group = "".join(token.text for token in tokens)
            tokens, place = [], place + 1
        else:
            seen += 1
            if seen > _MOST_TOKENS:
                return
            token = _token(text, place)
            tokens.append(token)
            place += len(token.text)
            if not token.text.strip() and len(tokens) == 1:
                tokens = []
    yield _read(tokens, "", place) if tokens else _Piece(_plain_name(group or ""), None, place)


def _usual(text: str, place: int) -> _Piece | None:
    """Return who stands from ``place`` to the next separator; None where that takes a closer look.

    It is the same as the closer look gives, and takes a tenth of the time.
    """
    found = _USUAL_PERSON.match(text, place)
    if found is None:
        return None
    email, quoted, plain, angle, sign = found.groups()
    if email:
        return _Piece(None, email, found.end())
    words = plain if quoted is None else quoted
    if angle is None and ("@" in words or not words.strip()):
        return None
    name = _plain_name(words)
    return _Piece(name, angle, found.end(), angle is None and sign == ",", bool(angle and name))


def _begins_group(tokens: list[_Token], text: str, colon: int, last: tuple[int, int]) -> bool:
    """Say whether a colon ends the name of a group, which needs an end or has no members.

    ``last`` is where the last semicolon of the text is, and where the text ends.
    """
    if not tokens or tokens[-1].text == ":" or len(tokens) > 9:
        return False
    words = "".join(token.text for token in tokens)
    if "@" in words or ":" in words or any(token.kind == "angle" for token in tokens):
        return False
    if _MAILTO.fullmatch(f"{words}:") or text.startswith("//", colon + 1):
        return False
    return last[0] > colon or colon + 1 >= last[1]


def _token(text: str, place: int) -> _Token:
    """Return the token that begins at ``place``; one without its end is broken, to the end."""
    sign = text[place]
    kind: _Kind = "plain"
    end: int | None = place + 1
    if sign == '"':
        kind, end = "quoted", _end(_QUOTED, text, place)
    elif sign == "<":
        kind, end = "angle", _end(_ANGLE, text, place)
    elif sign == "(":
        kind, end = "comment", _end_of_comment(text, place)
    elif sign not in ":)":
        end = _end(_PLAIN, text, place)
    return _Token(kind, text[place:end]) if end else _Token("broken", text[place:])


def _end(form: re.Pattern[str], text: str, place: int) -> int | None:
    found = form.match(text, place)
    return found.end() if found else None


def _end_of_comment(text: str, place: int) -> int | None:
    plain = _PLAIN_COMMENT.match(text, place)
    if plain is not None:
        return plain.end()
    depth = 0
    for found in _COMMENT_PART.finditer(text, place):
        depth += {"(": 1, ")": -1}.get(found[0], 0)
        if depth == 0:
            return found.end()
    return None


def _read(tokens: list[_Token], sign: str, end: int) -> _Piece:
    """Return who is named by ``tokens``, behind which the separator ``sign`` stands."""
    name, email = _named(tokens)
    begins = email is None and sign == "," and not any("@" in token.text for token in tokens)
    angled = any(token.kind == "angle" for token in tokens)
    return _Piece(name, email, end, begins, bool(email and name and angled))


def _named(everything: list[_Token]) -> tuple[str | None, str | None]:
    """Return name and address; the whole as a name where it is not surely an address."""
    if len(everything) > _MOST_PARTS:
        return one_name("".join(token.text for token in everything)) or None, None
    tokens = [token for token in everything if token.text.strip()]
    kinds = [token.kind for token in tokens]
    if "angle" in kinds:
        last = len(kinds) - 1 - kinds[::-1].index("angle")
        before, behind = tokens[:last], kinds[last + 1 :]
        sure = "broken" not in kinds and set(behind) <= {"comment"}
        sure = sure and not any(one.kind == "angle" and "@" in one.text for one in before)
        email = _address(tokens[last].text[1:-1]) if sure else None
        if email is not None:
            return _name(before or tokens[last + 1 :]), email
    elif "broken" not in kinds:
        words = "".join(one.text for one in everything if one.kind != "comment")
        email = _address(words)
        if email is not None:
            return _name([one for one in tokens if one.kind == "comment"]), email
        return _name(tokens), None
    return one_name("".join(token.text for token in everything)) or None, None


def _address(text: str) -> str | None:
    """Return the address that ``text`` is; None where it is not surely one."""
    found = _MAILTO.match(text)
    word = text[found.end() if found else 0 :].strip()
    if len(word) > 2 and word[0] == word[-1] == "'":
        word = word[1:-1]
    if len(word) > _LONGEST or not word.isprintable() or not _ADDRESS.fullmatch(word):
        return None
    return None if _NUMBER_AT_END.search(word) else word


def _name(tokens: list[_Token]) -> str | None:
    """Return a name for people to read; None where there is none."""
    if [token.kind for token in tokens] == ["comment"]:
        return one_name(_decoded(tokens[0].text[1:-1])) or None
    words = [
        _ESCAPED.sub(r"\1", token.text[1:-1]) if token.kind == "quoted" else token.text
        for token in tokens
    ]
    return _plain_name("".join(words))


def _plain_name(text: str) -> str | None:
    """Return a name without quotation marks as people read it; None where there is none."""
    name = one_name(_decoded(text))
    if len(name) > 2 and name[0] == name[-1] == "'":
        name = name[1:-1]
    return name or None


def _decoded(text: str) -> str:
    """Return ``text`` with its encoded words read; one that is too long for a name as it is."""
    return text if len(text) > _LONGEST_PERSON else decoded_words(text)
