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
from helpdesk_bridge.model.words import Role

__all__ = ["read_people", "read_person"]

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_ANGLE = re.compile(r'<(?:"(?:[^"\\]|\\.)*+"|[^<>"])*+>', re.DOTALL)
_PLAIN = re.compile(r'[^",;:()<]++')
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
_USUAL = re.compile(r"[0-9A-Za-z._+-]{1,64}@(?:[0-9A-Za-z]{1,63}[.-]){1,5}[A-Za-z]{2,20}")
"""What nearly all addresses are, so that nothing else needs to be looked for."""
_NOT_PLAIN = re.compile(r'["<():]')
"""What gives a separator another meaning."""
_LONGEST_PERSON = 1000
"""Characters that may name one person; more are no name and address, and would take long."""
_LONGEST_LIST = 65_536
"""Characters of a list that are read; mail servers take headers of about as many."""

_Kind = Literal["plain", "quoted", "comment", "angle", "broken"]


class _Token(NamedTuple):
    kind: _Kind
    text: str


class _Piece(NamedTuple):
    """What stands between two separators."""

    tokens: tuple[_Token, ...]
    ends: str
    """The separator behind it; "" for none."""

    @property
    def text(self) -> str:
        """All of it, in one line."""
        return _one_line("".join(token.text for token in self.tokens))

    @property
    def has_at(self) -> bool:
        """Whether it holds the sign of an address."""
        return any("@" in token.text for token in self.tokens)


def read_people(text: str, role: Role = Role.UNKNOWN) -> tuple[Party, ...]:
    """Return who is named in a list of addresses, as a header To has it.

    Addresses are separated by commas or semicolons. A comma in quotation marks, in a comment, or
    in a name before angle brackets separates nothing. Of a group its members are returned, and its
    name if it has none, as of ``undisclosed-recipients:;``. Encoded words are read. Nothing is
    dropped: what is not surely an address is the name of a Party without one.

    Of a list of more than 65,536 characters those up to a separator are read. What follows is one
    Party without an address, and the first 1,000 characters of it are its name.

    Args:
        text: the list, of any form; "" is nobody.
        role: the role of all of them.

    Returns:
        The people in their order.
    """
    if not text or _USUAL.fullmatch(text):
        return (fast_party(email=text, role=role),) if text else ()
    if len(text) > _LONGEST_LIST:
        end = 1 + max(text.rfind(sign, 0, _LONGEST_LIST) for sign in ",;")
        rest = text[end:].strip(",; \t\r\n")
        return (*read_people(text[:end], role), *([_shortened(rest, role)] if rest else []))
    if not _NOT_PLAIN.search(text):
        found = [_plain_person(one, role) for one in text.replace(";", ",").split(",")]
        return tuple([person for person in found if person is not None])
    people: list[Party] = []
    names: list[str] = []  # which may be the begin of a name with commas
    for piece in _pieces(text):
        name, email = _read(piece)
        begins = email is None and piece.ends == "," and not piece.has_at
        if begins:
            names += [name] if name else []
            continue
        if email and name and any(token.kind == "angle" for token in piece.tokens):
            name, names = ", ".join((*names, name)), []
        people += [fast_party(name=one, role=role) for one in names]
        names = []
        if name or email:
            people.append(fast_party(name=name, email=email, role=role))
    people += [fast_party(name=one, role=role) for one in names]
    return tuple(people)


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
    return Party(name=_one_line(text) or None, role=role)


def _shortened(text: str, role: Role) -> Party:
    """Return a long text as the name of a Party without an address, with a sign where it is cut."""
    text = text.strip()
    cut = "\u2026" if len(text) > _LONGEST_PERSON else ""
    name = _one_line(text[:_LONGEST_PERSON])
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
    """Yield what stands between separators; a group without members as its name."""
    tokens: list[_Token] = []
    last = text.rfind(";"), len(text.rstrip())
    group: str | None = None
    place = 0
    while place < len(text):
        sign = text[place]
        if sign in ",;":
            if tokens:
                yield _Piece(tuple(tokens), sign)
                group = None
            if sign == ";" and group is not None:
                yield _Piece((_Token("plain", group),), sign)
                group = None
            tokens, place = [], place + 1
        elif sign == ":" and _begins_group(tokens, text, place, last):
            group = "".join(token.text for token in tokens)
            tokens, place = [], place + 1
        else:
            token = _token(text, place)
            tokens.append(token)
            place += len(token.text)
            if not token.text.strip() and len(tokens) == 1:
                tokens = []
    if tokens:
        yield _Piece(tuple(tokens), "")
    elif group is not None:
        yield _Piece((_Token("plain", group),), "")


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
    depth = 0
    for found in _COMMENT_PART.finditer(text, place):
        depth += {"(": 1, ")": -1}.get(found[0], 0)
        if depth == 0:
            return found.end()
    return None


def _read(piece: _Piece) -> tuple[str | None, str | None]:
    """Return name and address; the whole as a name where it is not surely an address."""
    tokens = [token for token in piece.tokens if token.text.strip()]
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
        words = "".join(one.text for one in piece.tokens if one.kind != "comment")
        email = _address(words)
        if email is not None:
            return _name([one for one in tokens if one.kind == "comment"]), email
        return _name(tokens), None
    return piece.text or None, None


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
        return _one_line(decoded_words(tokens[0].text[1:-1])) or None
    words = [
        _ESCAPED.sub(r"\1", token.text[1:-1]) if token.kind == "quoted" else token.text
        for token in tokens
    ]
    return _plain_name("".join(words))


def _plain_name(text: str) -> str | None:
    """Return a name without quotation marks as people read it; None where there is none."""
    name = _one_line(decoded_words(text))
    if len(name) > 2 and name[0] == name[-1] == "'":
        name = name[1:-1]
    return name or None


def _one_line(text: str) -> str:
    """Return ``text`` with single blanks in place of line ends and control characters."""
    if text.isprintable() and " " not in text:
        return text  # which most are
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", text).split())
