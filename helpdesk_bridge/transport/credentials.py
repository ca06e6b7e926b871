"""Find what a text shows of a desk's credentials, in whatever spelling, and strike it out.

A vendor's sentence, or a proxy's, may quote a key cut, in capitals, percent-encoded, in base64 or
split by dashes. Both are brought to one spelling, and every five characters in a row that both have
are struck out. Too much is struck out where a password is made of usual words; that is the safe
side.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from enum import Enum
from typing import Any, NoReturn
from urllib.parse import unquote

import orjson

from helpdesk_bridge.errors import HelpdeskError
from helpdesk_bridge.errors.frames import chain
from helpdesk_bridge.model.fingerprint import Fingerprint
from helpdesk_bridge.model.normalisation import normalised
from helpdesk_bridge.transport.spellings import (
    Spelling,
    decodings,
    kept_quickly,
    letters,
    signs,
    unquoted,
)
from helpdesk_bridge.transport.urls import user_of

__all__ = ["Credentials"]

_STRUCK = "<redacted>"
_RUN = 5
"""So many characters of a credential in a row are never shown."""
_SHORTEST = 4
"""A credential of so many characters is struck out as a whole; a shorter one is none."""
_BASE64_RUN = 7
"""So many characters of base64 hold five of what was encoded, or nearly."""
_BASE32_RUN = 8
"""So many of base32 hold five, or nearly."""
_HEX_RUN = 2 * _RUN
_MOST_KNOWN = 24
"""How many credentials are remembered. Those in use are signed with again; what falls out is an
old session token."""
_MOST = 16 * 1024
"""How many characters are looked at in one go; what is behind is struck out as a whole."""
_BENIGN = frozenset({"accept", "accept-encoding", "content-type", "content-length", "user-agent"})

_OWN = frozenset({"message", "path", "cause", "step", "capability", "fields", "__notes__"})
"""What of an error is said by this library, or was cleared of the vendor's words before."""
_IDS = frozenset({"ticket_id", "message_id", "last_message_id", "newer", "cursor"})
_NOT_SAID = frozenset({"desk", "vendor", "operation", "operation_id", "key", "raw"})
"""What of an error the application said itself, and the vendor's record as it came."""
_NO_CHANCE = 8
_USUAL = re.compile(r"[A-Za-z]?[a-z]{0,11}")
_BETWEEN = re.compile(r"[\W_]+")
_PACKED = re.compile(r"hb[0-9]+\.[\w-]*(\.[\w-]*){3}\Z", re.ASCII)
"""A cursor of a pager, all of which is packed."""

_Finder = list[tuple[Callable[[str], str], Mapping[int, frozenset[str]]]]


