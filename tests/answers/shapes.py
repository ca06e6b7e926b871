"""Answers as the world sends them: a vendor's answer in other clothes, cut, or saying no."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from enum import Enum
from random import Random
from typing import Any

from attrs import define, frozen

from helpdesk_bridge.testing import Answer, End

__all__ = ["CUTS", "DRESS", "LISTS", "NOES", "RECORDS", "Meaning", "Plain", "Shape"]


class Meaning(Enum):
    """What an answer says once it is read as its sender meant it."""

    SAME = "the vendor's own answer"
    CUT = "nothing that proves anything"
    NO = "that it was not done, or nothing of the vendor's"


@frozen
class Plain:
    """An answer of the vendor's, without its framing."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@define
class Shape:
    """An answer on its way, piece by piece."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes
    framing: str = "length"
    before: bytes = b""
    after: bytes = b""
    kept: float = 1.0
    """Which part of the bytes of head and body is sent."""
    end: End | None = None
    drip: int | None = None

    @classmethod
    def of(cls, plain: Plain) -> Shape:
        return cls(f"{plain.status} X", list(plain.headers.items()), plain.body)

    @property
    def bare(self) -> bool:
        """Whether HTTP gives this answer no body."""
        return self.status[:3] in ("204", "304")

    def answer(self) -> Answer:
        """Return the bytes and what becomes of the connection."""
        head = [f"HTTP/1.1 {self.status}", *(f"{name}: {value}" for name, value in self.headers)]
        body, end = self.body, self.end
        if self.bare:
            body = b""
        elif self.framing == "chunked":
            head.append("Transfer-Encoding: chunked")
            half = len(body) // 2
            body = b"".join(b"%x\r\n%s\r\n" % (len(b), b) for b in (body[:half], body[half:]) if b)
            body += b"0\r\n\r\n"
        elif self.framing == "close":
            head.append("Connection: close")
            end = end or End.FIN
        else:
            head.append(f"Content-Length: {len(body)}")
        top = ("\r\n".join(head) + "\r\n\r\n").encode("latin-1")
        whole = top + body
        if self.kept < 1:
            first = len(top) if self.framing == "close" else 0
            whole = whole[: first + int((len(whole) - first) * self.kept)]
            end = end or End.FIN
        return Answer(self.before + whole + self.after, end, drip=self.drip)


Change = Callable[[Shape, Random], None]

# -- the same, in other clothes ----------------------------------------------------------------

_LABELS = ["utf-8", "UTF-8", "none", "binary", "8bit", "identity", "", "identity, identity"]
_SMUGGLED = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 27\r\n\r\n"
    b'{"data": [], "tickets": []}'
)


def _packed(shape: Shape, data: bytes) -> None:
    shape.body = data
    shape.headers.append(("Content-Encoding", "gzip"))


def _labelled(shape: Shape, random: Random) -> None:
    shape.headers.append(("Content-Encoding", random.choice(_LABELS)))


def _long_header(shape: Shape, random: Random) -> None:
    name = random.choice(["Content-Security-Policy", "X-Debug", "Link"])
    shape.headers.append((name, "a b; " * (random.choice([1700, 5000, 10_000]) // 5 * 5)))


def _interim(shape: Shape, random: Random) -> None:
    number = random.choice([100, 102, 103, 103, 199])
    shape.before = b"HTTP/1.1 %d Early\r\nLink: </a.css>\r\n\r\n" % number * random.randint(1, 3)


def _more_bytes(shape: Shape, random: Random) -> None:
    shape.after = random.choice([b"\r\n", b"{}", b"\0" * 40, b"x" * 5000, _SMUGGLED, _SMUGGLED * 2])


def _spoken(shape: Shape, random: Random) -> None:
    kinds = ["application/json; charset=utf-8", "text/plain", "application/vnd.api+json", "json"]
    shape.headers = [(n, v) for n, v in shape.headers if n.lower() != "content-type"]
    shape.headers += random.choice([[], [("Content-Type", random.choice(kinds))]])


def _framed(shape: Shape, random: Random) -> None:
    shape.framing = random.choice(["chunked", "close"])


def _dripped(shape: Shape, random: Random) -> None:
    shape.drip = random.choice([1, 7, 1000]) if len(shape.body) < 3000 else 4000


DRESS: dict[str, Change] = {
    "no change": lambda shape, _: None,
    "gzip": lambda shape, _: _packed(shape, gzip.compress(shape.body)),
    "zeros behind gzip": lambda shape, random: _packed(
        shape, gzip.compress(shape.body) + bytes(random.choice([1, 8, 512, 70_000]))
    ),
    "two members": lambda shape, _: _packed(
        shape,
        gzip.compress(shape.body[: len(shape.body) // 2])
        + gzip.compress(shape.body[len(shape.body) // 2 :]),
    ),
    "empty and gzip": lambda shape, _: (
        shape.headers.append(("Content-Encoding", "gzip")) if not shape.body else None
    ),
    "label": _labelled,
    "long header": _long_header,
    "many headers": lambda shape, _: shape.headers.extend((f"X-{i}", "v") for i in range(80)),
    "interim": _interim,
    "more bytes": _more_bytes,
    "content type": _spoken,
    "framing": _framed,
    "drip": _dripped,
    "byte order mark": lambda shape, _: setattr(
        shape, "body", b"\xef\xbb\xbf" + shape.body if shape.body else b""
    ),
    "odd waits": lambda shape, random: shape.headers.append(
        (random.choice(["Retry-After", "X-RateLimit-Reset"]), random.choice(["2.5", "nan", "-1"]))
    ),
}

# -- the same JSON, as others write it ---------------------------------------------------------


def _json(change: Callable[[Any, Random], Any]) -> Change:
    def changed(shape: Shape, random: Random) -> None:
        try:
            value = json.loads(shape.body)
        except ValueError:
            return
        shape.body = json.dumps(change(value, random)).encode()

    return changed


def _walk(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return change({key: _walk(part, change) for key, part in value.items()})
    if isinstance(value, list):
        return [_walk(part, change) for part in value]
    return change(value)


def _half_pairs(value: Any, random: Random) -> Any:
    half = random.choice(["\ud83d", "\udc00", "a\ud83d b", "\udc00\ud83d"])
    names = ("subject", "title", "Subject", "body", "content", "message", "name")

    def change(part: Any) -> Any:
        if not isinstance(part, dict):
            return part
        return {k: v + half if k in names and isinstance(v, str) else v for k, v in part.items()}

    return _walk(value, change)


def _big_numbers(value: Any, random: Random) -> Any:
    number = random.choice([10**20 + 7, -(10**30), 2**64, int("9" * 400)])

    def change(part: Any) -> Any:
        return {**part, "x_number": number} if isinstance(part, dict) and "id" in part else part

    return _walk(value, change)


def _empty_lists(value: Any, _: Random) -> Any:
    return _walk(value, lambda part: [] if part == {} else part)


RECORDS: dict[str, Change] = {
    "half a surrogate pair": _json(_half_pairs),
    "a number beyond 64 bit": _json(_big_numbers),
    "[] for {}": _json(_empty_lists),
}

# -- lists -------------------------------------------------------------------------------------

_NONSENSE = [0, -1, -3, 1e308, "many", "", None, True, [], {}, 10**30, 5, "7"]
_COUNTS = ("total", "count", "last_page", "totalPages", "total_pages", "pages", "totalCount")


def _envelope(change: Callable[[dict[str, Any], Random], None]) -> Change:
    def changed(value: Any, random: Random) -> Any:
        if isinstance(value, dict):
            change(value, random)
        return value

    return _json(changed)


def _without_meta(value: dict[str, Any], random: Random) -> None:
    for name in ("meta", "links", "pagination", "paging"):
        if name in value and random.random() < 0.7:
            empty = random.choice([None, [], {}, "gone"])
            value[name] = empty
            if empty == "gone":
                del value[name]


def _nonsense(value: dict[str, Any], random: Random) -> None:
    inner = value.get("meta")
    for place in [value, *([inner] if isinstance(inner, dict) else [])]:
        for name in _COUNTS:
            if name in place or random.random() < 0.1:
                place[name] = random.choice(_NONSENSE)


def _as_text(value: dict[str, Any], _: Random) -> None:
    inner = value.get("meta")
    for place in [value, *([inner] if isinstance(inner, dict) else [])]:
        for name, number in list(place.items()):
            if type(number) in (int, bool) and name != "id":
                place[name] = str(number).lower()


def _other_signs(value: dict[str, Any], random: Random) -> None:
    records = next((part for part in value.values() if isinstance(part, list)), [])
    if len(records) < 10:
        return  # it may be the last page
    name = random.choice(["has_more", "hasMore", "more", "has_next"])
    value["meta"] = {name: random.choice([True, 1, "true"])}


def _bad_record(value: dict[str, Any], random: Random) -> None:
    for part in value.values():
        if isinstance(part, list) and part and isinstance(part[0], dict):
            at = random.randrange(len(part))
            part[at] = random.choice([None, 5, "x", [], {"id": None}, {"id": {}}])
            return


LISTS: dict[str, Change] = {
    "no meta": _envelope(_without_meta),
    "nonsense counts": _envelope(_nonsense),
    "counts as text": _envelope(_as_text),
    "other signs": _envelope(_other_signs),
    "a bad record": _envelope(_bad_record),
}

# -- what says no, and what proves nothing -------------------------------------------------------

_SAYS_NO: list[Any] = [
    {"success": False},
    {"success": "false"},
    {"success": 0, "message": "no"},
    {"error": "Not allowed"},
    {"error": {"code": "forbidden", "message": "no"}},
    {"errors": ["no"]},
    {"errors": {"subject": ["no"]}},
    {"status": "ERROR"},
    {"status": "error", "message": "no"},
    {"status": "fail"},
    {"ok": False},
]
_PAGE = b"<!DOCTYPE html><html><title>Sign in</title><form action=/login></form></html>"
_STATUSES = [400, 401, 403, 404, 409, 422, 429, 500, 501, 502, 503, 504, 520, 599, 408]
_ODD_STATUSES = ["099 X", "000 X", "600 X", "999 X", "101 Switching", "300 X", "418 X", "20 X"]


def _instead(shape: Shape, body: bytes, kind: str, status: str | None = None) -> None:
    shape.headers = [("Content-Type", kind)]
    shape.body, shape.status = body, status or shape.status
    if shape.bare:
        shape.status = "200 X"


def _says_no(shape: Shape, random: Random) -> None:
    _instead(shape, json.dumps(random.choice(_SAYS_NO)).encode(), "application/json")


def _redirected(shape: Shape, random: Random) -> None:
    status = random.choice([301, 302, 303, 307, 308])
    _instead(shape, _PAGE, "text/html", f"{status} X")
    shape.headers.append(("Location", random.choice(["/login", "https://sso.example/", "", "//"])))


def _refused(shape: Shape, random: Random) -> None:
    status = random.choice(_STATUSES)
    body = random.choice([b'{"message": "no"}', b"", _PAGE, b"[]", b'{"errors": []}'])
    _instead(shape, body, random.choice(["application/json", "text/html"]), f"{status} X")
    if random.random() < 0.3:
        wait = random.choice(["2.5", "1", "soon", "120 s", "-5", "1e3", "0"])
        shape.headers.append(("Retry-After", wait))


def _odd_status(shape: Shape, random: Random) -> None:
    shape.status = random.choice(_ODD_STATUSES)


NOES: dict[str, Change] = {
    "a 2xx that says no": _says_no,
    "a sign-in page": lambda shape, _: _instead(shape, _PAGE, "text/html; charset=utf-8"),
    "a redirect": _redirected,
    "a refusal": _refused,
    "an odd status": _odd_status,
}


def _cut(shape: Shape, random: Random) -> None:
    shape.kept = random.random() * 0.999
    shape.end = random.choice([End.FIN, End.RST, End.HANG])


def _short_gzip(shape: Shape, random: Random) -> None:
    packed = gzip.compress(shape.body)
    _packed(shape, packed[: random.randrange(1, len(packed) - 1)])


def _garbage(shape: Shape, random: Random) -> None:
    shape.body = random.choice([b"{", b"nan", b"\xff\xfe{}", b'{"id": 1} x', b"[" * 100_000])


CUTS: dict[str, Change] = {
    "cut": _cut,
    "a part of gzip": _short_gzip,
    "no JSON": _garbage,
    "silence": lambda shape, _: setattr(shape, "kept", 0.0) or setattr(shape, "end", End.HANG),
}