class Credentials:
    """What one desk has signed its requests with, the latest last. It shows nothing of itself.

    ``vendor`` is the name of the desk's adapter, a usual word in whatever case; None: not known.
    """

    __slots__ = ("_finder", "_kept", "_known", "_vendor")

    def __init__(self, vendor: str | None = None) -> None:
        self._vendor = _BETWEEN.sub("", vendor or "").casefold()
        self._known: dict[str, None] = {}
        self._kept: tuple[str, ...] = ()
        """Those that are in use for as long as the desk is."""
        self._finder: _Finder | None = None

    def __repr__(self) -> str:
        return "Credentials(***)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("credentials cannot be pickled")

    def saw(self, headers: Mapping[str, str], before: Mapping[str, str]) -> None:
        """Remember what signing has added to the ``headers`` of a request, as they were before."""
        for name, value in headers.items():
            if before.get(name) != value and name.lower() not in _BENIGN:
                self.add(value)

    def add(self, value: str) -> None:
        """Remember a credential as it is sent: a key, or ``Bearer …`` and ``Basic …``."""
        if value in self._known:
            del self._known[value]  # it is in use, and goes to the end
        else:
            self._finder = None
        self._known[value] = None
        if len(self._known) > _MOST_KNOWN:
            del self._known[next(iter(self._known))]
            self._finder = None

    def keep_proxy(self, address: str) -> None:
        """Remember the name and the password in the ``address`` of a proxy for good."""
        name, password = user_of(address)
        if name or password:
            texts = {f"{name}:{password}", f"{unquote(name)}:{unquote(password)}"}
            coded = [base64.b64encode(one.encode("utf-8", "surrogatepass")) for one in texts]
            self._kept, self._finder = tuple(f"Basic {one.decode()}" for one in coded), None

    @property
    def _is_empty(self) -> bool:
        return not self._known and not self._kept

    def strike_out(self, text: str) -> str:
        """Return ``text`` without any part of a credential that is longer than four characters."""
        return self.strike_out_of([text])[0]

    def strike_out_of(self, texts: Sequence[str], *, own: bool = False) -> list[str]:
        """Return the ``texts`` without credentials, also such as are spread over several of them.

        They are taken to be shown one after the other. Those that are ``own`` words of this library
        keep what is written like a usual word, and the vendor's name.
        """
        if self._is_empty:
            return list(texts)
        whole = "\n".join(texts)
        if len(whole) > _MOST:
            whole = whole[:_MOST]
        struck = self._found(whole)
        if own:
            struck = [place for place in struck if not self._is_usual(whole, *place)]
        if not struck and len(whole) < _MOST:
            return list(texts)
        result, at = [], 0
        for text in texts:
            end = at + len(text)
            kept = text if end <= _MOST else text[: max(0, _MOST - at)] + _STRUCK
            while struck and struck[-1][1] <= at:
                struck.pop()
            result.append(_without(kept, at, struck))
            at = end + 1
        return result

    def clear(self, error: HelpdeskError) -> None:
        """Take credentials out of all that ``error`` carries, and what it was raised from.

        Usual words stay in what this library says, also where a password is made of such words.
        """
        if self._is_empty:
            return
        for one in chain(error, failures=True):
            if isinstance(one, HelpdeskError):
                for name, value in list(vars(one).items()):
                    cleared = value if name in _NOT_SAID else self._cleared(name, value)
                    if cleared != value:
                        setattr(one, name, cleared)
                one.args = (one.message,)

    def _is_usual(self, text: str, first: int, last: int) -> bool:
        """Whether the words of ``text`` that reach into a place look like a sentence's."""
        while first > 0 and text[first - 1].isalnum():
            first -= 1
        while last < len(text) and text[last].isalnum():
            last += 1
        words = _BETWEEN.split(text[first:last])
        return all(_USUAL.fullmatch(word) or word.casefold() == self._vendor for word in words)

    def _cleared(self, name: str, value: Any) -> Any:
        """Return the attribute ``name`` of an error without credentials."""
        if isinstance(value, Fingerprint):
            return value.veiled(self._unlike_chance([*value.known, *(value.before or ())]))
        if isinstance(value, Mapping):
            flat = [word for key, texts in value.items() for word in (key, *texts)]
            words = iter(self._cleared(name, flat))
            pairs = [(next(words), [next(words) for _ in texts]) for texts in value.values()]
            # A credential may be spread over the values alone, or over the keys.
            keys = self._cleared(name, [key for key, _ in pairs])
            words = iter(self._cleared(name, [word for _, texts in pairs for word in texts]))
            return {
                key: tuple(next(words) for _ in texts)
                for key, (_, texts) in zip(keys, pairs, strict=True)
            }
        texts = [value] if isinstance(value, str) and not isinstance(value, Enum) else value
        if not isinstance(texts, (list, tuple)) or not all(isinstance(one, str) for one in texts):
            return value
        if name == "cursor" and isinstance(value, str) and _PACKED.match(value):
            return value  # a program needs it whole, and it shows no word
        if name in _IDS:
            found = self._unlike_chance(texts)
            cleared = [self.strike_out(one) if one in found else one for one in texts]
        else:
            cleared = self.strike_out_of(texts, own=name in _OWN)
        return cleared[0] if isinstance(value, str) else type(value)(cleared)

    def _unlike_chance(self, ids: Sequence[str]) -> set[str]:
        """Return those of ``ids``, which a program needs, that are like a credential for sure."""
        found: set[str] = set()
        for one, struck in zip(ids, self.strike_out_of(ids), strict=True):
            if one != struck and not one.isdigit():
                hidden = len(one) - len(self.strike_out(one).replace(_STRUCK, ""))
                found |= {one} if hidden >= _NO_CHANCE else set()
        return found

    def _found(self, text: str) -> list[tuple[int, int]]:
        """Return from where to where ``text`` shows credentials, the last place first."""
        if self._finder is None:
            self._finder = _made(
                {form for value in (*self._kept, *self._known) for form in _forms(value)}
            )
        marked = bytearray(len(text))
        for spelling in decodings(text):
            for keep, runs in self._finder:
                quick = kept_quickly(spelling.text, keep)
                if quick is not None and not _has_any(quick, runs):
                    continue  # almost all texts are like that
                _mark(spelling.kept(keep), runs, marked)
        found: list[tuple[int, int]] = []
        start = marked.find(1)
        while start >= 0:
            end = marked.find(0, start)
            end = len(marked) if end < 0 else end
            found.append((start, end))
            start = marked.find(1, end)
        return found[::-1]


def _has_any(text: str, runs: Mapping[int, frozenset[str]]) -> bool:
    return any(
        not known.isdisjoint([text[i : i + length] for i in range(len(text) - length + 1)])
        for length, known in runs.items()
    )


def _mark(spelling: Spelling, runs: Mapping[int, frozenset[str]], marked: bytearray) -> None:
    """Set in ``marked`` where a run of ``spelling`` is one of ``runs``."""
    text, starts, ends = spelling.text, spelling.starts, spelling.ends
    for length, known in runs.items():
        for i in range(len(text) - length + 1):
            if text[i : i + length] in known:
                first, last = starts[i], ends[i + length - 1]
                marked[first:last] = b"\1" * (last - first)


def _without(text: str, at: int, struck: Sequence[tuple[int, int]]) -> str:
    """Return ``text``, which begins at ``at`` of the whole, without what is struck out there."""
    pieces, done = [], 0
    for first, last in reversed(struck):
        if first >= at + len(text):
            break
        begin, end = max(0, first - at), min(len(text), last - at)
        if begin < end:
            pieces += [text[done:begin], _STRUCK]
            done = end
    return "".join(pieces) + text[done:]


def _made(forms: set[str]) -> _Finder:
    """Return what finds ``forms``: for each way to read a text the runs to look for there."""
    finder: _Finder = []
    for keep in (letters, unquoted, signs):
        runs: dict[int, set[str]] = {}
        for form in forms:
            plain = "".join(one for c in form for one in keep(c))
            for one in (plain, plain[::-1]):
                _cut(one, min(_RUN, len(one)), runs)
            if keep is letters:
                for octets in _octets(form) | _octets(form.upper()) | _octets(form.lower()):
                    for shift in range(5):
                        _cut(_base32(octets, shift), _BASE32_RUN, runs)
                    for turned in (octets, octets[::-1], _wide(octets)):
                        _cut_both_ways(turned.hex(), _HEX_RUN, runs)
                        for shift in range(3):
                            _cut_both_ways(_base64(turned, shift), _BASE64_RUN, runs)
        finder.append((keep, {length: frozenset(known) for length, known in runs.items()}))
    return finder


def _octets(form: str) -> set[bytes]:
    """Return the octets of ``form``: in UTF-8, composed and not, and in Latin-1 where it can be."""
    found = {form.encode("utf-8", "surrogatepass")}
    if not form.isascii():
        composed, apart = normalised("NFC", form), normalised("NFD", form)
        found |= {one.encode("utf-8", "surrogatepass") for one in (composed, apart)}
        with suppress(UnicodeEncodeError):
            found.add(composed.encode("latin-1"))
    return found


def _wide(octets: bytes) -> bytes:
    """Return UTF-8 in UTF-16: the small end first, behind one octet the other end, too."""
    return octets.decode("utf-8", "replace").encode("utf-16-le", "replace")


def _cut_both_ways(text: str, length: int, runs: dict[int, set[str]]) -> None:
    _cut(text, length, runs)
    _cut(text[::-1], length, runs)


def _cut(text: str, length: int, runs: dict[int, set[str]]) -> None:
    if length >= _SHORTEST:
        runs.setdefault(length, set()).update(
            text[i : i + length] for i in range(len(text) - length + 1)
        )


def _base64(octets: bytes, shift: int) -> str:
    """Return the letters of ``octets`` in base64 behind ``shift`` others, whatever these are."""
    text = base64.b64encode(bytes(shift) + octets).decode("ascii")
    first = (0, 2, 3)[shift]  # those before hold bits of the others
    spare = (shift + len(octets)) % 3
    text = text[first : len(text) - (0, 3, 2)[spare]]
    return "".join(one for c in text for one in letters(c))


def _base32(octets: bytes, shift: int) -> str:
    """Return the letters of ``octets`` in base32 behind ``shift`` others, whatever these are."""
    text = base64.b32encode(bytes(shift) + octets).decode("ascii").lower()
    return text[-(-shift * 8 // 5) : (shift + len(octets)) * 8 // 5]


def _forms(value: str) -> Iterator[str]:
    """Yield the credentials in the value of a header."""
    words = value.split()
    scheme = words[0].lower() if len(words) > 1 else ""
    given = value.strip()[len(scheme) :].strip() if scheme.isalpha() else value
    for word in {given, *given.split()}:
        if len(word) < _SHORTEST:
            continue
        yield word
        if scheme == "basic":
            yield from _user_and_password(word)
        yield from _claims(word)


def _user_and_password(word: str) -> Iterator[str]:
    try:
        octets = base64.b64decode(word)
    except (binascii.Error, ValueError):
        return
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError:
        text = octets.decode("latin-1")
    yield text
    yield from text.split(":", 1)


def _claims(token: str) -> Iterator[str]:
    """Yield the texts in the middle part of a JSON Web Token, as which a vendor may quote it."""
    parts = token.split(".")
    if len(parts) != 3:
        return
    try:
        pending: list[Any] = [orjson.loads(base64.urlsafe_b64decode(parts[1] + "=="))]
    except (binascii.Error, ValueError):
        return
    while pending:
        value = pending.pop()
        if isinstance(value, str) and len(value) >= _RUN:
            yield normalised("NFC", value)
        elif isinstance(value, dict):
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
